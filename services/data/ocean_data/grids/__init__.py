"""Grids: one module for each kind, all behind the protocol `ocean_data.grids.base.Grid`.

This is the only place that knows which kind the catalogue calls what.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ocean_common.contracts import assets
from ocean_core.errors import Message, NotSupported, SourceUnreadable
from ocean_core.geometry import Floats, great_circle_distance
from ocean_data.grids.base import Coordinates, Grid, require_grid, without_time
from ocean_data.grids.curvilinear import Curvilinear, PlaneAxes
from ocean_data.grids.mesh import FACE_ROLES, Mesh, mesh_coordinates
from ocean_data.grids.projected import Plane, Projected, read_projections
from ocean_data.grids.rectilinear import Rectilinear

PLANE_TOLERANCE = 0.1  # cells by which a projection may differ from the latitudes and longitudes beside it
_ANGLES = ("latitude", "longitude", *FACE_ROLES)
ROLES = (*_ANGLES, "y_axis", "x_axis", "connectivity")
"""The coordinate variables that a grid can have: members of `assets.Grid` that name them."""


def build(described: assets.Grid, read: Callable[[], Coordinates]) -> Grid:
    """Make the grid that the catalogue describes from its coordinate variables."""
    require_grid(described)
    return KINDS[described.kind].build(described, read())


def has_rows(described: assets.Grid) -> bool:
    """Say whether a grid has rows and columns, before it is made."""
    return described.kind != "none" and len(described.shape) > 1


def arrange_coordinates(described: assets.Grid, variables: dict[str, Floats]) -> Coordinates:
    """Return the coordinates of a grid from its variables, by role, as they are in the file.

    Raises
    ------
    KeyError, ValueError
        They are not as the catalogue describes them.
    """
    south, west = (sign * described.degrees for sign in described.signs)
    factors = {role: south if role.endswith("latitude") else west for role in _ANGLES}
    variables = {role: values * factors.get(role, 1.0) for role, values in variables.items()}
    return KINDS[described.kind].arrange(described, variables)


def _arrange_rows(described: assets.Grid, variables: dict[str, Floats], *, straight: bool = False) -> Coordinates:
    rows, columns = described.shape[:1], described.shape[-1:]
    angles = (rows, columns) if straight else (described.shape, described.shape)
    shapes = dict(zip(("latitude", "longitude", "y_axis", "x_axis"), (*angles, rows, columns), strict=True))
    shaped: dict[str, Any] = {}
    for role in shapes.keys() & variables.keys():
        # Their own order is what (y, x) means: nothing is to be turned.
        values = np.ascontiguousarray(without_time(variables[role], len(shapes[role])))
        if values.shape != shapes[role]:
            raise ValueError
        shaped[role] = values * described.axis_factor if role.endswith("axis") else values
    return Coordinates(**shaped)


def _projected(described: assets.Grid, read: Coordinates) -> Grid:
    y, x = _required(read.y_axis, Message("y axis")), _required(read.x_axis, Message("x axis"))
    projections = read_projections(described.mapping or {})
    planes = [Plane(crs, y, x) for crs in projections]
    wkt, of_moved_pole = (projections[0].to_wkt(), projections[0].is_geographic) if projections else (None, False)
    axes = PlaneAxes(y=y, x=x, crs_wkt=wkt, of_moved_pole=of_moved_pole)
    if read.latitude is None or read.longitude is None:
        if not planes:
            raise NotSupported("the map projection of the grid is not understood, and it has no latitude and longitude")
        return Projected(planes[0], *planes[0].centres(), axes)
    # The latitudes and longitudes are what the model's makers looked at: a mapping that contradicts them is wrong.
    cells = Curvilinear(read.latitude, read.longitude, axes)
    size = cells.sizes(cells.all_cells).reshape(cells.shape)
    for plane in planes:
        apart = great_circle_distance(*plane.centres(), read.latitude, read.longitude)
        if np.nanmedian(apart / size) < PLANE_TOLERANCE:
            return Projected(plane, read.latitude, read.longitude, axes)
    return cells


def _mesh(described: assets.Grid, read: Coordinates) -> Grid:
    nodes = _angles(read)
    if read.corners is None or not ((read.corners >= 0).sum(axis=1) > 2).any():
        raise SourceUnreadable("the triangles of the grid cannot be read")
    if read.face_latitude is None or read.face_longitude is None:
        return Mesh(nodes, read.corners, described.location)
    return Mesh(nodes, read.corners, described.location, (read.face_latitude, read.face_longitude))


def _angles(read: Coordinates) -> tuple[Floats, Floats]:
    return _required(read.latitude, Message("latitude")), _required(read.longitude, Message("longitude"))


def _required(values: Floats | None, what: Message) -> Floats:
    if values is None or not np.isfinite(values).any():
        raise SourceUnreadable("the {subject} of the grid cannot be read", subject=what)
    return values


class Kind(NamedTuple):
    """Functions of one kind of grid: its coordinates, by role, from its variables, and the grid of these."""

    arrange: Callable[[assets.Grid, dict[str, Floats]], Coordinates]
    build: Callable[[assets.Grid, Coordinates], Grid]


KINDS: dict[assets.GridKind, Kind] = {
    "rectilinear": Kind(partial(_arrange_rows, straight=True), lambda _, read: Rectilinear(*_angles(read))),
    "curvilinear": Kind(_arrange_rows, lambda _, read: Curvilinear(*_angles(read))),
    "projected": Kind(_arrange_rows, _projected),
    "triangles": Kind(mesh_coordinates, _mesh),
}
