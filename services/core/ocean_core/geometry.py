"""Geometry of the Earth: longitudes, great circles, and rings of longitude and latitude.

Positions are degrees. Longitudes come in any convention (-180 to 180, 0 to 360, going on beyond either). Inside the
services a line or ring is *continuous*: its longitudes go on beyond 180 where it crosses the antimeridian, and they
are wrapped only where an answer leaves.

Edges are straight in latitude and longitude, as GeoJSON has them (RFC 7946). The edge of an area goes the way that its
numbers say: from -100 to 110 it is 210 degrees wide. Files (KML) and polar maps write longitudes from -180 to 180, with
a jump where they cross the antimeridian: their lines and rings are unwrapped when they are read, so that each edge goes
the shorter way round. There, an edge of exactly half a turn is taken as it is written, and so is one of exactly a whole
turn: it goes along a parallel around the Earth.

Distances are great circles of a sphere with the mean radius of the WGS 84 ellipsoid; `WGS84` measures on the ellipsoid
itself.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod
from shapely.affinity import translate

EARTH_RADIUS = 6371.0088  # km: (2a + b) / 3 of WGS 84
TURN = 360.0
PRECISION = 1e-9  # degrees, 0.1 mm: on a lattice, overlays of polygons cannot fail
MAX_LONGITUDE = 540.0  # degrees east or west: a map that is moved over the antimeridian goes on counting
WGS84 = Geod(ellps="WGS84")

Floats = NDArray[np.float64]
Position = tuple[float, float]  # longitude, latitude
Span = tuple[float, float]  # west, east: degrees, west <= east <= west + 360
Bounds = tuple[float, float, float, float]  # west, south, east, north


def wrap_longitude(longitude: ArrayLike) -> Floats:
    """Return longitudes from -180 up to, but not including, 180; what is there already stays as it is."""
    degrees = np.asarray(longitude, dtype=np.float64)
    within = (degrees >= -180.0) & (degrees < 180.0)
    wrapped: Floats = np.where(within, degrees, np.mod(degrees + 180.0, TURN) - 180.0)
    return wrapped


def longitude_near(longitude: ArrayLike, middle: ArrayLike) -> Floats:
    """Return longitudes turned to within half a turn of ``middle``: from ``middle`` - 180 to below ``middle`` + 180."""
    near: Floats = np.asarray(middle) + wrap_longitude(np.subtract(longitude, middle))
    return near


def unwrap_longitudes(longitude: ArrayLike, *, whole_turns: bool = True) -> Floats:
    """Return the longitudes along a line without a jump, shape (position,); the first stays as it is.

    Without ``whole_turns`` a step of 360 degrees is a jump as well: the line stands still there.
    """
    degrees = np.asarray(longitude, dtype=np.float64)
    steps = np.diff(degrees)
    as_written = (np.abs(steps) <= TURN / 2) | (whole_turns & (np.abs(steps) == TURN))
    turns = np.where(as_written, 0.0, np.floor((steps + TURN / 2) / TURN))
    unwrapped: Floats = degrees - TURN * np.concatenate([[0.0], np.cumsum(turns)])[: degrees.size]
    return unwrapped


def longitudes_in_span(longitude: ArrayLike, span: Span, slack: float = 0.0) -> NDArray[np.bool_]:
    """Return which longitudes lie in a span, its ends included, widened by ``slack`` degrees on each side."""
    degrees, (west, east) = np.asarray(longitude, dtype=np.float64), span
    if east - west >= TURN - slack:
        return np.isfinite(degrees)
    inside: NDArray[np.bool_] = np.mod(degrees - west + slack, TURN) <= east - west + 2 * slack
    return inside


def smallest_span(spans: Sequence[Span]) -> Span:
    """Return the least span of longitudes that holds all of some, wherever the antimeridian is."""
    around = next((west for west, east in spans if east - west >= TURN), None)
    if around is not None:
        return around, around + TURN
    smallest = (-180.0, 180.0)
    for first, _ in spans:
        last = max((west - first) % TURN + east - west for west, east in spans)
        if last < smallest[1] - smallest[0]:
            smallest = first, first + last
    return smallest


def wrap_far_longitudes(longitude: ArrayLike) -> Floats:
    """Return longitudes from -180 to 360 as they are, and others wrapped."""
    degrees = np.asarray(longitude, dtype=np.float64)
    near: Floats = np.where((degrees >= -TURN / 2) & (degrees <= TURN), degrees, wrap_longitude(degrees))
    return near


def wrap_span(span: Span) -> Span:
    """Return a span of longitudes far from Greenwich by an entire turn nearer: its west is from -180 to below 360."""
    west, east = span
    turns = (west < -TURN / 2) - (west >= TURN)
    return west + TURN * turns, east + TURN * turns


def split_at_antimeridian(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return the same part of the Earth with longitudes from -180 to 180: what goes on beyond is cut and turned."""
    west, _, east, _ = geometry.bounds
    if west >= -180.0 and east <= 180.0:
        return geometry
    turns = np.arange(np.floor((west + 180.0) / TURN), np.ceil((east - 180.0) / TURN) + 1)
    boxes = [shapely.box(TURN * turn - 180, -90, TURN * turn + 180, 90) for turn in turns]
    parts = zip(shapely.intersection(geometry, boxes), turns, strict=True)
    return shapely.union_all([translate(part, -TURN * turn) for part, turn in parts])


def unit_vectors(latitude: ArrayLike, longitude: ArrayLike) -> Floats:
    """Return points on the unit sphere, shape (..., 3): x towards 0° E, y towards 90° E, z to the north pole.

    Latitudes and longitudes broadcast: of a lattice, (row, 1) and (1, column), few sines are computed.
    """
    phi, lam = np.radians(latitude), np.radians(longitude)
    across = np.cos(phi)
    return np.stack(np.broadcast_arrays(across * np.cos(lam), across * np.sin(lam), np.sin(phi)), axis=-1)


def positions_of(vectors: Floats) -> tuple[Floats, Floats]:
    """Return the latitudes and longitudes (-180 to 180) that vectors of any length, shape (..., 3), point to."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def east_and_north(latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats, Floats]:
    """Return unit vectors that point to the east and to the north at points: shape (..., 3) each."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    east = np.stack([-np.sin(lam), np.cos(lam), np.zeros_like(lam)], axis=-1)
    north = np.stack([-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi)], axis=-1)
    return east, north


def mean_position(latitude: ArrayLike, longitude: ArrayLike) -> tuple[float, float]:
    """Return the latitude and longitude of the mean direction of points, right across the antimeridian."""
    mean_latitude, mean_longitude = positions_of(unit_vectors(latitude, longitude).reshape(-1, 3).mean(axis=0))
    return float(mean_latitude), float(mean_longitude)


def great_circle_distance(
    latitude: ArrayLike, longitude: ArrayLike, other_latitude: ArrayLike, other_longitude: ArrayLike
) -> Floats:
    """Return great-circle distances (km) between points, by the haversine: exact for short ones too."""
    phi, other = np.radians(latitude), np.radians(other_latitude)
    half_turn = np.radians(np.subtract(other_longitude, longitude)) / 2
    haversine = np.sin((other - phi) / 2) ** 2 + np.cos(phi) * np.cos(other) * np.sin(half_turn) ** 2
    distance: Floats = 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(haversine, 0, 1)))
    return distance


def chord_to_distance(chord: ArrayLike) -> Floats:
    """Return the great-circle distance (km) between points whose chord on the unit sphere is ``chord``."""
    distance: Floats = 2 * EARTH_RADIUS * np.arcsin(np.clip(np.divide(chord, 2), 0, 1))
    return distance


def distance_to_chord(distance: ArrayLike) -> Floats:
    """Return the chord on the unit sphere of great-circle distances (km), at most the Earth's diameter."""
    chord: Floats = 2 * np.sin(np.minimum(np.divide(distance, EARTH_RADIUS), np.pi) / 2)
    return chord


def circle_bounds(latitude: float, longitude: float, radius: float) -> Bounds:
    """Return the box around all within ``radius`` km of a point; with a pole inside, of all longitudes.

    Longitudes are continuous: from ``longitude`` - 180 to ``longitude`` + 180 at most.
    """
    angle = min(radius / EARTH_RADIUS, np.pi)
    south, north = latitude - np.degrees(angle), latitude + np.degrees(angle)
    half_width = 180.0
    if south > -90 and north < 90:
        half_width = float(np.degrees(np.arcsin(min(1.0, np.sin(angle) / np.cos(np.radians(latitude))))))
    return longitude - half_width, max(float(south), -90.0), longitude + half_width, min(float(north), 90.0)


def close_ring(ring: ArrayLike) -> Floats:
    """Return a ring of (longitude, latitude), shape (position, 2), closed, whose edges go the way its numbers say.

    A ring along a parallel has no area by its numbers: if it goes around the Earth, it is led up to the pole as
    `unwrap_ring` does. ValueError: it has fewer than three different positions, or is wider than the Earth.
    """
    positions = _repeat_first(ring)
    if np.ptp(positions[:, 1]) == 0:
        return unwrap_ring(positions)
    if np.ptp(positions[:, 0]) > TURN:
        raise ValueError("a ring goes around the Earth more than once")
    return positions


def unwrap_ring(ring: ArrayLike) -> Floats:
    """Return a ring of (longitude, latitude), shape (position, 2), closed and without a jump at the antimeridian.

    A ring around a pole is led up to that pole, the one of the hemisphere that it lies in, along the meridian of its
    first position: so its polygon holds the pole. ValueError: it has fewer than three different positions, or goes
    around the Earth more than once.
    """
    positions = _repeat_first(ring)
    longitude, latitude = unwrap_longitudes(positions[:, 0]), positions[:, 1]
    if (np.abs(np.diff(positions[:, 0])) == TURN).any() and not _is_simple_ring(longitude, latitude):
        # From 180 to -180 on the antimeridian: no way around the Earth, but a change of the sign.
        longitude = unwrap_longitudes(positions[:, 0], whole_turns=False)
    turned = longitude[-1] - longitude[0]
    if abs(turned) > 1.5 * TURN:
        raise ValueError("a ring goes around the Earth more than once")
    if abs(turned) <= TURN / 2:
        longitude[-1] = longitude[0]
        return np.stack([longitude, latitude], axis=1)
    pole = np.copysign(90.0, latitude.mean())
    to_the_pole = [[longitude[-1], pole], [longitude[0], pole], [longitude[0], latitude[0]]]
    return np.concatenate([np.stack([longitude, latitude], axis=1), to_the_pole])


def _repeat_first(ring: ArrayLike) -> Floats:
    """Return a ring whose last position is its first, shape (position, 2)."""
    positions = np.asarray(ring, dtype=np.float64).reshape(-1, 2)
    if len(positions) and not np.array_equal(positions[0], positions[-1]):
        positions = np.concatenate([positions, positions[:1]])
    if len(positions) < 4:
        raise ValueError("a ring has at least three different positions")
    return positions


def _is_simple_ring(longitude: Floats, latitude: Floats) -> bool:
    """Return whether a line ends where it begins and crosses itself nowhere."""
    closed = abs(longitude[-1] - longitude[0]) <= TURN / 2
    return bool(closed and shapely.LinearRing(np.stack([longitude, latitude], axis=1)).is_simple)


def densify(positions: Floats, spacing: float) -> Floats:
    """Return a line, shape (position, 2), with points along its edges, at most ``spacing`` degrees apart either way."""
    count = np.maximum(1, np.ceil(np.abs(np.diff(positions, axis=0)).max(axis=1) / spacing)).astype(int)
    places = [start + np.arange(number) / number for start, number in enumerate(count)]
    fraction = np.concatenate([*places, [len(positions) - 1]])
    return np.stack([np.interp(fraction, np.arange(len(positions)), column) for column in positions.T], axis=-1)


def cut_holes(polygon: shapely.Geometry, holes: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """Return a polygon without its holes, whichever turn of the Earth the longitudes of these are on."""
    for hole in holes:
        west, _, east, _ = polygon.bounds
        first = np.ceil((west - hole.bounds[2]) / TURN)
        last = np.floor((east - hole.bounds[0]) / TURN)
        for turn in np.arange(first, last + 1):
            polygon = shapely.difference(polygon, translate(hole, TURN * turn), grid_size=PRECISION)
        if polygon.is_empty:
            break
    return polygon


def polygon_holds(polygon: shapely.Geometry, latitude: Floats, longitude: Floats) -> NDArray[np.bool_]:
    """Return which points lie in a polygon of continuous longitudes or on its rim, on whichever turn of the Earth.

    Prepare it (`shapely.prepare`) to ask often.
    """
    inside = np.zeros(latitude.shape, np.bool_)
    if polygon.is_empty:
        return inside
    west, _, east, _ = polygon.bounds
    turned = west + np.mod(longitude - west, TURN)
    # The least bit west of the western edge is almost a turn east of it.
    for turn in range(-1, int((east - west) // TURN) + 1):
        inside |= shapely.intersects_xy(polygon, turned + TURN * turn, latitude)
    return inside


def polygonal_parts(geometry: shapely.Geometry) -> list[Any]:
    """Return the polygons of a geometry that have an area, without the lines and points that mending leaves."""
    flat = shapely.get_parts(shapely.get_parts(geometry))
    return [part for part in flat if part.geom_type == "Polygon" and part.area > 0]
