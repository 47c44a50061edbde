"""Plan extractions over areas: on the cells of the variables' own grid, or of a stated one.

Variables that do not share a grid are brought to the cells of the first by the interpolation of the request; so are
the components of a vector, which need not lie on the same points.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import AreaRequest, Kind
from ocean_core.errors import InvalidRequest, Message, NothingInView, RequestTooLarge
from ocean_core.geometry import Floats
from ocean_data.compute import depth as depths
from ocean_data.compute.region import Region, box_region, read_region
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
from ocean_data.plan.extraction import Body, Extraction, Values
from ocean_data.plan.points import Fitting, check_variables, find_samples, plan_fields
from ocean_data.plan.sampling import Places, Sample, WindowReader, describe_extent
from ocean_data.plan.times import Instants, select_instants
from ocean_data.reading.base import Reading

EARTH = (-180.0, -90.0, 180.0, 90.0)
MAX_SEARCHED = 20_000_000  # cells that are looked for: those around each place
AROUND = 4  # each place, at most: the corners of bilinear
MAX_SIDE = 10_000  # rows or columns of a stated grid
MAX_CELLS = 5_000_000  # of it
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
    """Places of an area: the cells of a variable's own grid in a region, or of a stated grid."""

    frame: Frame
    inside: NDArray[np.bool_] | None  # of the shape of the dimensions: which places are meant; None: all
    locate: Callable[[], tuple[Floats, Floats]]  # latitudes and longitudes, degrees: of the same shape
    outline: Callable[[], Outlines | None]  # where the cells end
    fitting: Fitting
    facts: dict[str, str | float] = field(default_factory=dict)
    variable: Assets | None = None  # whose grid it is
    window: Window | None = None  # of that grid
    region: Region | None = None

    def places(self) -> Places:
        """Return every place, with its latitude and longitude."""
        latitude, longitude = (degrees.ravel() for degrees in self.locate())
        if self.inside is not None:
            # Values elsewhere are masked: any place in the area will do.
            meant = self.inside.ravel()
            cell = int(meant.argmax())
            latitude, longitude = (np.where(meant, degrees, degrees[cell]) for degrees in (latitude, longitude))
        return Places(**vars(self.frame), latitude=latitude, longitude=longitude)


def plan_area(reading: Reading, variables: Sequence[Assets], query: AreaRequest) -> Extraction:
    """Plan the reading of variables over an area; at the last time if none is asked for."""
    target = find_target(reading, variables, query)
    instants = select_instants(variables, query, latest=True)
    return plan_over(reading, variables, query, target=target, instants=instants, kind="area")


def find_target(reading: Reading, variables: Sequence[Assets], query: AreaRequest) -> Target:
    """Find the cells of the answer, without reading a value."""
    nowhere = query.box is None and query.polygon is None
    region = box_region(EARTH) if query.extent and nowhere else read_region(query.box, query.polygon)
    if query.extent and (query.projection is None or query.box is not None):
        raise InvalidRequest(
            "extent is of a stated grid, instead of a box: give it with a projection and a shape", field="extent"
        )
    if query.projection is None and query.shape is None:
        return native_cells(reading, variables[0], region, query.stride)
    if query.projection is None or query.shape is None:
        raise InvalidRequest(
            "a stated grid has a projection and a shape, as projection=EPSG:4326 and shape=100,200",
            field="projection" if query.projection is None else "shape",
        )
    if query.stride != 1:
        raise InvalidRequest("stride is of the variables' own grid; a stated grid has a shape", field="stride")
    target = regular_grid(region, query.projection, query.shape, query.extent)
    if query.places:
        return target
    # For who can work out where the cells of a map are: of a large one their places are most of the bytes.
    frame = target.frame
    axes = [coordinate for coordinate in frame.coordinates if len(coordinate.dims) < len(frame.dims)]
    return replace(target, frame=replace(frame, coordinates=axes))


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
    return Target(
        frame=grid.frame(window, region),
        inside=window.inside,
        locate=lambda: grid.centres(window.cells),
        outline=lambda: grid.outlines(window_of_region, stride),
        fitting=partial(_smaller, region, stride if grid.has_rows else None),
        facts={} if grid.crs_wkt is None else {"crs_wkt": grid.crs_wkt},
        variable=variable,
        window=window,
        region=region,
    )


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


def regular_grid(
    region: Region, projection: str, shape: tuple[int, int], extent: Sequence[float] | None = None
) -> Target:
    """Equal cells of a map: of a rectangle of its projection, or of the least one that holds a region.

    Cells of the rectangle beyond a box have values too; those outside of polygons have none.
    """
    _check_shape(shape)
    rows, columns = shape
    crs = _read_projection(projection)
    across = Transformer.from_crs(crs.geodetic_crs or CRS.from_epsg(4326), crs, always_xy=True)
    x0, y0, x1, y1 = _extent(region, crs, across) if extent is None else extent
    if not (x0 < x1 and y0 < y1 and np.isfinite([x0, y0, x1, y1]).all()):
        raise InvalidRequest(
            "extent is left, bottom, right, top in the units of the projection: left < right and bottom < top",
            field="extent",
        )
    y = y1 - (np.arange(rows) + 0.5) / rows * (y1 - y0)
    x = x0 + (np.arange(columns) + 0.5) / columns * (x1 - x0)
    y_lines, x_lines = np.linspace(y1, y0, rows + 1), np.linspace(x0, x1, columns + 1)
    to_earth = partial(across.transform, direction="INVERSE")
    if crs.is_geographic:
        latitude, longitude = np.meshgrid(y, x, indexing="ij")
        frame = frame_of_axes(y, x)
    else:
        longitude, latitude = to_earth(*np.meshgrid(x, y))
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

    def outline() -> Outlines:
        if crs.is_geographic:
            return boxes(y_lines[1:], y_lines[:-1], x_lines[:-1], x_lines[1:])
        return outlines_of_plane(y_lines, x_lines, to_earth)

    return Target(
        frame=frame,
        inside=None if inside.all() else inside,
        locate=lambda: (latitude, longitude),
        outline=outline,
        fitting=partial(_coarser, shape),
        facts={"crs": crs.to_string(), "crs_wkt": crs.to_wkt()},
    )


def _check_shape(shape: tuple[int, int]) -> None:
    """Refuse a grid without cells, or of too many."""
    rows, columns = shape
    if not (1 <= rows <= MAX_SIDE and 1 <= columns <= MAX_SIDE):
        raise InvalidRequest(
            "shape {rows},{columns} is not 1 to {max_side} rows and columns",
            rows=rows,
            columns=columns,
            max_side=MAX_SIDE,
            field="shape",
        )
    if rows * columns > MAX_CELLS:
        raise RequestTooLarge(
            "a grid of {rows} by {columns} has {count} cells, and the limit is {limit}; {coarser} would fit",
            rows=rows,
            columns=columns,
            count=rows * columns,
            limit=MAX_CELLS,
            coarser=_coarser(shape, MAX_CELLS / (rows * columns)),
            field="shape",
        )


def _coarser(shape: tuple[int, int], share: float) -> Message:
    """Suggest a grid of fewer cells."""
    rows, columns = (max(1, int(size * math.sqrt(share))) for size in shape)
    return Message("shape={rows},{columns}, or fewer time steps,", rows=rows, columns=columns)


def _read_projection(text: str) -> CRS:
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
        edges = region.box
    elif crs.to_epsg() == 3857:
        south, north = np.clip([region.south, region.north], -MERCATOR, MERCATOR)
        # A straight axis: over the date line it goes on.
        turn = across.transform(180.0, 0.0)[0] / 180.0
        _, (y0, y1) = across.transform([0.0, 0.0], [south, north])
        edges = region.west * turn, y0, region.east * turn, y1
    else:
        x, y = _points_in_plane(region, across)
        edges = x.min(initial=np.inf), y.min(initial=np.inf), x.max(initial=-np.inf), y.max(initial=-np.inf)
    x0, y0, x1, y1 = map(float, edges)
    if not (x0 < x1 and y0 < y1 and np.isfinite(edges).all()):
        raise InvalidRequest(
            "the area has no extent in {crs}: it is a line, or beyond the reach of that projection",
            crs=crs.to_string(),
            field="projection",
        )
    return x0, y0, x1, y1


def _points_in_plane(region: Region, across: Transformer) -> tuple[Floats, Floats]:
    """Points all over a region, in the plane: those that the projection reaches."""
    longitude, latitude = np.meshgrid(
        np.linspace(region.west, region.east, SAMPLES), np.linspace(region.south, region.north, SAMPLES)
    )
    if region.polygons:
        inside = region.holds(latitude, longitude)
        rim = shapely.get_coordinates(shapely.get_exterior_ring(shapely.get_parts(region.polygons)))
        longitude, latitude = np.append(longitude[inside], rim[:, 0]), np.append(latitude[inside], rim[:, 1])
    x, y = across.transform(longitude.ravel(), latitude.ravel())
    reached = np.isfinite(x) & np.isfinite(y) & (np.abs(x) < FARTHEST) & (np.abs(y) < FARTHEST)
    return x[reached], y[reached]


def plan_over(
    reading: Reading,
    variables: Sequence[Assets],
    query: AreaRequest,
    *,
    target: Target,
    instants: Instants | None,
    kind: Kind,
) -> Extraction:
    """Plan the reading of variables at the cells of a target."""
    depth = depths.parse(query.depth)
    frame, facts = target.frame, target.facts
    readers: Sequence[Sample | WindowReader]
    own = target.variable is not None and all(item.grid.id == target.variable.grid.id for item in variables)
    if own and target.window is not None and not query.vector:
        check_variables(variables, query.vector, depth, line=False)
        readers = [WindowReader.of(reading, item, target.window) for item in variables]
    else:
        _check_search(query, target)
        frame = places = target.places()
        readers = find_samples(reading, variables, query, places.where, depth)
        if target.variable is not None and not own:
            facts = facts | {"grid": f"of {target.variable.variable.key}"}
    extraction = plan_fields(
        reading, query, readers, kind=kind, frame=frame, instants=instants, depth=depth, fitting=target.fitting
    )
    body = extraction.body
    if isinstance(frame, Places) and target.inside is not None:
        body = partial(_read_inside, body, target.inside)
    outline = target.outline if query.geometry == "cell" else None
    return replace(extraction, body=body, facts=facts | extraction.facts, outline=outline, inside=target.inside)


def _check_search(query: AreaRequest, target: Target) -> None:
    """Refuse to look for more cells than memory should hold: before the search, which comes before the budget."""
    around = query.neighbours if query.interpolation in {"gaussian", "inverse"} else AROUND
    count = math.prod(target.frame.dims.values()) * around
    if count > MAX_SEARCHED:
        raise RequestTooLarge(
            "{interpolation} would look for {count} cells around the places, and the limit is {limit}; "
            "{fits} would fit",
            interpolation=query.interpolation,
            count=count,
            limit=MAX_SEARCHED,
            fits=target.fitting(MAX_SEARCHED / count),
            field="bbox" if target.window else "shape",
        )


def _read_inside(body: Body, inside: NDArray[np.bool_], reading: Reading, rows: slice) -> dict[str, Values]:
    """Read what a body reads, NaN where nothing is wanted."""
    return {key: np.where(inside, values, np.nan) for key, values in body(reading, rows).items()}
