"""KML (OGC 12-007) as text becomes places: safely, element by element, whatever the text is."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import shapely
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError
from shapely.affinity import translate

from ocean_core.geometry import (
    TURN,
    Floats,
    Position,
    cut_holes,
    polygonal_parts,
    unwrap_longitudes,
    unwrap_ring,
)
from ocean_core.messages import MessageError

Kind = Literal["point", "line", "area"]

MAX_BYTES = 8 << 20  # of a file, unpacked
MAX_PLACES = 10_000  # of a file
MAX_POSITIONS = 500_000  # of a file
MAX_DEPTH = 64  # of elements within elements
MENDED = 1_000  # positions of a ring that crosses itself: the crossings of more would take too long
MAX_NAME = 200  # characters that are kept of a name

_PARTS = re.compile(r"\s*,\s*")
_BLANKS = re.compile(r"\s+")


class KmlUnreadable(MessageError, ValueError):
    """The text is no KML that is read here; the message says why."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A named geometry: Point, LineString or MultiPolygon, in degrees, longitude first."""

    name: str
    geometry: shapely.Geometry


class Kml(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds of one kind."""

    name: str  # of its first folder
    places: list[Place]
    problems: list[str]  # of places that are left out


def read(content: bytes, kind: Kind, stem: str) -> Kml:
    """Read the places of a kind from KML; ``stem`` names what has no name of its own.

    Raises
    ------
    KmlUnreadable
        It is broken, has a DTD or entities, or is larger than is read here.
    """
    if len(content) > MAX_BYTES:
        raise KmlUnreadable(
            "it has {content_count} bytes, and the limit is {max_bytes}",
            content_count=len(content),
            max_bytes=MAX_BYTES,
        )
    reader = _Reader()
    parser = DefusedXMLParser(target=reader, forbid_dtd=True)
    try:
        parser.feed(content)
        parser.close()
    except DefusedXmlException as error:
        raise KmlUnreadable("it has a document type or entities, which are not read") from error
    except (ParseError, LookupError) as error:
        raise KmlUnreadable("it is no XML: {error}", error=str(error)[:120]) from error
    except KmlUnreadable:
        raise
    except ValueError as error:  # an encoding that the parser cannot do
        raise KmlUnreadable("it is no XML: {error}", error=str(error)[:120]) from error
    places, problems = _made(reader.marks, kind, stem)
    if not places and not problems:
        problems = [f"it has no {kind}s"]
    return Kml(name=reader.folder or reader.document or stem, places=places, problems=problems)


class _Mark(msgspec.Struct, kw_only=True):
    """A Placemark as it is written."""

    name: str = ""
    points: list[str] = []
    lines: list[str] = []
    polygons: list[list[str]] = []  # of each: the rim, then the holes


class _Reader:
    """What the parser tells: only what counts is kept, so that nothing grows but the places."""

    def __init__(self) -> None:
        self.folder = ""
        self.document = ""
        self.marks: list[_Mark] = []
        self._path: list[str] = []
        self._text: list[str] | None = None
        self._positions = 0

    def start(self, tag: str, _: Any) -> None:
        local = tag.rpartition("}")[2].rpartition(":")[2]
        self._path.append(local)
        if len(self._path) > MAX_DEPTH:
            raise KmlUnreadable("its elements are nested more than {max_depth} deep", max_depth=MAX_DEPTH)
        if local == "Placemark":
            self.marks.append(_Mark())
            if len(self.marks) > MAX_PLACES:
                raise KmlUnreadable("it has more than {max_places} places", max_places=MAX_PLACES)
        elif local == "Polygon" and "Placemark" in self._path:
            self.marks[-1].polygons.append([])
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
            self._name(_BLANKS.sub(" ", text).strip()[:MAX_NAME])
        elif "Placemark" in self._path:
            self._coordinates(text)

    def close(self) -> None:
        """Nothing is left to do: the places are there."""

    def _name(self, text: str) -> None:
        parent = self._path[-1] if self._path else ""
        if parent == "Placemark":
            self.marks[-1].name = text
        elif parent == "Folder":
            self.folder = self.folder or text
        elif parent == "Document":
            self.document = self.document or text

    def _coordinates(self, text: str) -> None:
        self._positions += text.count(",")
        if self._positions > 2 * MAX_POSITIONS:
            raise KmlUnreadable("it has more than {max_positions} positions", max_positions=MAX_POSITIONS)
        mark, parent = self.marks[-1], self._path[-1]
        if parent == "Point":
            mark.points.append(text)
        elif "Polygon" in self._path and mark.polygons:
            # The rim comes first, wherever it is written.
            place = 0 if "outerBoundaryIs" in self._path else len(mark.polygons[-1])
            mark.polygons[-1].insert(place, text)
        elif parent in {"LineString", "LinearRing"}:
            mark.lines.append(text)


def _made(marks: list[_Mark], kind: Kind, stem: str) -> tuple[list[Place], list[str]]:
    """The places of a kind with names of their own, and why others are left out."""
    places, problems = list[Place](), list[str]()
    taken = dict[str, int]()
    for number, mark in enumerate(marks, 1):
        name = mark.name or f"{stem} {number}"
        try:
            found = _MAKE[kind](mark)
        except (ValueError, shapely.errors.ShapelyError) as error:
            problems.append(f"{name}: {str(error)[:160]}")
            continue
        if len(places) + len(found) > MAX_PLACES:
            raise KmlUnreadable("it has more than {max_places} places", max_places=MAX_PLACES)
        for geometry in found:
            places.append(Place(name=_own(name, taken), geometry=geometry))
    return places, problems


def _own(name: str, taken: dict[str, int]) -> str:
    """A name that no other place of the file has: by it the place is known. Of many alike, the last number is kept."""
    own = name
    while own in taken:
        taken[name] += 1
        own = f"{name} ({taken[name]})"
    taken[own] = 1
    return own


def _points(mark: _Mark) -> list[shapely.Geometry]:
    positions = [position for text in mark.points for position in _positions(text)[:1]]
    return [shapely.Point(longitude - _turns_of(longitude), latitude) for longitude, latitude in positions]


def _lines(mark: _Mark) -> list[shapely.Geometry]:
    found = [_positions(text) for text in mark.lines]
    if any(len(one) < 2 for one in found):
        raise ValueError("a line has at least two positions")
    return [shapely.LineString(_continuous_line(one)) for one in found]


def _areas(mark: _Mark) -> list[shapely.Geometry]:
    polygons = [[_positions(text) for text in one] for one in mark.polygons]
    return [area_of_rings(polygons)] if polygons else []


_MAKE: dict[Kind, Callable[[_Mark], list[shapely.Geometry]]] = {"point": _points, "line": _lines, "area": _areas}


def _turns_of(longitude: float) -> float:
    """Return the whole turns (degrees) that a longitude is beyond -180 to 180."""
    return TURN * round(longitude / TURN)


def _continuous_line(positions: Sequence[Position]) -> Floats:
    """Return a line whose longitudes begin within 180 degrees, and go on beyond where it crosses the antimeridian."""
    line = np.array(positions, dtype=np.float64)
    line[:, 0] = unwrap_longitudes(line[:, 0]) - _turns_of(line[0, 0])
    return line


def area_of_rings(polygons: Sequence[Sequence[Sequence[Position]]]) -> shapely.MultiPolygon:
    """Return one valid MultiPolygon of polygons, each a rim and its holes; its middle is within 180 degrees."""
    parts = list[shapely.Geometry]()
    for rings in polygons:
        if not rings:
            raise ValueError("a polygon has no rim")
        part = cut_holes(_filled(rings[0]), [_filled(hole) for hole in rings[1:]])
        if part.is_empty:
            raise ValueError("its holes cover all of it")
        parts.append(_turned(part, parts[0].centroid.x) if parts else part)
    polygonal = polygonal_parts(shapely.union_all(parts))
    if not polygonal:
        raise ValueError("it has no area")
    whole = shapely.orient_polygons(shapely.MultiPolygon(polygonal))
    return translate(whole, -_turns_of(whole.centroid.x))


def _filled(positions: Sequence[Position]) -> shapely.Geometry:
    """Return what a ring surrounds; one that crosses itself is mended."""
    polygon = shapely.Polygon(unwrap_ring(positions))
    if polygon.is_valid:
        return polygon
    if len(positions) > MENDED:
        raise ValueError(f"a ring crosses itself: {shapely.is_valid_reason(polygon)[:80]}")
    return shapely.make_valid(polygon)


def _turned(geometry: shapely.Geometry, middle: float) -> shapely.Geometry:
    """Return a geometry as near to a longitude as whole turns bring it."""
    return translate(geometry, _turns_of(middle - geometry.centroid.x))


def _positions(text: str) -> list[Position]:
    """Longitudes and latitudes of `longitude,latitude[,altitude]`, with blanks between."""
    found = []
    for one in _PARTS.sub(",", text).split():
        parts = one.split(",")
        if len(parts) not in {2, 3}:
            raise ValueError(f"{one[:40]!r} is not longitude,latitude")
        longitude, latitude = float(parts[0]), float(parts[1])
        if not (abs(latitude) <= 90 and abs(longitude) <= 540):  # so NaN is refused as well
            raise ValueError(f"{one[:40]!r} is not on the Earth: longitude comes first, both in degrees")
        found.append((longitude, latitude))
    if not found:
        raise ValueError("it has no coordinates")
    return found
