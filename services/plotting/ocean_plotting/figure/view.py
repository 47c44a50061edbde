"""Areas as polygons on the Earth, and the map that shows them: fitted to them, or in a requested projection.

Edges of areas are straight in latitude and longitude, as in the data service, and go the way that their numbers say.
All projections are conformal.
"""

from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Proj

from ocean_core.errors import InvalidRequest
from ocean_core.geometry import (
    MAX_LONGITUDE,
    close_ring,
    densify,
    great_circle_distance,
    polygon_holds,
    smallest_span,
    unwrap_ring,
    wrap_longitude,
)
from ocean_core.tiles import MAJOR, MERCATOR, PROJECTIONS

_, NORTH, SOUTH = PROJECTIONS  # that can be requested
MARGIN, POLAR_MARGIN = 1.25, 1.5  # the map, in sizes of the areas
MOST_GROWTH = 3.5  # the most that a map grows beyond that to fill its panel
POLEWARD = 30.0  # degrees: from here on the polar projections show areas
MERCATOR_END = {True: 85.05, False: 84.0}  # degrees: the ends of Mercator maps, requested and fitted
POLAR_REACH = 12.4e6  # m from the pole in polar projections: about the equator
POLAR_GROWTH = 1.7  # the most that a polar map shows, in distances of the areas from the pole
NEAR_POLE, WIDE, TALL, LOW_LATITUDE = 80.0, 110.0, 75.0, 20.0  # degrees: where other projections begin
OBLIQUE_RATIO, OBLIQUE_BEARINGS = 0.45, (22.0, 68.0)  # of an oblique area: width by length, and bearing of its axis
EDGE_STEP = 1.0  # degrees between points along an edge of an area
DATUM = "+datum=WGS84 +units=m +no_defs"
SCALE_SAMPLES = 33  # points along each side at which the scale of the map is computed: it changes slowly

Extent = tuple[float, float, float, float]  # left, bottom, right, top: m


Floats = NDArray[np.float64]
Ring = Floats  # (vertex, 2): latitude and longitude, degrees; closed, with points along its edges


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """An area that is shown, and over which statistics are computed."""

    name: str
    rims: list[list[tuple[float, float]]]  # each a closed ring of latitude and longitude
    holes: list[list[tuple[float, float]]] = []  # in any of the rims


def read_ring(positions: list[list[float]], field: str, projection: str | None = None) -> list[tuple[float, float]]:
    """Read a ring of [latitude, longitude], and close it.

    A polar ``projection`` is that of the map on which it was drawn. Such maps write longitudes from -180 to 180: edges
    go the shorter way round, and a ring around the pole holds it.
    """
    for number, position in enumerate(positions):
        if len(position) < 2 or not (abs(position[0]) <= 90 and abs(position[1]) <= MAX_LONGITUDE):
            path = f"{field}[{number}]"
            raise InvalidRequest(
                "{path} is {name}; it is [latitude, longitude], in degrees",
                path=path,
                name=str(position)[:60],
                field=path,
            )
    ring = [(float(position[1]), float(position[0])) for position in positions]
    if len({*ring}) < 3:
        raise InvalidRequest(
            "{name} has {count} positions; a polygon has at least three", name=field, count=len(set(ring)), field=field
        )
    jumps = projection in {NORTH, SOUTH} and all(abs(longitude) <= 180.0 for longitude, _ in ring)
    try:
        closed = unwrap_ring(ring) if jumps else close_ring(ring)
    except ValueError as error:
        raise InvalidRequest("{name} goes around the Earth more than once", name=field, field=field) from error
    return [(latitude, longitude) for longitude, latitude in closed.tolist()]


def to_geojson(areas: list[Area]) -> dict[str, Any]:
    """Return all areas as one GeoJSON MultiPolygon: longitude first."""
    polygons = [
        [[(east, north) for north, east in ring] for ring in [rim, *area.holes]] for area in areas for rim in area.rims
    ]
    return {"type": "MultiPolygon", "coordinates": polygons}


def fill_edges(positions: list[tuple[float, float]]) -> Ring:
    """Return a ring with points along its edges, shape (vertex, 2)."""
    return densify(np.array(positions, dtype=np.float64), EDGE_STEP)


class AreaBounds(msgspec.Struct, frozen=True, kw_only=True):
    """Box around areas, and every ring in it without a jump."""

    west: float  # degrees; west <= east <= west + 360
    south: float
    east: float
    north: float
    rings: list[Any]  # of Ring

    @property
    def middle(self) -> tuple[float, float]:
        """Latitude and longitude of the middle of the box, degrees."""
        return (self.south + self.north) / 2, (self.west + self.east) / 2

    @property
    def global_longitude(self) -> bool:
        """True for a box that goes around the Earth."""
        return self.east - self.west >= 360.0 - 1e-9


def find_bounds(areas: list[Area]) -> AreaBounds:
    """Find the smallest box around areas, wherever the antimeridian is."""
    rings = [fill_edges(rim) for area in areas for rim in area.rims]
    south, north = min(ring[:, 0].min() for ring in rings), max(ring[:, 0].max() for ring in rings)
    west, east = smallest_span([(float(ring[:, 1].min()), float(ring[:, 1].max())) for ring in rings])
    if not (south < north and west < east):
        raise InvalidRequest("the area has no extent: it is a point or a line; a polygon has a surface", field="$.area")
    middle = (west + east) / 2
    for ring in rings:
        ring[:, 1] -= 360.0 * np.round(((ring[:, 1].min() + ring[:, 1].max()) / 2 - middle) / 360.0)
    return AreaBounds(west=west, south=float(south), east=east, north=float(north), rings=rings)


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Projection and extent of a map."""

    projection: str  # a code, or a PROJ string
    extent: Extent
    middle: float  # longitude of a Mercator map's middle, degrees

    @property
    def aspect(self) -> float:
        """Width by height."""
        left, bottom, right, top = self.extent
        return (right - left) / (top - bottom)

    def shape(self, longest: int) -> tuple[int, int]:
        """Return rows and columns of square cells, so many along the longer side."""
        columns = longest if self.aspect >= 1 else longest * self.aspect
        return max(2, round(columns / self.aspect)), max(2, round(columns))

    def cells(self, shape: tuple[int, int]) -> tuple[Floats, Floats]:
        """Return the centres of cells, x (column,) and y (row,) from the top: m."""
        left, bottom, right, top = self.extent
        x = left + (np.arange(shape[1]) + 0.5) / shape[1] * (right - left)
        return x, top - (np.arange(shape[0]) + 0.5) / shape[0] * (top - bottom)

    @property
    def is_mercator(self) -> bool:
        """True for Mercator projections, where longitudes are continuous along x."""
        return is_mercator(self.projection)

    def project(self, latitude: NDArray[np.floating], longitude: NDArray[np.floating]) -> Floats:
        """Project points as far as their longitudes go, shape (..., 2), m."""
        return np.stack(project_to_plane(self.projection, latitude, longitude, None), axis=-1)

    def plane(self, latitude: NDArray[np.floating], longitude: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Project points, m; on a Mercator map as near as possible to its middle."""
        return project_to_plane(self.projection, latitude, longitude, self.middle)

    def earth(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes (-180 to 180) of positions, degrees; NaN beyond the projection's reach."""
        longitude, latitude = get_projection(self.projection)(x, y, inverse=True)
        beyond = ~(np.isfinite(latitude) & np.isfinite(longitude))
        return np.where(beyond, np.nan, latitude), np.where(beyond, np.nan, longitude)

    @property
    def pole(self) -> float | None:
        """Latitude of the pole within the map: 90 or -90, degrees."""
        left, bottom, right, top = self.extent
        if self.is_mercator:
            return None
        for pole in (90.0, -90.0):
            x, y = self.plane(np.array([pole]), np.array([self.middle]))
            if left <= x[0] <= right and bottom <= y[0] <= top:
                return pole
        return None

    def box(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north of the whole map: degrees, west < east <= west + 360."""
        left, bottom, right, top = self.extent
        x, y = np.meshgrid(np.linspace(left, right, 33), np.linspace(bottom, top, 33))
        latitude, longitude = self.earth(x, y)
        south, north = float(np.nanmin(latitude)), float(np.nanmax(latitude))
        if self.is_mercator:
            scale = MAJOR * _equator_scale(self.projection)
            west, east = (_central_meridian(self.projection) + float(np.degrees(end / scale)) for end in (left, right))
            return west, south, east, north
        if (pole := self.pole) is not None:
            return -180.0, min(south, pole), 180.0, max(north, pole)
        centre = longitude[16, 16]
        offset = wrap_longitude(longitude - centre)
        return float(centre + np.nanmin(offset)), south, float(centre + np.nanmax(offset)), north


@lru_cache(maxsize=64)
def get_projection(text: str) -> Proj:
    """Return the transformer of a projection."""
    return Proj(CRS.from_user_input(text))


def is_mercator(text: str) -> bool:  # noqa: D103
    return text == MERCATOR or text.startswith("+proj=merc")


def project_to_plane(
    text: str, latitude: NDArray[np.floating], longitude: NDArray[np.floating], middle: float | None
) -> tuple[Floats, Floats]:
    """Project points, m; infinite beyond the reach of the projection.

    With Mercator's, as near as possible to the meridian ``middle``; None: as far as the longitude goes.
    """
    if not is_mercator(text):
        x, y = get_projection(text)(np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float))
        return np.asarray(x), np.asarray(y)
    transform, central = get_projection(text), _central_meridian(text)
    offset = np.asarray(longitude, dtype=float) - (middle or 0.0)
    if middle is not None:
        offset = np.where(np.abs(offset) > 180.0, wrap_longitude(offset), offset)
    latitude = np.clip(latitude, -89.9, 89.9)
    _, y = transform(np.full(latitude.shape, central), latitude)
    x = np.radians(offset + (middle or 0.0) - central) * MAJOR * _equator_scale(text)
    return x, np.asarray(y)


@lru_cache(maxsize=64)
def _equator_scale(text: str) -> float:
    """Return metres of the plane in a metre of the equator."""
    return float(get_projection(text)(_central_meridian(text) + 90.0, 0.0)[0] / np.radians(90.0) / MAJOR)


def _central_meridian(text: str) -> float:
    return float(text.partition("+lon_0=")[2].partition(" ")[0] or 0.0)


def choose_view(bounds: AreaBounds, requested: str | None, aspect: float | None) -> View:
    """Choose the map of areas in a panel of an ``aspect`` (width by height); None: that of the areas.

    ``requested`` is one of `PROJECTIONS`, or None: fitted to the areas. Far from its pole a polar projection shows
    nothing well: there the fitted one is taken as well.
    """
    if requested not in {None, *PROJECTIONS}:
        raise InvalidRequest(
            "$.projection is {requested!r}; it can be {projections}, or is left out: fitted to the area",
            requested=str(requested)[:40],
            projections=", ".join(PROJECTIONS),
            field="$.projection",
            allowed=PROJECTIONS,
        )
    too_far = {NORTH: bounds.south < POLEWARD, SOUTH: bounds.north > -POLEWARD}
    if requested is None or too_far.get(requested):
        fallback = polar_projection(bounds) if abs(bounds.middle[0]) > LOW_LATITUDE else mercator_projection(bounds)
        candidates = [fit_projection(bounds), fallback]
    else:
        candidates = [requested]
    for text in candidates:
        for growth in (MOST_GROWTH, MOST_GROWTH**0.5, 1.0):
            view = _frame_areas(text, bounds, aspect, growth)
            if view is not None and (view.is_mercator or _is_one_to_one(view)):
                return view
    raise InvalidRequest(
        "the area does not fit into a map of this projection: leave projection out, and one is chosen for it",
        field="$.projection",
    )


def fit_projection(bounds: AreaBounds) -> str:
    """Return the usual conformal projection that distorts areas least."""
    (middle, zero), width, height = bounds.middle, bounds.east - bounds.west, bounds.north - bounds.south
    if max(abs(bounds.north + 0.2 * height), abs(bounds.south - 0.2 * height)) > NEAR_POLE and height < TALL:
        return polar_projection(bounds)
    if height >= TALL or width >= WIDE:
        return polar_projection(bounds) if abs(middle) > 40 and height < TALL else mercator_projection(bounds)
    bearing = _oblique_axis(bounds)
    if bearing is not None:
        # Turned back by the bearing of its axis: north is up.
        return f"+proj=omerc +lat_0={middle:.4f} +lonc={zero:.4f} +alpha={bearing:.4f} +gamma={bearing:.4f} {DATUM}"
    if height > 1.5 * width * np.cos(np.radians(middle)):
        return f"+proj=tmerc +lat_0={middle:.4f} +lon_0={zero:.4f} {DATUM}"
    if abs(middle) < LOW_LATITUDE or bounds.south < 0 < bounds.north:
        return mercator_projection(bounds)
    low, high = bounds.south + height / 6, bounds.north - height / 6
    return f"+proj=lcc +lat_1={low:.4f} +lat_2={high:.4f} +lat_0={middle:.4f} +lon_0={zero:.4f} {DATUM}"


def mercator_projection(bounds: AreaBounds) -> str:
    """Return Mercator's projection around the middle of areas, true there."""
    middle, zero = bounds.middle
    return f"+proj=merc +lat_ts={min(abs(middle), 60.0):.4f} +lon_0={zero:.4f} {DATUM}"


def polar_projection(bounds: AreaBounds) -> str:
    """Return the stereographic projection of the nearer pole, the middle of the areas below it."""
    (middle, zero), side = bounds.middle, np.sign(bounds.middle[0]) or 1.0
    zero = 0.0 if bounds.global_longitude else zero
    return f"+proj=stere +lat_0={side * 90:.0f} +lat_ts={middle:.4f} +lon_0={zero:.4f} {DATUM}"


def _oblique_axis(bounds: AreaBounds) -> float | None:
    """Return the bearing (degrees) of the axis of a narrow and oblique area; None for others."""
    north = np.concatenate([ring[:, 0] for ring in bounds.rings]) - bounds.middle[0]
    east = np.concatenate([ring[:, 1] for ring in bounds.rings]) - bounds.middle[1]
    spread = np.cov(np.stack([east * np.cos(np.radians(bounds.middle[0])), north]))
    variances, axes = np.linalg.eigh(spread)
    bearing = (float(np.degrees(np.arctan2(axes[0, 1], axes[1, 1]))) + 90.0) % 180.0 - 90.0
    narrow = bool(variances[0] < OBLIQUE_RATIO**2 * variances[1])
    oblique = OBLIQUE_BEARINGS[0] < abs(bearing) < OBLIQUE_BEARINGS[1]
    return bearing if narrow and oblique and abs(bounds.middle[0]) > 1 else None


def _frame_areas(text: str, bounds: AreaBounds, aspect: float | None, growth: float) -> View | None:
    """Frame the areas with a margin, grown up to ``growth`` times along the side that leaves the panel empty."""
    middle = bounds.middle[1]
    x, y = _project_outline(text, bounds)
    if x.size == 0:
        return None
    stereographic = "+proj=stere" in text or text in {NORTH, SOUTH}
    margin = POLAR_MARGIN if stereographic else MARGIN
    centre = (x.min() + x.max()) / 2, (y.min() + y.max()) / 2
    width, height = margin * (x.max() - x.min()), margin * (y.max() - y.min())
    # A long thin area is shown with its surroundings.
    width, height = max(width, height / 8), max(height, width / 8)
    if aspect is not None:
        grown = min(aspect * height, growth * width), min(width / aspect, growth * height)
        width, height = max(width, grown[0]), max(height, grown[1])
    if not (width > 0 and height > 0):
        return None
    left, bottom = centre[0] - width / 2, centre[1] - height / 2
    right, top = left + width, bottom + height
    if is_mercator(text):
        half_turn = np.pi * MAJOR * _equator_scale(text)
        left, right = max(left, centre[0] - half_turn), min(right, centre[0] + half_turn)
        latitude = np.array([MERCATOR_END[text == MERCATOR]])
        end = float(project_to_plane(text, latitude, np.array([middle]), middle)[1][0])
        bottom, top = max(bottom, -end), min(top, end)
    elif stereographic:
        pole = 2_000_000.0 if text == NORTH else 0.0
        reach = min(POLAR_REACH, POLAR_GROWTH * float(np.hypot(x - pole, y - pole).max()))
        left, bottom = max(left, pole - reach), max(bottom, pole - reach)
        right, top = min(right, pole + reach), min(top, pole + reach)
    if not (left < right and bottom < top):
        return None
    return View(projection=text, extent=(float(left), float(bottom), float(right), float(top)), middle=middle)


def _project_outline(text: str, bounds: AreaBounds) -> tuple[Floats, Floats]:
    """Project points along the rims of areas, and the pole that they contain."""
    latitude, longitude = np.concatenate(bounds.rings).T
    if bounds.global_longitude and max(abs(bounds.south), bounds.north) == 90.0:
        pole = 90.0 if bounds.north == 90.0 else -90.0
        latitude, longitude = np.append(latitude, pole), np.append(longitude, bounds.middle[1])
    if is_mercator(text):
        end = MERCATOR_END[text == MERCATOR]
        visible = np.abs(latitude) <= end + 1e-9
        if visible.any():
            latitude = np.clip(latitude, -end, end)
        else:
            latitude, longitude = latitude[visible], longitude[visible]
    x, y = project_to_plane(text, latitude, longitude, bounds.middle[1])
    finite = np.isfinite(x) & np.isfinite(y)
    return x[finite], y[finite]


def _is_one_to_one(view: View) -> bool:
    """Return whether every part of a map is a part of the Earth, once."""
    left, bottom, right, top = view.extent
    x, y = (grid.ravel() for grid in np.meshgrid(np.linspace(left, right, 9), np.linspace(bottom, top, 9)))
    latitude, longitude = view.earth(x, y)
    if not np.isfinite(latitude).all():
        return False
    errors = np.abs(np.subtract(view.plane(latitude, longitude), (x, y)))
    return bool((errors < 1e-4 * max(right - left, top - bottom)).all())


def compute_cell_areas(view: View, shape: tuple[int, int]) -> Floats:
    """Compute the areas of cells on the Earth, km2, shape (row, column).

    Conformal maps stretch all directions alike: the square of the scale in one direction is enough.
    """
    left, bottom, right, top = view.extent
    x, y = np.meshgrid(np.linspace(left, right, SCALE_SAMPLES), np.linspace(top, bottom, SCALE_SAMPLES))
    step = 1e-4 * (right - left)
    ends = [view.earth(x + side * step, y) for side in (-1, 1)]
    scale = great_circle_distance(*ends[0], *ends[1]) / (2 * step)  # km on the Earth of a metre of the map
    cell = (right - left) / shape[1] * (top - bottom) / shape[0]
    columns, rows = view.cells(shape)
    by_column = np.array([np.interp(columns, x[0], row) for row in np.nan_to_num(scale) ** 2])
    return cell * np.array([np.interp(-rows, -y[:, 0], column) for column in by_column.T]).T


def find_cells_inside(view: View, areas: list[Area], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which cells have their centre in areas, shape (row, column)."""
    centres = view.earth(*np.meshgrid(*view.cells(shape)))
    inside = np.zeros(shape, dtype=bool)
    for area in areas:
        for rim in area.rims:
            inside |= _ring_holds(rim, *centres)
        for hole in area.holes:
            inside &= ~_ring_holds(hole, *centres)
    return inside


def _ring_holds(ring: list[tuple[float, float]], latitude: Floats, longitude: Floats) -> NDArray[np.bool_]:
    polygon = shapely.make_valid(shapely.Polygon([(east, north) for north, east in ring]))
    shapely.prepare(polygon)
    return polygon_holds(polygon, latitude, longitude)
