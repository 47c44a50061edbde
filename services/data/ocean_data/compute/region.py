"""Areas on the Earth: a box, or polygons with holes; over the date line and around a pole as well.

Edges go the way that their numbers say (`ocean_core.geometry`): an area over the date line goes on beyond 180 degrees,
one around a pole goes along its meridians.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate

from ocean_common.contracts.data import MAX_VERTICES
from ocean_common.problems import parse_framework_text
from ocean_core.errors import InvalidRequest, Message, join_messages
from ocean_core.geometry import (
    MAX_LONGITUDE,
    TURN,
    Floats,
    Position,
    close_ring,
    cut_holes,
    longitudes_in_span,
    polygon_holds,
    smallest_span,
    wrap_span,
)

SLACK = 1e-9  # degrees: a centre on the rim lies inside
FORM = '{"type": "Polygon", "coordinates": [[[longitude, latitude], ...], ...]}'

Box = tuple[float, float, float, float]
Ring = Sequence[Sequence[float]] | Sequence[Position]  # longitude, latitude, and more that is not read
Rings = Sequence[Ring]  # the rim, then the holes


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

    def unwrapped(self, longitude: Floats) -> Floats:
        """Return longitudes as nearly as possible as those of the box: degrees."""
        middle = (self.west + self.east) / 2
        turned: Floats = middle + np.mod(longitude - middle + 180.0, 360.0) - 180.0
        # Half a turn away the two ends are the same: the west.
        return np.where(turned > middle + 180.0 - SLACK, turned - 360.0, turned)

    def within(self, longitude: Floats) -> NDArray[np.bool_]:
        """Return which longitudes are those of the box; of the shape of ``longitude``."""
        return longitudes_in_span(longitude, (self.west, self.east), SLACK)

    def holds(self, latitude: Floats, longitude: Floats) -> NDArray[np.bool_]:
        """Return which points lie in it, its rim included: degrees, longitudes in any convention; NaN is outside."""
        inside = (latitude >= self.south - SLACK) & (latitude <= self.north + SLACK)
        inside[inside] = self.within(longitude[inside])
        if self.polygons and inside.any():
            points = latitude[inside], longitude[inside]
            inside[inside] = np.logical_or.reduce([polygon_holds(polygon, *points) for polygon in self.polygons])
        return inside


def covered_shares(region: Region, latitude: Floats, longitude: Floats) -> Floats:
    """Return which share of each cell lies in a region, in the plane of longitude and latitude: (cell,), 0 to 1.

    ``latitude`` and ``longitude``: the corners of the cells in order, (cell, corner), degrees; 1 of a cell that has no
    outline in that plane: around a pole, or with a corner nowhere.
    """
    turned = np.mod(longitude - longitude[:, :1] + 180.0, 360.0) - 180.0
    corners = np.stack([region.unwrapped(longitude[:, :1]) + turned, latitude], axis=-1)
    usable = np.isfinite(corners).all(axis=(1, 2)) & (np.ptp(turned, axis=1) < 180.0)
    cells = shapely.polygons(corners[usable])
    usable[usable] = regular = shapely.is_valid(cells) & (shapely.area(cells) > 0)
    cells, inside = cells[regular], np.zeros(int(regular.sum()))
    for polygon in region.polygons or (shapely.box(*region.box),):
        for turn in (-360.0, 0.0, 360.0):
            inside += shapely.area(shapely.intersection(cells, translate(polygon, turn)))
    shares = np.ones(len(latitude))
    shares[usable] = np.clip(inside / shapely.area(cells), 0.0, 1.0)
    return shares


def read_region(box: Sequence[float] | None, polygon: dict[str, Any] | None) -> Region:
    """Read the area of a request: a box, or a GeoJSON Polygon or MultiPolygon."""
    if (box is None) == (polygon is None):
        raise InvalidRequest("give a bounding box or a polygon, one of the two", field="bbox")
    return polygon_region(_read_polygons(polygon or {})) if box is None else box_region(box)


def box_region(box: Sequence[float]) -> Region:
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
    if not (abs(west) <= MAX_LONGITUDE and abs(east) <= MAX_LONGITUDE):
        raise InvalidRequest(
            "longitudes {west:g} and {east:g} are not within -{limit:g} and {limit:g}",
            west=west,
            east=east,
            limit=MAX_LONGITUDE,
            field="bbox",
        )
    width = min(east - west, TURN) if east >= west else (east - west) % TURN
    west, east = wrap_span((west, west + width))
    return Region(west=west, south=south, east=east, north=north)


def polygon_region(polygons: Sequence[Rings]) -> Region:
    """Make a region of polygons: of each the rim, then the holes, as rings of longitude and latitude."""
    count = sum(len(ring) for rings in polygons for ring in rings)
    if count > MAX_VERTICES:
        raise InvalidRequest(
            "the polygon has {count} vertices, and the limit is {max_vertices}",
            count=count,
            max_vertices=MAX_VERTICES,
            field="polygon",
        )
    shapes = tuple(_polygon(rings) for rings in polygons)
    bounds = np.array([shape.bounds for shape in shapes])
    west, east = wrap_span(smallest_span([(low, high) for low, _, high, _ in bounds.tolist()]))
    for shape in shapes:
        shapely.prepare(shape)
    south, north = float(bounds[:, 1].min()), float(bounds[:, 3].max())
    return Region(west=west, south=south, east=east, north=north, polygons=shapes, field="polygon")


def _read_polygons(requested: dict[str, Any]) -> list[Rings]:
    """Read the rings of a GeoJSON geometry, or of a feature that has one."""
    geometry = requested.get("geometry") if requested.get("type") == "Feature" else requested
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or kind not in {"Polygon", "MultiPolygon"}:
        raise InvalidRequest(
            "polygon is neither a GeoJSON Polygon nor a MultiPolygon, as {format}",
            format=FORM,
            field="polygon",
            allowed=("Polygon", "MultiPolygon"),
        )
    coordinates = geometry.get("coordinates")
    try:
        polygons: list[Rings] = msgspec.convert(
            [coordinates] if kind == "Polygon" else coordinates, list[list[list[list[float]]]]
        )
    except msgspec.ValidationError as error:
        raise InvalidRequest(
            "the coordinates of the {kind} are no rings: {error}",
            kind=kind,
            error=parse_framework_text(str(error)),
            field="polygon",
        ) from error
    if not polygons or not all(polygons):
        raise InvalidRequest(
            "the {kind} has no rings of coordinates; write {format}", kind=kind, format=FORM, field="polygon"
        )
    return polygons


def _polygon(rings: Rings) -> shapely.Geometry:
    """Return one polygon; the holes are cut out."""
    polygon = cut_holes(_simple_polygon(rings[0]), [_simple_polygon(ring) for ring in rings[1:]])
    if polygon.is_empty or polygon.area == 0:
        raise InvalidRequest("the polygon has no area: its holes cover all of it", field="polygon")
    return polygon


def _simple_polygon(ring: Ring) -> shapely.Geometry:
    """Return what a ring surrounds, or refuse one that crosses itself."""
    polygon = shapely.Polygon(_read_ring(ring))
    if not polygon.is_valid or polygon.area == 0:
        # In the words of GEOS: `Self-intersection[10 75]`.
        problem, bracket, position = shapely.is_valid_reason(polygon)[:120].partition("[")
        invalid = join_messages("", [Message(problem), Message(bracket + position)])
        reason = Message("it has no area") if polygon.is_valid else invalid
        raise InvalidRequest("a ring of the polygon is no simple ring: {reason}", reason=reason, field="polygon")
    return polygon


def _read_ring(requested: Ring) -> Floats:
    """Read the longitudes and latitudes of a ring, (vertex, 2), closed."""
    if not all(len(position) >= 2 for position in requested):
        raise InvalidRequest("a ring is a list of [longitude, latitude]; write {format}", format=FORM, field="polygon")
    ring = np.array([position[:2] for position in requested], dtype=np.float64).reshape(-1, 2)
    if len(ring) < 4 or not np.isfinite(ring).all():
        raise InvalidRequest("a ring has at least four positions, the last as the first, all numbers", field="polygon")
    if not (np.abs(ring[:, 1]) <= 90).all() or not (np.abs(ring[:, 0]) <= MAX_LONGITUDE).all():
        raise InvalidRequest(
            "a ring has latitudes from -90 to 90 and longitudes from -{limit:g} to {limit:g} degrees east",
            limit=MAX_LONGITUDE,
            field="polygon",
        )
    if not np.array_equal(ring[0], ring[-1]):
        raise InvalidRequest("the last position of a ring is its first; close the ring", field="polygon")
    try:
        return close_ring(ring)
    except ValueError as error:
        raise InvalidRequest("a ring goes around the Earth more than once", field="polygon") from error
