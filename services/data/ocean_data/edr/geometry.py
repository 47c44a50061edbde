"""Geometries of EDR queries: Well-Known Text, circles around points, and corridors along lines."""

import math
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError

from ocean_common.contracts.data import MAX_VERTICES
from ocean_core.errors import InvalidRequest, RequestTooLarge
from ocean_core.geometry import WGS84, Floats

LONGEST_WKT = 64 * MAX_VERTICES  # characters
CIRCLE = 120  # vertices: the polygon lies within 0.04 % of the radius
HALF_CIRCLE = 30  # vertices of each end of a piece
LONGEST_PIECE = 100.0  # km of a line, of which corridors are made
MOST_PIECES = 300
FARTHEST = 5_000.0  # km around a place: an area on one side of the Earth
# km in one of each unit of a distance.
UNITS = {"km": 1.0, "m": 1e-3, "mi": 1.609344, "nmi": 1.852, "ft": 0.0003048}
_UNIT_NAMES = {"kilometres": "km", "kilometers": "km", "metres": "m", "meters": "m", "miles": "mi", "feet": "ft"}


def parse_wkt(text: str, kinds: Collection[str], example: str) -> shapely.Geometry:
    """Parse ``coords``: longitude first; ``kinds``: of geometries that the query reads."""
    names = ", ".join(kinds)
    if len(text) > LONGEST_WKT:
        raise RequestTooLarge(
            "coords has {count} characters, and the limit is {limit}",
            count=len(text),
            limit=LONGEST_WKT,
            field="coords",
        )
    try:
        geometry: shapely.Geometry = shapely.from_wkt(text)
    except (ShapelyError, UnicodeError) as error:
        raise InvalidRequest(
            "coords {text!r} is no Well-Known Text of {names}, as {example}",
            text=text[:60],
            names=names,
            example=example,
            field="coords",
        ) from error
    if geometry is None or geometry.is_empty or geometry.geom_type not in kinds:
        raise InvalidRequest(
            "coords {text!r} is none of {names}, as {example}",
            text=text[:60],
            names=names,
            example=example,
            field="coords",
        )
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise InvalidRequest("coords has numbers that are not finite", field="coords")
    return geometry


def parse_distance(distance: float, unit: str, field: str) -> float:
    """Return a distance in km."""
    name = unit.strip().lower()
    factor = UNITS.get(_UNIT_NAMES.get(name, name))
    if factor is None:
        raise InvalidRequest(
            "{name} is {unit!r}; it can be {units}",
            name=field,
            unit=unit[:20],
            units=", ".join(UNITS),
            field=field,
            allowed=list(UNITS),
        )
    if distance * factor > FARTHEST:
        raise InvalidRequest(
            "{name} is in {unit}: at most {limit} km", name=field, unit=unit, limit=FARTHEST, field=field
        )
    return distance * factor


def circles_around(points: shapely.Geometry, radius: float) -> dict[str, Any]:
    """Return the places within a distance (km) of points, as a GeoJSON MultiPolygon."""
    bearings = np.linspace(360.0, 0.0, CIRCLE, endpoint=False)
    return _join_rings([_close_ring(*_places_around(place, bearings, radius)) for place in _positions(points)])


def corridor_along(lines: shapely.Geometry, width: float) -> dict[str, Any]:
    """Return the places within half a width (km) of lines, whose legs are geodesics of WGS 84, as a MultiPolygon.

    Its polygons, of pieces of the lines, overlap: a place is in it where it is in one of them.
    """
    rings: list[Floats] = []
    for line in shapely.get_parts(lines):
        for start, end in pairwise(_positions(line)):
            rings += _pieces_of_leg(start, end, width / 2, MOST_PIECES - len(rings))
    return _join_rings(rings)


def _positions(geometry: shapely.Geometry) -> Floats:
    """Longitude and latitude of each vertex, (vertex, 2), degrees."""
    positions: Floats = shapely.get_coordinates(geometry)
    if not (np.abs(positions[:, 1]) <= 90).all():
        raise InvalidRequest("coords has latitudes beyond 90 degrees: longitude comes first", field="coords")
    return positions


def _places_around(place: Floats, bearings: Floats, distance: float) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes at bearings (degrees) and a distance (km) from a place."""
    longitude, latitude, metres = (np.full(bearings.shape, value) for value in (*place, distance * 1000.0))
    x, y, _ = WGS84.fwd(longitude, latitude, bearings, metres)
    return np.asarray(x), np.asarray(y)


def _pieces_of_leg(start: Floats, end: Floats, half: float, most: int) -> list[Floats]:
    """Return rings around pieces of a leg, each with round ends: they overlap."""
    bearing, _, length = WGS84.inv(start[0], start[1], end[0], end[1])
    count = max(1, math.ceil(length / 1000.0 / LONGEST_PIECE))
    if count > most:
        raise RequestTooLarge(
            "the line is longer than {limit} km; ask for a part of it",
            limit=int(MOST_PIECES * LONGEST_PIECE),
            field="coords",
        )
    share = np.linspace(0.0, length, count + 1)
    from_here = [np.full(share.shape, value) for value in (start[0], start[1], bearing)]
    x, y, _ = WGS84.fwd(from_here[0], from_here[1], from_here[2], share)
    half_turn = np.linspace(270.0, 90.0, HALF_CIRCLE)
    rings = []
    for here, there in pairwise(np.column_stack([x, y])):
        forth, back, _ = WGS84.inv(*here, *there)
        ends = _places_around(here, forth + half_turn, half), _places_around(there, back + half_turn, half)
        rings.append(_close_ring(*(np.concatenate(axes) for axes in zip(*ends, strict=True))))
    return rings


def _close_ring(longitude: Floats, latitude: Floats) -> Floats:
    """Return a ring without jumps, (vertex, 2), degrees; one around a pole is led up to it along a meridian."""
    x = np.unwrap(np.append(longitude, longitude[0]), period=360.0)
    y = np.append(latitude, latitude[0])
    x[-1] = x[0] + 360.0 * round((x[-1] - x[0]) / 360.0)
    if x[-1] != x[0]:
        pole = math.copysign(90.0, float(y.mean()))
        x, y = np.append(x, [x[-1], x[0], x[0]]), np.append(y, [pole, pole, y[0]])
    return np.column_stack([x, y])


def _join_rings(rings: Sequence[Floats]) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": [[ring.tolist()] for ring in rings]}
