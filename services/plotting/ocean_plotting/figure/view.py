"""The rectangle of a projection that a map shows: fitted to areas, or in one that is asked for. All are conformal."""

from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Proj

from ocean_common.errors import InvalidRequest
from ocean_core.geometry import wrap_longitude
from ocean_plotting.figure.outline import Floats, Span

MERCATOR, NORTH, SOUTH = "EPSG:3857", "EPSG:32661", "EPSG:3031"
ASKED = (MERCATOR, NORTH, SOUTH)
RADIUS = 6_378_137.0  # m: of the sphere of EPSG:3857, and half the major axis of WGS 84
KM = 111.2  # of a degree
AROUND, AROUND_POLAR = 1.25, 1.5  # the map, in sizes of the areas
WIDER = 3.5  # the most that a map grows beyond that to fill its panel
POLEWARD = 30.0  # degrees: from here on the polar projections show areas
FARTHEST = {True: 85.05, False: 84.0}  # degrees: the ends of Mercator maps, as asked for and fitted
REACH = 12.4e6  # m from the pole in polar projections: about the equator
BEYOND = 1.7  # the most that a polar map shows, in distances of the areas from the pole
NEAR_POLE, WIDE, TALL, LOW = 80.0, 110.0, 75.0, 20.0  # degrees: where other projections begin
LONG, SLANT = 0.45, (22.0, 68.0)  # an oblique area: its narrowness, and the bearing of its axis
END = "+datum=WGS84 +units=m +no_defs"

Extent = tuple[float, float, float, float]  # left, bottom, right, top: m


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a map shows."""

    projection: str  # a code, or a PROJ string
    extent: Extent
    middle: float  # longitude, degrees: of a Mercator map, in the middle

    @property
    def aspect(self) -> float:
        """Width by height."""
        left, bottom, right, top = self.extent
        return (right - left) / (top - bottom)

    def shape(self, longest: int) -> tuple[int, int]:
        """Rows and columns of square cells, so many along the longer side."""
        across = longest if self.aspect >= 1 else longest * self.aspect
        return max(2, round(across / self.aspect)), max(2, round(across))

    def cells(self, shape: tuple[int, int]) -> tuple[Floats, Floats]:
        """Positions of the centres of cells, x (column,) and y (row,) from the top: m."""
        left, bottom, right, top = self.extent
        x = left + (np.arange(shape[1]) + 0.5) / shape[1] * (right - left)
        return x, top - (np.arange(shape[0]) + 0.5) / shape[0] * (top - bottom)

    @property
    def cylinder(self) -> bool:
        """Whether longitudes go on and on along x."""
        return is_cylinder(self.projection)

    def plane(
        self, latitude: NDArray[np.floating], longitude: NDArray[np.floating], *, wrapped: bool = True
    ) -> tuple[Floats, Floats]:
        """Positions of places, m; of what the projection does not reach, infinite.

        ``wrapped``: on a Mercator map as near as can be to its middle; else where the longitude says, on and on.
        """
        return plane(self.projection, latitude, longitude, self.middle if wrapped else None)

    def earth(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Latitudes and longitudes (-180 to 180) of positions, degrees; NaN beyond the reach of the projection."""
        longitude, latitude = projection(self.projection)(x, y, inverse=True)
        beyond = ~(np.isfinite(latitude) & np.isfinite(longitude))
        return np.where(beyond, np.nan, latitude), np.where(beyond, np.nan, longitude)

    @property
    def pole(self) -> float | None:
        """The pole that the map shows: 90 or -90, degrees."""
        left, bottom, right, top = self.extent
        if self.cylinder:
            return None
        for pole in (90.0, -90.0):
            x, y = self.plane(np.array([pole]), np.array([self.middle]))
            if left <= x[0] <= right and bottom <= y[0] <= top:
                return pole
        return None

    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all that the map shows: degrees, west < east <= west + 360."""
        left, bottom, right, top = self.extent
        x, y = np.meshgrid(np.linspace(left, right, 33), np.linspace(bottom, top, 33))
        latitude, longitude = self.earth(x, y)
        south, north = float(np.nanmin(latitude)), float(np.nanmax(latitude))
        if self.cylinder:
            scale = RADIUS * _shrunk(self.projection)
            west, east = (_zero(self.projection) + float(np.degrees(one / scale)) for one in (left, right))
            return west, south, east, north
        if (pole := self.pole) is not None:
            return -180.0, min(south, pole), 180.0, max(north, pole)
        centre = longitude[16, 16]
        beside = wrap_longitude(longitude - centre)
        return float(centre + np.nanmin(beside)), south, float(centre + np.nanmax(beside)), north


@lru_cache(maxsize=64)
def projection(text: str) -> Proj:
    """What calculates in a projection."""
    return Proj(CRS.from_user_input(text))


def is_cylinder(text: str) -> bool:
    """Whether a projection is Mercator's."""
    return text == MERCATOR or text.startswith("+proj=merc")


def plane(
    text: str, latitude: NDArray[np.floating], longitude: NDArray[np.floating], middle: float | None
) -> tuple[Floats, Floats]:
    """Positions of places in a projection; in Mercator's, as near as can be to the meridian ``middle``, if any."""
    if not is_cylinder(text):
        x, y = projection(text)(np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float))
        return np.asarray(x), np.asarray(y)
    made, zero = projection(text), _zero(text)
    beside = np.asarray(longitude, dtype=float) - (middle or 0.0)
    if middle is not None:
        beside = np.where(np.abs(beside) > 180.0, wrap_longitude(beside), beside)
    held = np.clip(latitude, -89.9, 89.9)
    _, y = made(np.full(held.shape, zero), held)
    return np.radians(beside + (middle or 0.0) - zero) * RADIUS * _shrunk(text), np.asarray(y)


@lru_cache(maxsize=64)
def _shrunk(text: str) -> float:
    """Metres of the plane in a metre of the equator."""
    return float(projection(text)(_zero(text) + 90.0, 0.0)[0] / np.radians(90.0) / RADIUS)


def _zero(text: str) -> float:
    return float(text.partition("+lon_0=")[2].partition(" ")[0] or 0.0)


def view(areas: Span, asked: str | None, aspect: float | None) -> View:
    """Choose the rectangle that shows areas in a panel of an ``aspect`` (width by height); None: as they are.

    ``asked`` is one of `ASKED`, or None: fitted to the areas. Far from its pole a polar projection shows nothing
    well: there the fitted one is taken as well.

    Raises
    ------
    InvalidRequest
        There is no such projection, or it does not show the areas.
    """
    if asked is not None and asked not in ASKED:
        raise InvalidRequest(
            "$.projection is {requested!r}; it can be {requested2}, or is left out: fitted to the area",
            requested=asked[:40],
            requested2=", ".join(ASKED),
            field="$.projection",
            allowed=ASKED,
        )
    away = {NORTH: areas.south < POLEWARD, SOUTH: areas.north > -POLEWARD}
    wanted = [] if asked is None or away.get(asked) else [asked]
    for text in wanted or [fitted(areas), polar(areas) if abs(areas.middle[0]) > LOW else mercator(areas)]:
        for fill in (WIDER, WIDER**0.5, 1.0):
            found = _framed(text, areas, aspect, fill)
            if found is not None and (found.cylinder or _returns(found)):
                return found
    raise InvalidRequest(
        "the area does not fit into a map of this projection: leave projection out, and one is chosen for it",
        field="$.projection",
    )


def fitted(areas: Span) -> str:
    """The conformal projection that distorts areas least, of the usual ones."""
    (middle, zero), width, height = areas.middle, areas.east - areas.west, areas.north - areas.south
    if max(abs(areas.north + 0.2 * height), abs(areas.south - 0.2 * height)) > NEAR_POLE and height < TALL:
        return polar(areas)
    if height >= TALL or width >= WIDE:
        return polar(areas) if abs(middle) > 40 and height < TALL else mercator(areas)
    slope = _axis(areas)
    if slope is not None:
        # Turned back by the bearing of its axis: north is up.
        return f"+proj=omerc +lat_0={middle:.4f} +lonc={zero:.4f} +alpha={slope:.4f} +gamma={slope:.4f} {END}"
    if height > 1.5 * width * np.cos(np.radians(middle)):
        return f"+proj=tmerc +lat_0={middle:.4f} +lon_0={zero:.4f} {END}"
    if abs(middle) < LOW or areas.south < 0 < areas.north:
        return mercator(areas)
    low, high = areas.south + height / 6, areas.north - height / 6
    return f"+proj=lcc +lat_1={low:.4f} +lat_2={high:.4f} +lat_0={middle:.4f} +lon_0={zero:.4f} {END}"


def mercator(areas: Span) -> str:
    """Mercator's projection around the middle of areas, true there."""
    middle, zero = areas.middle
    return f"+proj=merc +lat_ts={min(abs(middle), 60.0):.4f} +lon_0={zero:.4f} {END}"


def polar(areas: Span) -> str:
    """Areas as seen from above the nearer pole, the middle of them below it."""
    (middle, zero), side = areas.middle, np.sign(areas.middle[0]) or 1.0
    zero = 0.0 if areas.around else zero
    return f"+proj=stere +lat_0={side * 90:.0f} +lat_ts={middle:.4f} +lon_0={zero:.4f} {END}"


def _axis(areas: Span) -> float | None:
    """Bearing (degrees) of the axis of a narrow and slanting area; None for others."""
    north = np.concatenate([one[:, 0] for one in areas.rings]) - areas.middle[0]
    east = np.concatenate([one[:, 1] for one in areas.rings]) - areas.middle[1]
    spread = np.cov(np.stack([east * np.cos(np.radians(areas.middle[0])), north]))
    sizes, ways = np.linalg.eigh(spread)
    bearing = float(np.degrees(np.arctan2(ways[0, 1], ways[1, 1])))
    bearing = (bearing + 90.0) % 180.0 - 90.0
    narrow = bool(sizes[0] < LONG**2 * sizes[1]) and SLANT[0] < abs(bearing) < SLANT[1]
    return bearing if narrow and abs(areas.middle[0]) > 1 else None


def _framed(text: str, areas: Span, aspect: float | None, fill: float) -> View | None:
    """The areas and what is around them; grown up to ``fill`` times along the side that leaves the panel empty."""
    middle = areas.middle[1]
    x, y = _outline(text, areas)
    if x.size == 0:
        return None
    stereographic = "+proj=stere" in text or text in {NORTH, SOUTH}
    more = AROUND_POLAR if stereographic else AROUND
    centre = (x.min() + x.max()) / 2, (y.min() + y.max()) / 2
    width, height = more * (x.max() - x.min()), more * (y.max() - y.min())
    # A long thin area is shown with its surroundings.
    width, height = max(width, height / 8), max(height, width / 8)
    if aspect is not None:
        grown = min(aspect * height, fill * width), min(width / aspect, fill * height)
        width, height = max(width, grown[0]), max(height, grown[1])
    if not (width > 0 and height > 0):
        return None
    left, right = centre[0] - width / 2, centre[0] + width / 2
    bottom, top = centre[1] - height / 2, centre[1] + height / 2
    if is_cylinder(text):
        around = np.pi * RADIUS * _shrunk(text)
        left, right = max(left, centre[0] - around), min(right, centre[0] + around)
        end = float(plane(text, np.array([FARTHEST[text == MERCATOR]]), np.array([middle]), middle)[1][0])
        bottom, top = max(bottom, -end), min(top, end)
    elif stereographic:
        pole = 2_000_000.0 if text == NORTH else 0.0
        reach = min(REACH, BEYOND * float(np.hypot(x - pole, y - pole).max()))
        left, bottom = max(left, pole - reach), max(bottom, pole - reach)
        right, top = min(right, pole + reach), min(top, pole + reach)
    if not (left < right and bottom < top):
        return None
    return View(projection=text, extent=(float(left), float(bottom), float(right), float(top)), middle=middle)


def _outline(text: str, areas: Span) -> tuple[Floats, Floats]:
    """Points along the rims of areas, and the pole that they hold, in the plane."""
    latitude, longitude = np.concatenate(areas.rings).T
    if areas.around and max(abs(areas.south), areas.north) == 90.0:
        pole = 90.0 if areas.north == 90.0 else -90.0
        latitude, longitude = np.append(latitude, pole), np.append(longitude, areas.middle[1])
    if is_cylinder(text):
        end = FARTHEST[text == MERCATOR]
        seen = np.abs(latitude) <= end + 1e-9
        beyond = np.clip(latitude, -end, end)
        latitude, longitude = (beyond, longitude) if seen.any() else (latitude[seen], longitude[seen])
    x, y = plane(text, latitude, longitude, areas.middle[1])
    reached = np.isfinite(x) & np.isfinite(y)
    return x[reached], y[reached]


def _returns(found: View) -> bool:
    """Whether every part of a map is a part of the Earth, once."""
    left, bottom, right, top = found.extent
    x, y = (one.ravel() for one in np.meshgrid(np.linspace(left, right, 9), np.linspace(bottom, top, 9)))
    latitude, longitude = found.earth(x, y)
    if not np.isfinite(latitude).all():
        return False
    again: tuple[Any, Any] = found.plane(latitude, longitude)
    size = 1e-4 * max(right - left, top - bottom)
    return bool((np.abs(again[0] - x) < size).all() and (np.abs(again[1] - y) < size).all())
