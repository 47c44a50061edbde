"""Numbers: requests to the data service, and its answers to people and to neighbours.

The public routes read their parameters into the same Structs that neighbours send as MessagePack: a number is the
same whoever asks for it.
"""

from typing import Annotated, Any, Literal

import msgspec

from ocean_common.contracts.assets import Array, VariableInfo
from ocean_core.tiles import Projection

Interpolation = Literal["nearest", "bilinear", "gaussian", "inverse"]

# Tiles along each side of the blocks of which fields are made at once; else tiles are alone. All pixels of a bilinear
# block are sent: a larger one would keep its first tile waiting.
BLOCKS: dict[Interpolation, int] = {"nearest": 4, "bilinear": 2}

# The largest search for the cells around a point: in every service's documents and checks.
MAX_RADIUS = 500.0  # km
MAX_NEIGHBOURS = 50
MAX_MAP_SIDE = 4096  # pixels of a map, along each side
MAX_MAP_PIXELS = 2**22
MAX_SMOOTH_PIXELS = 2**20  # of a map whose values are interpolated: each of its pixels takes longer
MAX_VERTICES = 20_000  # of the polygons of one request


class PointValues(msgspec.Struct, frozen=True, kw_only=True):
    """One variable at one point: a row per time step, a column per depth."""

    dataset: str
    variable: str
    name: str
    units: str
    standard_name: str | None
    latitude: float  # of the point, degrees north
    longitude: float
    cell: tuple[float, float]  # latitude and longitude of the centre of the nearest cell
    interpolation: Interpolation
    times: list[str]  # ISO 8601, UTC
    raw_times: list[int]
    depths: list[float | None]  # m; None: the variable has no depth, or the level has none
    values: list[list[float | None]]  # [time][depth]; None over land, below the sea floor, or absent
    revision: str = ""  # of the dataset; empty if a file has changed since it was indexed
    levels: list[float] = []  # where levels are no depths: their values in `level_units`, such as dbar, or sigma
    level_units: str = ""
    categories: dict[str, str] = {}  # labels of the values by their numbers, where they stand for categories


class TileRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The field behind a map tile. Two variables, with a comma: the magnitude of the vector."""

    dataset: str
    variable: str
    time: str  # raw integer or ISO 8601
    depth: str  # level or "bottom"
    zoom: int
    x: int
    y: int
    projection: Projection = "EPSG:3857"
    interpolation: Interpolation = "gaussian"
    radius: float = 25.0  # km
    neighbours: int = 10
    folded: bool = False  # whether the answer may have fewer rows and columns than the tile
    # Tiles along each side of the block of tiles around it that a folded answer may be of, if that costs little more.
    block: Annotated[int, msgspec.Meta(ge=1)] = 1


class TileField(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Values at the centres of the pixels of a tile or map, north up."""

    variable: VariableInfo
    # float32 (256, 256), or as the block or map; NaN where there is nothing; None: nothing in the whole tile or block.
    values: Array | None
    revision: str  # of the dataset; empty if a file has changed since it was indexed
    # Of a folded field, whose rows and columns are not repeated: which of them each pixel has, (256,) or as the block.
    rows: Array | None = None
    columns: Array | None = None
    block: int = 1  # tiles along each side of the block that it is of; both numbers of its first tile divide by it
    next_time: str = ""  # the time step after it, in the form of the request; empty if there is none, or no such form


class MapRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The field behind a map of any box; it is answered with a `TileField` of its rows and columns."""

    dataset: str
    variable: str
    time: str  # raw integer, ISO 8601, or -1 for the last
    depth: str  # level or "bottom"
    crs: str  # of `ocean_core.projections`
    box: tuple[float, float, float, float]  # left, bottom, right, top on its plane
    width: Annotated[int, msgspec.Meta(ge=1, le=MAX_MAP_SIDE)]
    height: Annotated[int, msgspec.Meta(ge=1, le=MAX_MAP_SIDE)]
    interpolation: Interpolation = "nearest"
    radius: float = 25.0  # km
    neighbours: int = 10


class ValueRange(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a colour scale that suit what is in view, in the variable's units."""

    min: float
    max: float


Kind = Literal[
    "point", "points", "profile", "timeseries", "transect", "section", "trajectory", "area", "statistics", "difference"
]
VectorPart = Literal["eastward", "northward", "magnitude", "bearing", "along", "across"]
Point = tuple[float, float]  # latitude, longitude: degrees


class ExtractionRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Parameters of every extraction."""

    dataset: str
    variables: list[str]  # keys
    expression: str | None = None  # of the dataset's variables: answered beside them, under the key `expression`
    vector: list[VectorPart] = []  # of the two variables: these instead of the components as they are in the files
    interpolation: Interpolation = "nearest"
    radius: float = 25.0  # km
    neighbours: int = 10


class TimedRequest(ExtractionRequest, frozen=True, kw_only=True):
    """At one time, or several with commas, or all from `start` to `end`: raw integer, ISO 8601, or -1 for the last."""

    time: str | None = None
    start: str | None = None
    end: str | None = None


class PointsRequest(TimedRequest, frozen=True, kw_only=True, tag_field="kind", tag="points"):
    """Variables at points: over depth, through time, or both."""

    points: list[Point]
    names: list[str] = []  # of the points; none, or one each
    depth: str = "0"  # level, levels (`0:9`, `0,4,9`), `bottom`, `all`, or `mean`: over the whole column
    form: Literal["point", "points", "profile", "timeseries"] = "points"
    bathymetry: bool = False  # the sea floor too, as in transects


class PathRequest(TimedRequest, frozen=True, kw_only=True):
    """Points along way-points, on great circles: so many, or so far apart."""

    path: list[Point]
    points: int | None = None
    spacing: float | None = None  # km


class TransectRequest(PathRequest, frozen=True, kw_only=True, tag_field="kind", tag="transect"):
    """Section beneath a path, at one time."""

    depth: str = "all"
    bathymetry: bool = True  # the model's sea floor too, where the catalogue knows it


class SectionRequest(PathRequest, frozen=True, kw_only=True, tag_field="kind", tag="section"):
    """Values along a path through time at one level: a Hovmöller diagram."""

    depth: str = "0"  # level, `bottom`, or `mean`


class TrajectoryRequest(ExtractionRequest, frozen=True, kw_only=True, tag_field="kind", tag="trajectory"):
    """Variables along the way of a moving platform: each point has its own time and depth."""

    points: list[Point]
    times: list[str]  # ISO 8601
    depths: list[float] = []  # m, positive down; none: the first level
    between: Literal["nearest", "linear"] = "nearest"  # in time and depth


# Of two variables: the first, the second on the cells and in the units of the first, and the first less the second.
# With `first` or `second` there is no difference of variables whose units cannot be converted.
DifferencePart = Literal["first", "second", "difference"]


class AreaRequest(TimedRequest, frozen=True, kw_only=True, tag_field="kind", tag="area"):
    """Variables over an area: on the cells of their own grid, or on a stated grid."""

    box: tuple[float, float, float, float] | None = None  # west, south, east, north; west > east: over the date line
    polygon: dict[str, Any] | None = None  # GeoJSON Polygon or MultiPolygon, longitude first
    depth: str = "0"  # level, levels (`0:9`, `0,4,9`), `bottom`, `all`, or `mean`
    projection: str | None = None  # of the stated grid: a code, as EPSG:4326, or a PROJ string; None: the own grid
    shape: tuple[int, int] | None = None  # rows and columns of the stated grid
    extent: tuple[float, float, float, float] | None = None  # left, bottom, right, top of it; None: around the area
    places: bool = True  # of a stated grid in a plane: also the latitude and longitude of each of its cells
    stride: int = 1  # own grid: every so many cells
    geometry: Literal["cell", "point"] = "cell"  # of GeoJSON: where a cell ends, or its centre


# Weight of a cell whose centre lies in an area: its whole area, or the part of it that lies there.
Cover = Literal["whole", "part"]


class Minuend(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Minuend of a difference; the fields left out are as in the request."""

    dataset: str
    variables: list[str] = []
    time: str | None = None
    start: str | None = None
    end: str | None = None
    depth: str | None = None
    climatology: bool = False  # the step of the same day or month of the year


class DifferenceRequest(AreaRequest, frozen=True, kw_only=True, tag_field="kind", tag="difference"):
    """The request's variables less those of another dataset, another time or a climatology, on one grid."""

    minus: Minuend
    parts: tuple[DifferencePart, ...] = ("difference",)


class StatisticsRequest(AreaRequest, frozen=True, kw_only=True, tag_field="kind", tag="statistics"):
    """Minimum, maximum, mean and quantiles in an area, weighted by the areas of the cells."""

    quantiles: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)
    cover: Cover = "whole"
    minus: Minuend | None = None  # of differences
    parts: tuple[DifferencePart, ...] = ("difference",)


AnyExtractionRequest = (
    PointsRequest
    | TransectRequest
    | SectionRequest
    | TrajectoryRequest
    | AreaRequest
    | StatisticsRequest
    | DifferenceRequest
)


class Coordinate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Coordinate of the values."""

    name: str
    dims: tuple[str, ...]
    values: Array | list[str]  # times: int64 seconds since 1970-01-01 UTC; names: texts
    units: str | None = None
    standard_name: str | None = None
    long_name: str | None = None
    dates: list[str] = []  # of times in a calendar with days that the Gregorian lacks: ISO 8601


class Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Values of a variable, or of a coordinate that had to be read."""

    variable: VariableInfo
    dims: tuple[str, ...]
    values: Array  # NaN over land, below the sea floor, or absent
    auxiliary: bool = False  # a coordinate of the others: the true depths of levels, the sea floor


class Coverage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to any extraction."""

    kind: Kind
    dataset: str
    dims: dict[str, int]
    coordinates: list[Coordinate]
    fields: list[Field]
    facts: dict[str, str | float] = {}  # what else is to be told: interpolation, …
    revision: str = ""  # of the dataset; empty if a file has changed since it was indexed
    calendar: str = "standard"  # of the raw times


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of a request, estimated without reading a value."""

    kind: Kind
    steps: int  # time steps that are read
    files: int
    chunks: int  # of the files, to be read and unpacked
    cells: int  # values that are read
    bytes: int  # that these take in memory, unpacked
    values: int  # in the answer
    dims: dict[str, int]
    allowed: bool  # within the limits of one request
    reason: str | None = None  # why not, and what would be
    format: str | None = None  # of the answer, where one is asked about
    size: int | None = None  # bytes of the answer in it, about, if all places have values; of NetCDF-4, at most


Nested = list[Any] | float | str | None  # whole numbers too


class CoordinateValues(msgspec.Struct, frozen=True, kw_only=True):
    """Coordinate of the values."""

    dims: list[str]  # none: one value for all
    units: str | None
    standard_name: str | None
    long_name: str | None
    values: Nested  # nested as `dims`


class VariableValues(msgspec.Struct, frozen=True, kw_only=True):
    """Values of one variable."""

    name: str
    units: str
    standard_name: str | None
    dims: list[str]
    values: Nested  # nested as `dims`; null over land, below the sea floor, or absent
    categories: dict[str, str] = {}  # labels of the values by their numbers, where they stand for categories


class ExtractedValues(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an extraction."""

    dataset: str
    kind: Kind
    dims: dict[str, int]
    coordinates: dict[str, CoordinateValues]
    variables: dict[str, VariableValues]
    facts: dict[str, str | float] = {}  # what else is to be told: interpolation, …
    attribution: str | None = None
    revision: str = ""  # of the dataset; empty if a file has changed since it was indexed
