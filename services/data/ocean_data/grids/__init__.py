"""The kinds of grids: one module each, behind the protocol `ocean_data.ports.Grid`."""

from collections.abc import Callable

import numpy as np

from ocean_common.contracts import assets
from ocean_common.errors import NotSupported, SourceUnreadable
from ocean_core.messages import Message
from ocean_data.compute import sphere
from ocean_data.grids.curvilinear import Curvilinear
from ocean_data.grids.mesh import Triangles
from ocean_data.grids.projected import Plane, Projected, projections
from ocean_data.grids.rectilinear import Rectilinear
from ocean_data.ports import Coordinates, Floats, Grid

AGREE = 0.1  # cells by which a projection may differ from the latitudes and longitudes beside it


def build(described: assets.Grid, read: Callable[[], Coordinates]) -> Grid:
    """Make the grid that the catalogue describes from its coordinate variables."""
    if described.kind == "none":
        raise NotSupported("this variable has no latitude and longitude: it is listed, but it is not on a map")
    return _MAKERS[described.kind](described, read())


def _rectilinear(_: assets.Grid, read: Coordinates) -> Grid:
    return Rectilinear(_needed(read.latitude, Message("latitude")), _needed(read.longitude, Message("longitude")))


def _curvilinear(_: assets.Grid, read: Coordinates) -> Grid:
    return Curvilinear(_needed(read.latitude, Message("latitude")), _needed(read.longitude, Message("longitude")))


def _projected(described: assets.Grid, read: Coordinates) -> Grid:
    y, x = _needed(read.y_axis, Message("y axis")), _needed(read.x_axis, Message("x axis"))
    planes = [Plane(crs, y, x) for crs in projections(described.mapping or {})]
    if read.latitude is None or read.longitude is None:
        if not planes:
            raise NotSupported("the map projection of the grid is not understood, and it has no latitude and longitude")
        return Projected(planes[0], Curvilinear(*planes[0].centres()))
    # The latitudes and longitudes are what the model's makers looked at: a mapping that contradicts them is wrong.
    cells = Curvilinear(read.latitude, read.longitude)
    size = cells.sizes(np.arange(read.latitude.size, dtype=np.int32)).reshape(read.latitude.shape)
    for plane in planes:
        apart = sphere.distance(*plane.centres(), read.latitude, read.longitude)
        if np.nanmedian(apart / size) < AGREE:
            return Projected(plane, cells)
    return cells


def _triangles(described: assets.Grid, read: Coordinates) -> Grid:
    nodes = _needed(read.latitude, Message("latitude")), _needed(read.longitude, Message("longitude"))
    if read.corners is None or not (read.corners >= 0).all(axis=1).any():
        raise SourceUnreadable("the triangles of the grid cannot be read")
    if read.face_latitude is None or read.face_longitude is None:
        return Triangles(nodes, read.corners, described.location)
    return Triangles(nodes, read.corners, described.location, (read.face_latitude, read.face_longitude))


_MAKERS: dict[str, Callable[[assets.Grid, Coordinates], Grid]] = {
    "rectilinear": _rectilinear,
    "curvilinear": _curvilinear,
    "projected": _projected,
    "triangles": _triangles,
}


def _needed(values: Floats | None, what: Message) -> Floats:
    if values is None or not np.isfinite(values).any():
        raise SourceUnreadable("the {subject} of the grid cannot be read", subject=what)
    return values
