"""Where an area is: a box, or polygons with holes; over the date line and around a pole as well.

Edges are straight in latitude and longitude, as GeoJSON has them (RFC 7946). An edge that would span more than half
of the Earth crosses the date line instead, unless it spans all of it. A ring around a pole reaches up to that pole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate

from ocean_common.errors import InvalidRequest
from ocean_data.ports import Floats

MAX_VERTICES = 20_000
SLACK = 1e-9  # degrees: a centre on the rim lies inside
FORM = '{"type": "Polygon", "coordinates": [[[longitude, latitude], ...], ...]}'

Box = tuple[float, float, float, float]
Ring = list[list[float]]  # positions: longitude, latitude, and more that is not read
Rings = list[Ring]  # the rim, then the holes


@dataclass(frozen=True, kw_only=True)
class Region:
    """A part of the Earth: its bounding box, and the polygons in it."""

    west: float  # degrees; west <= east <= west + 360
    south: float
    east: float
    north: float
    polygons: tuple[shapely.Geometry, ...] = ()  # none: the whole box
    field: str = "bbox"  # of the request

    @property
    def box(self) -> Box:
        """West, south, east, north."""
        return self.west, self.south, self.east, self.north

    @property
    def around(self) -> bool:
        """Whether it goes around the Earth."""
        return self.east - self.west >= 360.0 - SLACK

    def unwrapped(self, longitude: Floats) -> Floats:
        """Longitudes as nearly as possible as those of the box: degrees."""
        middle = (self.west + self.east) / 2
        turned: Floats = middle + np.mod(longitude - middle + 180.0, 360.0) - 180.0
        # Half a turn away the two ends are the same: the west.
        return np.where(turned > middle + 180.0 - SLACK, turned - 360.0, turned)

    def within(self, longitude: Floats) -> NDArray[np.bool_]:
        """Whether longitudes are those of the box; of the shape of ``longitude``."""
        if self.around:
            return np.isfinite(longitude)
        into = np.mod(longitude - self.west + SLACK, 360.0)
        inside: NDArray[np.bool_] = into <= self.east - self.west + 2 * SLACK
        return inside

    def holds(self, latitude: Floats, longitude: Floats) -> NDArray[np.bool_]:
        """Whether points lie in it, its rim included.

        Parameters
        ----------
        latitude, longitude : ndarray of float, shape (...)
            Degrees, longitudes in any convention; NaN is outside.

        Returns
        -------
        ndarray of bool, shape (...)
        """
        inside = (latitude >= self.south - SLACK) & (latitude <= self.north + SLACK)
        inside[inside] = self.within(longitude[inside])
        if self.polygons and inside.any():
            inside[inside] = self._in_polygons(latitude[inside], longitude[inside])
        return inside

    def _in_polygons(self, latitude: Floats, longitude: Floats) -> NDArray[np.bool_]:
        found = np.zeros(latitude.shape, np.bool_)
        for one in self.polygons:
            first = one.bounds[0]
            turned = first + np.mod(longitude - first, 360.0)
            for more in (0.0, 360.0, -360.0):  # a hair west of the first edge is a turn east of it
                found |= shapely.intersects_xy(one, turned + more, latitude)
        return found


def read(box: Sequence[float] | None, polygon: dict[str, Any] | None) -> Region:
    """Read an area as it is asked for: a box, or a GeoJSON Polygon or MultiPolygon."""
    if (box is None) == (polygon is None):
        raise InvalidRequest("give a bounding box or a polygon, one of the two", field="bbox")
    if box is not None:
        return of_box(box)
    return of_polygons(_polygons(polygon or {}))


def of_box(box: Sequence[float]) -> Region:
    """Read west, south, east, north: degrees. West > east crosses the date line."""
    if len(box) != 4 or not np.isfinite(box).all():
        raise InvalidRequest("a box is west,south,east,north: four numbers, in degrees", field="bbox")
    west, south, east, north = box
    if not (-90 <= south <= 90 and -90 <= north <= 90):
        raise InvalidRequest(
            "latitudes {south:g} and {north:g} are not within -90 and 90", south=south, north=north, field="bbox"
        )
    if south > north:
        raise InvalidRequest(
            "south {south:g} is above north {north:g}; exchange them", south=south, north=north, field="bbox"
        )
    if not (-360 <= west <= 720 and -360 <= east <= 720):
        raise InvalidRequest(
            "longitudes {west:g} and {east:g} are not within -360 and 720", west=west, east=east, field="bbox"
        )
    width = east - west if 0 <= east - west <= 360 else (east - west) % 360
    return Region(west=west, south=south, east=west + width, north=north)


def of_polygons(polygons: Sequence[Rings]) -> Region:
    """Make a region of polygons: of each the rim, then the holes, as rings of longitude and latitude."""
    count = sum(len(ring) for one in polygons for ring in one)
    if count > MAX_VERTICES:
        raise InvalidRequest(
            "the polygon has {count} vertices, and the limit is {max_vertices}",
            count=count,
            max_vertices=MAX_VERTICES,
            field="polygon",
        )
    made = tuple(_polygon(rings) for rings in polygons)
    south, north = min(one.bounds[1] for one in made), max(one.bounds[3] for one in made)
    west, east = _span([(one.bounds[0], one.bounds[2]) for one in made])
    for one in made:
        shapely.prepare(one)
    return Region(west=west, south=south, east=east, north=north, polygons=made, field="polygon")


def _polygons(asked: dict[str, Any]) -> list[Rings]:
    """The rings of a GeoJSON geometry, or of a feature that has one."""
    geometry = asked.get("geometry") if asked.get("type") == "Feature" else asked
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or kind not in {"Polygon", "MultiPolygon"}:
        raise InvalidRequest(
            "polygon is neither a GeoJSON Polygon nor a MultiPolygon, as {format}",
            format=FORM,
            field="polygon",
            allowed=("Polygon", "MultiPolygon"),
        )
    given = geometry.get("coordinates")
    try:
        found = msgspec.convert([given] if kind == "Polygon" else given, list[Rings])
    except msgspec.ValidationError as error:
        raise InvalidRequest(
            "the coordinates of the {kind} are no rings: {error}", kind=kind, error=error, field="polygon"
        ) from error
    if not found or not all(found):
        raise InvalidRequest(
            "the {kind} has no rings of coordinates; write {format}", kind=kind, format=FORM, field="polygon"
        )
    return found


def _polygon(rings: Rings) -> shapely.Geometry:
    """One polygon, its longitudes without a jump; the holes are cut out."""
    rim = _area(_ring(rings[0]))
    first = rim.bounds[0]
    for ring in rings[1:]:
        hole = _area(_ring(ring))
        turn = 360.0 * np.floor((first - hole.bounds[0]) / 360.0)
        for more in (0.0, 360.0, 720.0):
            rim = shapely.difference(rim, translate(hole, turn + more))
    if rim.is_empty or rim.area == 0:
        raise InvalidRequest("the polygon has no area: its holes cover all of it", field="polygon")
    return rim


def _area(ring: Floats) -> shapely.Geometry:
    polygon = shapely.Polygon(ring)
    if not polygon.is_valid or polygon.area == 0:
        reason = shapely.is_valid_reason(polygon) if not polygon.is_valid else "it has no area"
        raise InvalidRequest("a ring of the polygon is no simple ring: {reason}", reason=reason[:120], field="polygon")
    return polygon


def _ring(given: Ring) -> Floats:
    """Longitudes and latitudes of a ring, (vertex, 2), without a jump at the date line, and closed."""
    if not all(len(one) >= 2 for one in given):
        raise InvalidRequest("a ring is a list of [longitude, latitude]; write {format}", format=FORM, field="polygon")
    ring = np.array([one[:2] for one in given], dtype=np.float64).reshape(-1, 2)
    if len(ring) < 4 or not np.isfinite(ring).all():
        raise InvalidRequest("a ring has at least four positions, the last as the first, all numbers", field="polygon")
    if not (np.abs(ring[:, 1]) <= 90).all() or not (np.abs(ring[:, 0]) <= 720).all():
        raise InvalidRequest("a ring has latitudes from -90 to 90 and longitudes as degrees east", field="polygon")
    if not np.array_equal(ring[0], ring[-1]):
        raise InvalidRequest("the last position of a ring is its first; close the ring", field="polygon")
    steps = np.diff(ring[:, 0])
    # Exactly one turn is an edge along a parallel around the Earth, or along the date line: as it stands.
    short = np.where(np.abs(steps) == 360, steps, np.mod(steps + 180, 360) - 180)
    longitude = ring[0, 0] + np.concatenate([[0.0], np.cumsum(short)])
    turns = longitude[-1] - longitude[0]
    if abs(turns) > 540:
        raise InvalidRequest("a ring goes around the Earth more than once", field="polygon")
    if abs(turns) > 180:  # around a pole: down to it on one side of the cut, and back on the other
        pole = np.copysign(90.0, ring[:, 1].mean())
        closing = [[longitude[-1], pole], [longitude[0], pole], [longitude[0], ring[0, 1]]]
        return np.concatenate([np.stack([longitude, ring[:, 1]], axis=1), closing])
    longitude[-1] = longitude[0]
    return np.stack([longitude, ring[:, 1]], axis=1)


def _span(spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The least span of longitudes that holds all of them, wherever the date line is."""
    around = next((low for low, high in spans if high - low >= 360), None)
    if around is not None:
        return around, around + 360.0
    best = (-180.0, 180.0)
    for first, _ in spans:
        east = max((low - first) % 360.0 + high - low for low, high in spans)
        if east < best[1] - best[0]:
            best = first, first + east
    return best
