"""Cells of an answer over an area: those of a variable's own grid in a region, or of a stated grid."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from ocean_common.contracts.assets import Assets
from ocean_core.errors import InvalidRequest, NothingInView, RequestTooLarge
from ocean_core.geometry import Floats
from ocean_core.messages import Message
from ocean_data.compute.region import Region
from ocean_data.grids.base import (
    Frame,
    Outlines,
    Window,
    boxes,
    frame_of_axes,
    frame_of_cells,
    outlines_of_plane,
    plane_coordinates,
)
from ocean_data.plan.extraction import Reading
from ocean_data.plan.points import Places
from ocean_data.plan.sampling import describe_extent

MAX_SIDE = 10_000  # rows or columns of a stated grid
MOST = 5_000_000  # cells of it
SAMPLES = 65  # along each side of a box whose place on a map is looked for
MERCATOR = 85.05112877980659  # degrees: so far reaches the square of EPSG:3857
FARTHEST = 4e7  # m: farther out no map is meant

_AUTHORITY = re.compile(r"[A-Za-z]{2,12}:[A-Za-z0-9_.]{1,24}", re.ASCII)
_NUMBER = r"-?\d{1,12}(?:\.\d{1,17})?"
_PROJ = re.compile(
    r"\+proj=(?:merc|tmerc|omerc|lcc|stere|aea|laea|eqc)"
    rf"(?: \+(?:lat_0|lat_1|lat_2|lat_ts|lon_0|lonc|alpha|gamma|k_0|x_0|y_0)={_NUMBER}){{0,12}}"
    r"(?: \+(?:datum|ellps)=WGS84)?(?: \+units=m)?(?: \+no_defs)?(?: \+type=crs)?",
    re.ASCII,
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Places of an area."""

    frame: Places  # dimensions and coordinates; the latitudes and longitudes come with `places`
    more: dict[str, int] = field(default_factory=dict)  # dimensions of coordinates alone: of triangles
    inside: NDArray[np.bool_] | None  # of the shape of the dimensions: which places are meant; None: all
    locate: Callable[[Reading], tuple[Floats, Floats]]  # latitudes and longitudes, degrees: of the same shape
    fitting: Callable[[float], Message]
    facts: dict[str, str | float] = field(default_factory=dict)
    window: Window | None = None  # the cells of a grid
    grid_id: str = ""
    name: str = ""  # of the variable whose grid it is
    triangles: bool = False
    outline: Callable[[Reading], Outlines | None] | None = None  # where the cells end; None: the places are points

    def places(self, reading: Reading) -> Places:
        """Return every place, with its latitude and longitude."""
        latitude, longitude = (degrees.ravel() for degrees in self.locate(reading))
        if self.inside is not None:
            # Values elsewhere are masked: any place in the area will do.
            meant = self.inside.ravel()
            cell = int(meant.argmax())
            latitude, longitude = (
                np.where(meant, latitude, latitude[cell]),
                np.where(meant, longitude, longitude[cell]),
            )
        return Places(latitude=latitude, longitude=longitude, dims=self.frame.dims, coordinates=self.frame.coordinates)


def native_cells(reading: Reading, variable: Assets, region: Region, stride: int) -> Target:
    """The cells of a variable's own grid whose centres lie in a region."""
    if stride < 1:
        raise InvalidRequest("stride {stride} is not 1 or more", stride=stride, field="stride")
    grid = reading.grids.grid(variable.grid)
    if not grid.has_rows and stride > 1:
        raise InvalidRequest("a mesh of triangles has no rows to leave out: leave stride at 1", field="stride")
    window_of_region = grid.window(region)
    window = window_of_region.thinned(stride)
    if window.count == 0:
        raise NothingInView(
            "no cell of {key} has its centre in this area: it is smaller than a cell, or outside the grid, {extent}",
            key=variable.variable.key,
            extent=describe_extent(variable, grid),
            field=region.field,
        )
    frame = grid.frame(window, region)
    return Target(
        frame=_places(frame),
        more=dict(frame.extra_dims),
        inside=window.inside,
        locate=partial(_centres, variable, window),
        fitting=partial(_smaller, region, stride if grid.has_rows else None),
        facts={} if grid.crs_wkt is None else {"crs_wkt": grid.crs_wkt},
        window=window,
        grid_id=variable.grid.id,
        name=variable.variable.key,
        triangles=not grid.has_rows,
        outline=partial(_outlines, variable, window_of_region, stride),
    )


def _outlines(variable: Assets, window: Window, stride: int, reading: Reading) -> Outlines | None:
    return reading.grids.grid(variable.grid).outlines(window, stride)


def _centres(variable: Assets, window: Window, reading: Reading) -> tuple[Floats, Floats]:
    return reading.grids.grid(variable.grid).centres(window.cells)


def _places(frame: Frame) -> Places:
    """Return the dimensions and coordinates of a frame; the latitudes and longitudes of all places come later."""
    return Places(latitude=np.empty(0), longitude=np.empty(0), dims=frame.dims, coordinates=frame.coordinates)


def regular_grid(
    region: Region, projection: str, shape: tuple[int, int], extent: Sequence[float] | None = None
) -> Target:
    """Equal cells of a map: of a rectangle of its projection, or of the least one that holds a region.

    Cells of the rectangle beyond a box have values too; those outside of polygons have none.
    """
    rows, columns = shape
    if not (1 <= rows <= MAX_SIDE and 1 <= columns <= MAX_SIDE):
        raise InvalidRequest(
            "shape {rows},{columns} is not 1 to {max_side} rows and columns",
            rows=rows,
            columns=columns,
            max_side=MAX_SIDE,
            field="shape",
        )
    if rows * columns > MOST:
        raise RequestTooLarge(
            "a grid of {rows} by {columns} has {height} cells, and the limit is {limit}; {coarser} would fit",
            rows=rows,
            columns=columns,
            height=rows * columns,
            limit=MOST,
            coarser=_coarser(shape, MOST / (rows * columns)),
            field="shape",
        )
    crs = _crs(projection)
    across = Transformer.from_crs(crs.geodetic_crs or CRS.from_epsg(4326), crs, always_xy=True)
    x0, y0, x1, y1 = _extent(region, crs, across) if extent is None else _rectangle(extent)
    y = y1 - (np.arange(rows) + 0.5) / rows * (y1 - y0)
    x = x0 + (np.arange(columns) + 0.5) / columns * (x1 - x0)
    lines = np.linspace(y1, y0, rows + 1), np.linspace(x0, x1, columns + 1)
    facts: dict[str, str | float] = {"crs": crs.to_string(), "crs_wkt": crs.to_wkt()}
    if crs.is_geographic:
        latitude, longitude = np.meshgrid(y, x, indexing="ij")
        frame = frame_of_axes(y, x)
    else:
        longitude, latitude = across.transform(*np.meshgrid(x, y), direction="INVERSE")
        bad = ~(np.isfinite(latitude) & np.isfinite(longitude))
        latitude, longitude = np.where(bad, np.nan, latitude), np.where(bad, np.nan, longitude)
        frame = frame_of_cells(latitude, region.unwrapped(longitude), plane_coordinates(y, x))
    inside = region.holds(latitude, longitude) if region.polygons else np.isfinite(latitude)
    if not inside.any():
        raise NothingInView(
            "no cell of {rows} by {columns} has its centre in the area; a larger shape has",
            rows=rows,
            columns=columns,
            field="shape",
        )
    return Target(
        frame=_places(frame),
        inside=None if inside.all() else inside,
        locate=partial(_given, latitude, longitude),
        fitting=partial(_coarser, shape),
        facts=facts,
        outline=partial(_between, *lines, None if crs.is_geographic else across),
    )


def _between(y: Floats, x: Floats, across: Transformer | None, _: Reading) -> Outlines:
    """The corners of cells between straight lines; ``across``: to the plane that these are in."""
    if across is None:
        return boxes(y[1:], y[:-1], x[:-1], x[1:])
    return outlines_of_plane(y, x, partial(across.transform, direction="INVERSE"))


def without_places(target: Target) -> Target:
    """A map for who can work out where its cells are: of a large one these are most of the bytes."""
    coordinates = [
        coordinate for coordinate in target.frame.coordinates if len(coordinate.dims) < len(target.frame.dims)
    ]
    return replace(target, frame=replace(target.frame, coordinates=coordinates))


def _given(latitude: Floats, longitude: Floats, _: Reading) -> tuple[Floats, Floats]:
    return latitude, longitude


def _rectangle(extent: Sequence[float]) -> tuple[float, float, float, float]:
    left, bottom, right, top = extent
    if not (left < right and bottom < top and np.isfinite(extent).all()):
        raise InvalidRequest(
            "extent is left, bottom, right, top in the units of the projection: left < right and bottom < top",
            field="extent",
        )
    return left, bottom, right, top


def _crs(text: str) -> CRS:
    """Read the code of a projection, or the words and numbers that make one: never the name of a file."""
    error_message = Message(
        "projection {projection!r} is not a code of a map projection, such as EPSG:4326, EPSG:3857 or EPSG:32661",
        projection=text[:40],
    )
    if not (_AUTHORITY.fullmatch(text) or _PROJ.fullmatch(text)):
        raise InvalidRequest(error_message, field="projection")
    try:
        crs = CRS.from_user_input(text)
    except ProjError as error:
        raise InvalidRequest(error_message, field="projection") from error
    if not (crs.is_geographic or crs.is_projected) or len(crs.axis_info) != 2:
        raise InvalidRequest(
            "{text} is no map of the Earth in two dimensions; EPSG:3857 is one", text=text, field="projection"
        )
    return crs


def _extent(region: Region, crs: CRS, across: Transformer) -> tuple[float, float, float, float]:
    """The rectangle of a projection that holds a region: x0, y0, x1, y1."""
    if crs.is_geographic:
        edges = region.west, region.south, region.east, region.north
    elif crs.to_epsg() == 3857:
        south, north = np.clip([region.south, region.north], -MERCATOR, MERCATOR)
        # A straight axis: over the date line it goes on.
        turn = across.transform(180.0, 0.0)[0] / 180.0
        _, (y0, y1) = across.transform([0.0, 0.0], [south, north])
        edges = region.west * turn, y0, region.east * turn, y1
    else:
        x, y = _outline(region, across)
        edges = x.min(initial=np.inf), y.min(initial=np.inf), x.max(initial=-np.inf), y.max(initial=-np.inf)
    if not (edges[0] < edges[2] and edges[1] < edges[3] and np.isfinite(edges).all()):
        raise InvalidRequest(
            "the area has no extent in {crs}: it is a line, or beyond the reach of that projection",
            crs=crs.to_string(),
            field="projection",
        )
    return float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3])


def _outline(region: Region, across: Transformer) -> tuple[Floats, Floats]:
    """Points all over a region, in the plane: those that the projection reaches."""
    longitude, latitude = np.meshgrid(
        np.linspace(region.west, region.east, SAMPLES), np.linspace(region.south, region.north, SAMPLES)
    )
    inside = region.holds(latitude, longitude)
    if region.polygons:
        rims = [np.asarray(ring.coords) for ring in region.polygons for ring in _rings(ring)]
        rim = np.concatenate(rims)
        longitude, latitude = (
            np.append(longitude[inside], rim[:, 0]),
            np.append(latitude[inside], rim[:, 1]),
        )
    x, y = across.transform(longitude.ravel(), latitude.ravel())
    reached = np.isfinite(x) & np.isfinite(y) & (np.abs(x) < FARTHEST) & (np.abs(y) < FARTHEST)
    return x[reached], y[reached]


def _rings(polygon: Any) -> list[Any]:
    return [ring.exterior for ring in getattr(polygon, "geoms", [polygon])]


def _coarser(shape: tuple[int, int], share: float) -> Message:
    """Suggest a grid of fewer cells."""
    rows, columns = (max(1, int(size * math.sqrt(share))) for size in shape)
    return Message("shape={rows},{columns}, or fewer time steps,", rows=rows, columns=columns)


def _smaller(region: Region, stride: int | None, share: float) -> Message:
    """Suggest a smaller box around the same middle, or a larger stride."""
    less = math.sqrt(share)
    west, south, east, north = region.box
    x, y = (east - west) / 2 * less, (north - south) / 2 * less
    middle = (west + east) / 2, (south + north) / 2
    box = f"bbox={middle[0] - x:.6g},{middle[1] - y:.6g},{middle[0] + x:.6g},{middle[1] + y:.6g}"
    if stride is None:
        return Message("{box}, or fewer time steps,", box=box)
    return Message("{box}, or stride={stride}, or fewer time steps,", box=box, stride=math.ceil(stride / less))
