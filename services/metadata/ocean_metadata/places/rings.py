"""Lines and polygons on the round Earth: without a jump at the date line, and around a pole.

Edges are straight in latitude and longitude, as GeoJSON has them. An edge that would span more than half of the Earth
crosses the date line instead, unless it spans all of it: what the data service reads the same way.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import shapely
from shapely.affinity import translate

Position = tuple[float, float]  # longitude, latitude: degrees

TURN = 360.0
MENDED = 1_000  # positions of a ring that crosses itself: the crossings of more would take too long


def wrapped(longitude: float) -> float:
    """A longitude from -180 to 180: degrees."""
    return longitude if -180 <= longitude <= 180 else (longitude + 180) % TURN - 180


def unwrapped(positions: Sequence[Position]) -> list[Position]:
    """A line with longitudes that go on beyond 180 degrees where it crosses the date line."""
    turned = wrapped(positions[0][0]) - positions[0][0]
    found = [(positions[0][0] + turned, positions[0][1])]
    for (before, _), (longitude, latitude) in pairwise(positions):
        step = longitude - before
        if abs(step) != TURN:  # exactly one turn is an edge around the Earth, as it stands
            turned -= (step + 180) // TURN * TURN
        found.append((longitude + turned, latitude))
    return found


def ring(positions: Sequence[Position]) -> list[Position]:
    """A closed ring; one around a pole reaches up to that pole."""
    closed = [*positions, *([] if positions[0] == positions[-1] else [positions[0]])]
    if len(closed) < 4:
        raise ValueError("a ring has at least three different positions")
    found = unwrapped(closed)
    turns = found[-1][0] - found[0][0]
    if abs(turns) > 540:
        raise ValueError("a ring goes around the Earth more than once")
    if abs(turns) > 180:
        pole = math.copysign(90.0, sum(latitude for _, latitude in found))
        return [*found, (found[-1][0], pole), (found[0][0], pole), found[0]]
    return [*found[:-1], found[0]]


def area(polygons: Sequence[Sequence[Sequence[Position]]]) -> shapely.MultiPolygon:
    """One valid MultiPolygon of polygons, each a rim and its holes; its middle is within 180 degrees."""
    found = list[shapely.Geometry]()
    for rings in polygons:
        if not rings:
            raise ValueError("a polygon has no rim")
        whole = _filled(rings[0])
        for hole in rings[1:]:
            whole = whole.difference(_near(_filled(hole), whole))
            if whole.is_empty:
                raise ValueError("its holes cover all of it")
        found.append(_near(whole, found[0]) if found else whole)
    whole = shapely.orient_polygons(polygonal(shapely.union_all(found)))
    return _turned(whole, wrapped(whole.centroid.x) - whole.centroid.x)


def _filled(positions: Sequence[Position]) -> shapely.Geometry:
    """What a ring surrounds; one that crosses itself is mended."""
    found = shapely.Polygon(ring(positions))
    if found.is_valid:
        return found
    if len(positions) > MENDED:
        raise ValueError(f"a ring crosses itself: {shapely.is_valid_reason(found)[:80]}")
    return shapely.make_valid(found)


def _near(one: shapely.Geometry, other: shapely.Geometry) -> shapely.Geometry:
    """A geometry as near to another as whole turns bring it: however either was written."""
    return _turned(one, round((other.centroid.x - one.centroid.x) / TURN) * TURN)


def _turned(one: shapely.Geometry, degrees: float) -> shapely.Geometry:
    return translate(one, degrees) if degrees else one


def polygonal(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """The polygons of a valid geometry, without the lines and points that mending leaves."""
    parts = [one for one in shapely.get_parts(geometry) if not one.is_empty]
    flat = [each for one in parts for each in (shapely.get_parts(one) if hasattr(one, "geoms") else [one])]
    found = [one for one in flat if one.geom_type == "Polygon" and one.area > 0]
    if not found:
        raise ValueError("it has no area")
    return shapely.MultiPolygon(found)
