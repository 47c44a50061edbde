"""Reads places from KML (OGC 12-007), safely and element by element, whatever the text is.

Lines and polygons become continuous: their longitudes go on beyond 180 degrees at the date line, and a ring around a
pole reaches up to it (see `ocean_core.geometry`).
"""

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import shapely
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError
from shapely.affinity import translate

from ocean_core import geometry
from ocean_core.errors import Message, MessageError

Kind = Literal["point", "line", "area"]

MAX_BYTES = 8 << 20  # of a file, unpacked
MAX_PLACES = 10_000  # of a file
MAX_POSITIONS = 500_000  # of a file
_MAX_NESTING = 64  # of elements within elements
_MAX_NAME = 200  # characters that are kept of a name
_MAX_MENDED = 1_000  # positions of a ring that crosses itself: to mend a longer one would take too long

_NO_PLACES: dict[Kind, Message] = {
    "point": Message("it has no points"), "line": Message("it has no lines"), "area": Message("it has no areas"),
}  # fmt: skip
_COMMAS = re.compile(r"\s*,\s*")
_BLANKS = re.compile(r"\s+")


class KmlUnreadable(MessageError, ValueError):
    """A text that is not KML, or not of the kind that is read here; the message is the reason."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A named geometry: Point, LineString or MultiPolygon, in degrees, longitude first."""

    name: str
    geometry: shapely.Geometry


class KmlPlaces(NamedTuple):
    """Places of one kind in a file."""

    name: str  # of its first folder
    places: list[Place]
    problems: list[Message]  # reasons why places are left out


def check_size(byte_count: int) -> None:
    """Refuse a file that is larger than is read here."""
    if byte_count > MAX_BYTES:
        raise KmlUnreadable("it has {size} bytes, and the limit is {max_bytes}", size=byte_count, max_bytes=MAX_BYTES)


def read_kml(content: bytes, kind: Kind, stem: str) -> KmlPlaces:
    """Read the places of a kind; those without a name are called ``stem`` and their number.

    KmlUnreadable is raised where the text is broken, has a DTD or entities, or is larger than is read here.
    """
    check_size(len(content))
    reader = _PlacemarkReader()
    parser = DefusedXMLParser(target=reader, forbid_dtd=True)
    try:
        parser.feed(content)
        parser.close()
    except DefusedXmlException as error:
        raise KmlUnreadable("it has a document type or entities, which are not read") from error
    except KmlUnreadable:
        raise
    except (ParseError, LookupError, ValueError) as error:  # ValueError: an encoding that the parser does not know
        raise KmlUnreadable("it is not XML: {error}", error=str(error)[:120]) from error
    places, problems = _make_places(reader.placemarks, kind, stem)
    if not places and not problems:
        problems = [_NO_PLACES[kind]]
    return KmlPlaces(reader.folder or reader.document or stem, places, problems)


class _Placemark(msgspec.Struct, kw_only=True):
    """A Placemark with the texts of its coordinates."""

    name: str = ""
    points: list[str] = []
    lines: list[str] = []
    polygons: list[list[str]] = []  # of each the rim, then the holes


class _PlacemarkReader:
    """Target of the parser. Only placemarks are kept, so that nothing else grows with the file."""

    def __init__(self) -> None:
        self.folder = ""
        self.document = ""
        self.placemarks: list[_Placemark] = []
        self._path: list[str] = []
        self._text: list[str] | None = None
        self._positions = 0

    def start(self, tag: str, _: Any) -> None:
        local = tag.rpartition("}")[2].rpartition(":")[2]
        self._path.append(local)
        if len(self._path) > _MAX_NESTING:
            raise KmlUnreadable("its elements are nested more than {max_depth} deep", max_depth=_MAX_NESTING)
        if local == "Placemark":
            self.placemarks.append(_Placemark())
            if len(self.placemarks) > MAX_PLACES:
                raise KmlUnreadable("it has more than {max_places} places", max_places=MAX_PLACES)
        elif local == "Polygon" and "Placemark" in self._path:
            self.placemarks[-1].polygons.append([])
        elif local in {"name", "coordinates"}:
            self._text = []

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, _: str) -> None:
        local = self._path.pop()
        if self._text is None or local not in {"name", "coordinates"}:
            return
        text, self._text = "".join(self._text), None
        if local == "name":
            self._set_name(_BLANKS.sub(" ", text).strip()[:_MAX_NAME])
        elif "Placemark" in self._path:
            self._add_coordinates(text)

    def close(self) -> None:
        """End the text, as the parser requires of a target."""

    def _set_name(self, text: str) -> None:
        match self._path[-1:]:
            case ["Placemark"]:
                self.placemarks[-1].name = text
            case ["Folder"]:
                self.folder = self.folder or text
            case ["Document"]:
                self.document = self.document or text

    def _add_coordinates(self, text: str) -> None:
        self._positions += text.count(",")
        if self._positions > 2 * MAX_POSITIONS:
            raise KmlUnreadable("it has more than {max_positions} positions", max_positions=MAX_POSITIONS)
        placemark, parent = self.placemarks[-1], self._path[-1]
        if parent == "Point":
            placemark.points.append(text)
        elif "Polygon" in self._path and placemark.polygons:
            rings = placemark.polygons[-1]
            # The rim comes first, wherever it stands in the file.
            rings.insert(0 if "outerBoundaryIs" in self._path else len(rings), text)
        elif parent in {"LineString", "LinearRing"}:
            placemark.lines.append(text)


def _make_places(placemarks: list[_Placemark], kind: Kind, stem: str) -> tuple[list[Place], list[Message]]:
    """Return the places of a kind under unique names, and the reasons why others are left out."""
    places, problems = list[Place](), list[Message]()
    counts = dict[str, int]()
    for number, placemark in enumerate(placemarks, 1):
        name = placemark.name or f"{stem} {number}"
        try:
            geometries = _make_geometries(placemark, kind)
        except (ValueError, shapely.errors.ShapelyError) as error:
            reason = error.message if isinstance(error, MessageError) else Message(str(error)[:160])
            problems.append(Message("{name}: {reason}", name=name, reason=reason))
            continue
        if len(places) + len(geometries) > MAX_PLACES:
            raise KmlUnreadable("it has more than {max_places} places", max_places=MAX_PLACES)
        places += [Place(name=_unique_name(name, counts), geometry=shape) for shape in geometries]
    return places, problems


def _unique_name(name: str, counts: dict[str, int]) -> str:
    """Return a name that no other place of the file has. ``counts`` has the last number of each name."""
    unique = name
    while unique in counts:
        counts[name] += 1
        unique = f"{name} ({counts[name]})"
    counts[unique] = 1
    return unique


def _make_geometries(placemark: _Placemark, kind: Kind) -> list[shapely.Geometry]:
    if kind == "point":
        positions = [_parse_positions(text)[0] for text in placemark.points]
        return [shapely.Point(_wrap(longitude), latitude) for longitude, latitude in positions]
    if kind == "line":
        lines = [_parse_positions(text) for text in placemark.lines]
        if any(len(line) < 2 for line in lines):
            raise KmlUnreadable("a line has at least two positions")
        return [shapely.LineString(_unwrap_line(line)) for line in lines]
    polygons = [[_parse_positions(text) for text in rings] for rings in placemark.polygons]
    return [make_area(polygons)] if polygons else []


def _parse_positions(text: str) -> list[geometry.Position]:
    """Parse `longitude,latitude[,altitude]` with blanks between them."""
    positions = []
    for part in _COMMAS.sub(",", text).split():
        numbers = part.split(",")
        if len(numbers) not in {2, 3}:
            raise KmlUnreadable("{part!r} is not longitude,latitude", part=part[:40])
        longitude, latitude = float(numbers[0]), float(numbers[1])
        if not (abs(latitude) <= 90 and abs(longitude) <= geometry.MAX_LONGITUDE):  # false for NaN
            raise KmlUnreadable("{part!r} is not on the Earth: longitude comes first, both in degrees", part=part[:40])
        positions.append((longitude, latitude))
    if not positions:
        raise KmlUnreadable("it has no coordinates")
    return positions


def _wrap(longitude: float) -> float:
    return longitude if abs(longitude) <= 180 else float(geometry.wrap_longitude(longitude))


def _unwrap_line(positions: Sequence[geometry.Position]) -> list[geometry.Position]:
    longitudes = geometry.unwrap_longitudes([longitude for longitude, _ in positions])
    shift = _wrap(positions[0][0]) - positions[0][0]  # 0 or a whole turn: no rounding of the other positions
    return list(zip((longitudes + shift).tolist(), [latitude for _, latitude in positions], strict=True))


def make_area(polygons: Sequence[Sequence[Sequence[geometry.Position]]]) -> shapely.MultiPolygon:
    """Return a valid MultiPolygon of polygons, each a rim and its holes; its centroid is within 180 degrees.

    ValueError is raised where there is no area, with a reason for users.
    """
    parts = list[shapely.Geometry]()
    for rings in polygons:
        if not rings:
            raise KmlUnreadable("a polygon has no rim")
        rim, *holes = (_fill_ring(ring) for ring in rings)
        if rim.is_empty:
            raise KmlUnreadable("it has no area")
        polygon = geometry.cut_holes(rim, [hole for hole in holes if not hole.is_empty])
        if polygon.is_empty:
            raise KmlUnreadable("its holes cover all of it")
        parts.append(_move_near(polygon, parts[0].centroid.x) if parts else polygon)
    flat = geometry.polygonal_parts(shapely.union_all(parts, grid_size=geometry.PRECISION))
    if not flat:
        raise KmlUnreadable("it has no area")
    return _move_near(shapely.orient_polygons(shapely.MultiPolygon(flat)), 0.0)


def _fill_ring(positions: Sequence[geometry.Position]) -> shapely.Geometry:
    """Return the polygon within a ring; one that crosses itself is mended."""
    polygon = shapely.Polygon(geometry.unwrap_ring(positions))
    if polygon.is_valid:
        return polygon
    if len(positions) > _MAX_MENDED:
        raise KmlUnreadable("a ring crosses itself: {reason}", reason=shapely.is_valid_reason(polygon)[:80])
    return shapely.MultiPolygon(geometry.polygonal_parts(shapely.make_valid(polygon)))


def _move_near(polygon: shapely.Geometry, longitude: float) -> shapely.Geometry:
    """Return a polygon turned so that its centroid is as near to a longitude as entire turns bring it."""
    turns = round((longitude - polygon.centroid.x) / geometry.TURN)
    return translate(polygon, turns * geometry.TURN) if turns else polygon
