"""GeoJSON (RFC 7946): geometries, arrows, and the places that a deployment shows on its map."""

from typing import Literal

import msgspec


class PointGeometry(msgspec.Struct, frozen=True, kw_only=True):
    """A place."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]  # longitude, latitude: degrees


class ArrowProperties(msgspec.Struct, frozen=True, kw_only=True):
    """Drawing of an arrow, and the text of its tooltip."""

    scale: int  # 0..9: which of ten lengths
    bearing: float  # where to: degrees clockwise from north
    name: str
    data: float  # length of the vector
    units: str


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """A vector at a place."""

    type: Literal["Feature"] = "Feature"
    geometry: PointGeometry
    properties: ArrowProperties


class ArrowCollection(msgspec.Struct, frozen=True, kw_only=True):
    """Arrows of a map tile."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Arrow]


Position = tuple[float, float]  # longitude, latitude: degrees


class PlaceGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A file of places, as a line of the list of its kind."""

    id: str
    name: str  # display name


class PlaceProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A file of places that cannot be served, or a place of it that is left out."""

    kind: Literal["point", "line", "area"]
    file: str  # its name, without folders
    reason: str


class LineGeometry(msgspec.Struct, frozen=True, kw_only=True):
    """A line; its longitudes go on beyond ±180 where it crosses the antimeridian."""

    type: Literal["LineString"] = "LineString"
    coordinates: list[Position]


class AreaGeometry(msgspec.Struct, frozen=True, kw_only=True):
    """Polygons, each a rim and its holes. Beyond 180 degrees where they cross the date line."""

    type: Literal["MultiPolygon"] = "MultiPolygon"
    coordinates: list[list[list[Position]]]


class PointPlaceProperties(msgspec.Struct, frozen=True, kw_only=True):
    """Properties of a point."""

    name: str
    type: Literal["Point"] = "Point"
    resolution: int = 0


class LinePlaceProperties(msgspec.Struct, frozen=True, kw_only=True):
    """Properties of a line."""

    name: str
    type: Literal["LineString"] = "LineString"
    resolution: int = 0


class AreaPlaceProperties(msgspec.Struct, frozen=True, kw_only=True):
    """Properties of an area."""

    name: str
    type: Literal["Polygon"] = "Polygon"
    resolution: float = 0  # that was asked for
    key: str  # `group/name`: by it the area is asked for elsewhere
    centroid: Position
    kind: Literal["predefined"] = msgspec.field(default="predefined", name="class")


class PointPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A station."""

    type: Literal["Feature"] = "Feature"
    geometry: PointGeometry
    properties: PointPlaceProperties


class LinePlace(msgspec.Struct, frozen=True, kw_only=True):
    """A section."""

    type: Literal["Feature"] = "Feature"
    geometry: LineGeometry
    properties: LinePlaceProperties


class AreaPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A predefined area."""

    type: Literal["Feature"] = "Feature"
    geometry: AreaGeometry
    properties: AreaPlaceProperties


class PointPlaces(msgspec.Struct, frozen=True, kw_only=True):
    """The points of a file that are in view."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[PointPlace]


class LinePlaces(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a file that are in view."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[LinePlace]


class AreaPlaces(msgspec.Struct, frozen=True, kw_only=True):
    """The areas of a file that are in view."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[AreaPlace]


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A predefined area, for neighbours: its polygons as they are in the file."""

    key: str
    name: str
    geometry: AreaGeometry
