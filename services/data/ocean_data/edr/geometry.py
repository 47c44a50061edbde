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
from ocean_core.geometry import WGS84, Floats, longitude_near

LONGEST_WKT = 64 * MAX_VERTICES  # characters
CIRCLE = 120  # vertices: the polygon lies within 0.04 % of the radius
LONGEST_PIECE = 100.0  # km of a line, of which corridors are made
MOST_PIECES = 500
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
    return distance * factor


def circles_around(points: shapely.Geometry, radius: float) -> dict[str, Any]:
    """Return the places within a distance (km) of points, as a GeoJSON MultiPolygon."""
    bearings = np.linspace(360.0, 0.0, CIRCLE, endpoint=False)
    circles = [_place_around(longitude, latitude, bearings, radius) for longitude, latitude in _positions(points)]
    return _as_geojson(circles)


def corridor_along(lines: shapely.Geometry, width: float) -> dict[str, Any]:
    """Return the places within half a width (km) of lines, whose legs are geodesics of WGS 84, as a MultiPolygon."""
    pieces: list[shapely.Geometry] = []
    for line in shapely.get_parts(lines):
        positions = _positions(line)
        for start, end in pairwise(positions):
            pieces += _pieces_of_leg(start, end, width / 2, MOST_PIECES - len(pieces))
    return _as_geojson([*shapely.get_parts(shapely.union_all(pieces))])


def _positions(geometry: shapely.Geometry) -> Floats:
    """Longitude and latitude of each vertex, (vertex, 2), degrees."""
    positions: Floats = shapely.get_coordinates(geometry)
    if not (np.abs(positions[:, 1]) <= 90).all():
        raise InvalidRequest("coords has latitudes beyond 90 degrees: longitude comes first", field="coords")
    return positions


def _place_around(longitude: float, latitude: float, bearings: Floats, distance: float) -> shapely.Geometry:
    around = np.full(bearings.shape, longitude), np.full(bearings.shape, latitude)
    x, y, _ = WGS84.fwd(*around, bearings, np.full(bearings.shape, distance * 1000.0))
    return shapely.polygons(np.column_stack([longitude_near(x, longitude), y]))


def _pieces_of_leg(start: Floats, end: Floats, half: float, most: int) -> list[shapely.Geometry]:
    """Return the surroundings of pieces of a leg, each with round ends: they overlap."""
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
    x = longitude_near(x, start[0])
    pieces = []
    for number in range(count):
        here, there = (x[number], y[number]), (x[number + 1], y[number + 1])
        forth, back, length_of_piece = WGS84.inv(*here, *there)
        if length_of_piece == 0:
            pieces.append(_place_around(*here, np.linspace(360.0, 0.0, CIRCLE, endpoint=False), half))
            continue
        half_turn = np.linspace(270.0, 90.0, CIRCLE // 2)
        ends = (
            _place_around(*here, forth + half_turn, half),
            _place_around(*there, back + half_turn, half),
        )
        rim = np.concatenate([shapely.get_coordinates(part)[:-1] for part in ends])
        pieces.append(shapely.make_valid(shapely.polygons(rim)))
    return pieces


def _as_geojson(polygons: Sequence[Any]) -> dict[str, Any]:
    return {
        "type": "MultiPolygon",
        "coordinates": [
            [shapely.get_coordinates(ring).tolist() for ring in (polygon.exterior, *polygon.interiors)]
            for polygon in polygons
            if polygon.geom_type == "Polygon"
        ],
    }
