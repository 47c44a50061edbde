"""Searches of stations and platforms: `key=value` pairs in one segment of the path, as the front end writes them.

Areas of the sphere name the 1° grid cells that they touch, by which the database finds stations. Where there are too
many stations for a map, some are chosen: always the same ones, spread evenly over time and platforms.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from math import floor
from typing import TypeVar, get_args

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_common.contracts.observations import PlatformType
from ocean_common.parameters import parse_choice
from ocean_core import geometry
from ocean_core.errors import InvalidRequest, Message
from ocean_core.time import QUANTA, Quantum
from ocean_metadata.observations.model import Floats, parse_instant

T = TypeVar("T")

PLATFORM_TYPES: tuple[PlatformType, ...] = get_args(PlatformType)
ANY = "Any"  # the front end's word for no choice
SEARCH_KEYS = (
    "start_date", "end_date", "platform_type", "meta_key", "meta_value", "quantum", "area", "radius", "datatype",
    "mindepth", "maxdepth",
)  # fmt: skip
_NO_QUANTUM = Message("there is no quantum {value!r}; there are {choices}")
_SEPARATORS = re.compile(r"[&;]")
_DEFAULT_RADIUS = 10.0  # km
_MAX_RADIUS = float(np.pi * geometry.EARTH_RADIUS)  # km; to the other side of the Earth
_MAX_CORNERS = 10_000

MAX_CELLS = 1500  # that a query names one by one
_CELLS_IN_ROW = 360
_MARGIN = 1e-9  # degrees; edges belong to the area

MAP_STATIONS = 500  # at most on a map
THINNING_LEVELS = 20
_GOLDEN = 2_654_435_769  # 2**32 divided by the golden ratio, odd
_BITS = 32


def grid_cell(latitude: float, longitude: float) -> int:
    """Return the 1° cell of a point with a longitude from -180 to below 180."""
    return min(floor(latitude + 90), 179) * _CELLS_IN_ROW + min(floor(longitude + 180), _CELLS_IN_ROW - 1)


class SearchArea:
    """A polygon on the sphere, or a circle within it. Edges belong to it; longitudes may go on beyond 180."""

    def __init__(self, polygon: shapely.Geometry, circle: tuple[float, float, float] | None = None) -> None:
        self._polygon = polygon
        self._circle = circle  # latitude, longitude (degrees) and radius (km)
        self.west, self.south, self.east, self.north = polygon.bounds

    def contains(self, latitude: Floats, longitude: Floats) -> NDArray[np.bool_]:
        """Return which points (degrees) are inside, shape (point,)."""
        if self._circle is None:
            return geometry.polygon_holds(self._polygon, latitude, longitude)
        north, east, radius = self._circle
        distance = geometry.great_circle_distance(north, east, latitude, longitude)
        within: NDArray[np.bool_] = distance <= radius * (1 + 1e-12)
        return within

    @cached_property
    def cells(self) -> list[int] | None:
        """The cells that the area touches, ascending; None where they are too many to be named."""
        rows = np.arange(max(floor(self.south + 90), 0), min(floor(self.north + 90), 179) + 1)
        columns = np.arange(floor(self.west + 180), floor(min(self.east, self.west + geometry.TURN) + 180) + 1)
        if rows.size * columns.size > 4 * MAX_CELLS:
            return None
        row, column = (axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij"))
        boxes = shapely.box(column - 180.0, row - 90.0, column - 179.0, row - 89.0)
        touched = shapely.intersects(self._polygon, boxes)
        cells = np.unique(row[touched] * _CELLS_IN_ROW + column[touched] % _CELLS_IN_ROW)
        return cells.tolist() if cells.size <= MAX_CELLS else None


def circle_area(latitude: float, longitude: float, radius: float) -> SearchArea:
    """Return the points within a great-circle distance (km) of a centre."""
    longitude = float(geometry.wrap_longitude(longitude))
    return SearchArea(_box(geometry.circle_bounds(latitude, longitude, radius)), (latitude, longitude, radius))


def polygon_area(corners: list[tuple[float, float]]) -> SearchArea:
    """Return the polygon of corners (latitude, longitude), or the box between two of them.

    From each corner to the next it goes the way that their numbers say: over the date line beyond 180 degrees.
    """
    latitudes, longitudes = np.array(corners, dtype=np.float64).T
    if np.ptp(longitudes) > geometry.TURN:
        raise InvalidRequest("area: it is wider than the Earth", field="area")
    longitudes = longitudes - geometry.TURN * floor((longitudes.min() + 180) / geometry.TURN)
    if len(corners) == 2:
        return SearchArea(_box((longitudes.min(), latitudes.min(), longitudes.max(), latitudes.max())))
    polygon = shapely.make_valid(shapely.Polygon(np.column_stack([longitudes, latitudes]))).buffer(_MARGIN)
    if polygon.is_empty:
        raise InvalidRequest("area: the corners enclose nothing", field="area")
    shapely.prepare(polygon)
    return SearchArea(polygon)


def _box(bounds: geometry.Bounds) -> shapely.Geometry:
    west, south, east, north = bounds
    return shapely.box(west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN)


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions on stations; None leaves one open."""

    start: int | None = None  # ms since 1970-01-01
    end: int | None = None  # ms, inclusive
    platform_types: tuple[PlatformType, ...] = ()
    attribute: tuple[str, str | None] | None = None  # key and value of a platform's metadata
    area: SearchArea | None = None
    datatype: str | None = None
    min_depth: float | None = None  # m
    max_depth: float | None = None  # m
    quantum: Quantum = "day"


def parse_search(text: str) -> Search:
    """Parse a search, or raise InvalidRequest with the key that is wrong."""
    values = {key: value.strip() for key, value in split_pairs(text).items() if value.strip()}
    start = parse_instant(values["start_date"], "start_date") if "start_date" in values else None
    end = parse_instant(values["end_date"], "end_date", end=True) if "end_date" in values else None
    if start is not None and end is not None and start > end:
        raise InvalidRequest("end_date is before start_date; exchange them", field="end_date")
    min_depth, max_depth = (
        _parse_number(values, field) if field in values else None for field in ("mindepth", "maxdepth")
    )
    if min_depth is not None and max_depth is not None and min_depth > max_depth:
        raise InvalidRequest("maxdepth is less than mindepth; exchange them", field="maxdepth")
    key = values.get("meta_key", ANY)
    value = values.get("meta_value", ANY)
    return Search(
        start=start,
        end=end,
        platform_types=_parse_types(values.get("platform_type", "")),
        attribute=None if key == ANY else (key, None if value == ANY else value),
        area=_parse_area(values),
        datatype=values.get("datatype"),
        min_depth=min_depth,
        max_depth=max_depth,
        quantum=parse_choice(values.get("quantum", "day"), QUANTA, "quantum", _NO_QUANTUM),
    )


def split_pairs(text: str) -> dict[str, str]:
    """Split `key=value&key=value`; a part that begins with no key belongs to the value before it.

    ``;`` separates as well: older clients write it.
    """
    pairs: dict[str, str] = {}
    last = ""
    for part, separator in zip(_SEPARATORS.split(text), ["", *_SEPARATORS.findall(text)], strict=True):
        key, equals, value = part.partition("=")
        if equals and (key.strip() in SEARCH_KEYS or not last):
            last = key.strip()
            pairs[last] = value
        elif last:
            pairs[last] += separator + part
        elif part.strip():
            raise InvalidRequest(
                "{part!r} is not key=value; the keys are {keys}",
                part=part[:40],
                keys=", ".join(SEARCH_KEYS),
                allowed=SEARCH_KEYS,
            )
    return pairs


def _parse_types(text: str) -> tuple[PlatformType, ...]:
    refusal = Message("there is no platform type {value!r}; there are {choices}")
    names = sorted({name.strip() for name in text.split(",") if name.strip()})
    return tuple(parse_choice(name, PLATFORM_TYPES, "platform_type", refusal) for name in names)


def _parse_number(values: dict[str, str], field: str) -> float:
    try:
        # The front end's slider writes a list, or a number in quotes.
        number = float(values[field].strip('[]" '))
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e6:
        raise InvalidRequest(
            "{name}: {requested!r} is not a number", name=field, requested=values[field][:40], field=field
        )
    return number


def _parse_area(values: dict[str, str]) -> SearchArea | None:
    if "area" not in values:
        return None
    try:
        corners = msgspec.json.decode(values["area"], type=list[tuple[float, float]])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise InvalidRequest(
            "area: write a JSON list of [latitude, longitude], such as [[53.1,-50.2]]", field="area"
        ) from error
    if not 0 < len(corners) <= _MAX_CORNERS:
        raise InvalidRequest(
            "area: from 1 to {max_corners} points can be given", max_corners=_MAX_CORNERS, field="area"
        )
    for latitude, longitude in corners:
        if not (-90 <= latitude <= 90 and abs(longitude) <= geometry.MAX_LONGITUDE):
            raise InvalidRequest(
                "area: [{latitude:g},{longitude:g}] is not a [latitude, longitude] in degrees",
                latitude=latitude,
                longitude=longitude,
                field="area",
            )
    if len(set(corners)) > 1:
        return polygon_area(corners)
    radius = _parse_number(values, "radius") if "radius" in values else _DEFAULT_RADIUS
    if not 0 < radius <= _MAX_RADIUS:
        raise InvalidRequest("radius: from above 0 to {value:.0f} km can be given", value=_MAX_RADIUS, field="radius")
    return circle_area(*corners[0], radius)


def thinning_level(station: int) -> int:
    """Return the level of thinning of a station: half of all are on level 0, a quarter on level 1, and so on.

    Multiples of the golden ratio spread evenly between 0 and 1 over any run of numbers, and over every third, seventh
    or hundredth of them too. Stations are numbered as they are imported, platform by platform along time.
    """
    spread: int = station * _GOLDEN % (1 << _BITS)
    return min(_BITS - spread.bit_length(), THINNING_LEVELS - 1)


def choose_evenly(elements: Sequence[T], count: int = MAP_STATIONS) -> list[T]:
    """Return ``count`` of the elements, at even distances, the first and the last among them."""
    if len(elements) <= count:
        return list(elements)
    return [elements[position] for position in np.linspace(0, len(elements) - 1, count).round().astype(int)]
