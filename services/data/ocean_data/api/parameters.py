"""Parameters of the routes, as the OpenAPI document shows them, and how they are parsed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, Schema
from litestar.openapi.spec.response import OpenAPIResponse
from litestar.params import PathParameter, QueryParameter, SkipValidation

from ocean_common import problems
from ocean_common.clients.metadata import Areas
from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation, Point, VectorPart
from ocean_common.contracts.places import Area
from ocean_common.parameters import DatasetId
from ocean_core import errors
from ocean_core.errors import InvalidRequest, NotFound
from ocean_core.tiles import Projection
from ocean_data.extraction import ExtractionService, check_variable_count

EXTRACTION_PATH = "/data/{dataset:str}/{variables:str}"
PROBLEMS = problems.document_errors(
    errors.DatasetNotFound,
    errors.VariableNotFound,
    errors.TimeNotFound,
    errors.DepthNotFound,
    errors.PointOutsideGrid,
    errors.RequestTooLarge,
    errors.SourceUnreadable,
    errors.ServiceUnavailable,
    errors.TooBusy,
)
ESTIMATE = "Found without reading a value."
MEDIA_TYPES = {
    "text/csv": "One row per value, coordinates first (RFC 4180).",
    "application/x-ndjson": "One JSON object per line and value.",
    "application/vnd.cov+json": "CoverageJSON (OGC 21-069r2).",
    "application/x-netcdf": "NetCDF-4 by the CF conventions.",
    "application/geo+json": "Places as features, their values as properties (RFC 7946).",
}
MAP_PROJECTIONS: tuple[Projection, ...] = get_args(Projection)

HttpRequest = Request[Any, Any, Any]
T = TypeVar("T", bound=str)
Box = tuple[float, float, float, float]
# It is no data of a request: Litestar must not validate its fields.
Service = NamedDependency[SkipValidation[ExtractionService]]

Variables = Annotated[
    str,
    PathParameter(
        description="Key of a variable, or several with commas.",
        examples=[
            Example(summary="sea water potential temperature", value="votemper"),
            Example(summary="temperature and velocity", value="votemper,x_velocity,y_velocity"),
        ],
    ),
]

Latitude = Annotated[
    float,
    QueryParameter(ge=-90, le=90, description="Degrees north.", examples=[Example(value=74.5)]),
]
Longitude = Annotated[
    float,
    QueryParameter(
        ge=-180,
        le=360,
        description="Degrees east, as -180 to 180 or 0 to 360.",
        examples=[Example(value=20.0)],
    ),
]
DepthLevel = Annotated[
    str,
    QueryParameter(
        description=(
            "Index of a depth level (0 is the first), `bottom` (the deepest wet cell), `mean` (over the whole column, "
            "by the thickness of the levels), or `all`."
        ),
        examples=[Example(summary="the first level", value="0"), Example(value="bottom"), Example(value="all")],
    ),
]
Time = Annotated[
    str | None,
    QueryParameter(
        description=(
            "One time: the raw integer of a time step, an instant or a day in ISO 8601 (UTC where no zone is given), "
            "or -1 for the last step."
        ),
        examples=[Example(summary="a day", value="2016-02-01"), Example(summary="the last", value="-1")],
    ),
]
Start = Annotated[
    str | None,
    QueryParameter(description="First time, included; as `time`.", examples=[Example(value="2016-02-01")]),
]
End = Annotated[
    str | None,
    QueryParameter(description="Last time, included; a day counts whole.", examples=[Example(value="2016-02-03")]),
]
InterpolationMethod = Annotated[
    Interpolation,
    QueryParameter(
        description=(
            "How a value between cells is made: of the nearest cell; of the four around; or of the nearest "
            "`neighbours` within `radius`, weighted by exp(-(2r/radius)²) or 1/r²."
        ),
    ),
]
Radius = Annotated[
    float,
    QueryParameter(
        gt=0,
        le=MAX_RADIUS,
        description="km, for gaussian and inverse. Where cells are larger, their size takes its place.",
        examples=[Example(value=25.0)],
    ),
]
Neighbours = Annotated[
    int,
    QueryParameter(
        ge=1, le=MAX_NEIGHBOURS, description="Cells at most, for gaussian and inverse.", examples=[Example(value=10)]
    ),
]
OneLevel = Annotated[
    str,
    QueryParameter(
        description="Index of a depth level (0 is the first), `bottom` (the deepest wet cell), or `mean`.",
        examples=[Example(summary="the first level", value="0"), Example(value="bottom"), Example(value="mean")],
    ),
]
WayPoints = Annotated[
    str,
    QueryParameter(
        description="Two or more way-points, `latitude,longitude;latitude,longitude`: joined by great circles.",
        examples=[Example(summary="from Norway to Svalbard", value="70.5,18;74.5,19;77,12")],
    ),
]
PathPoints = Annotated[
    int | None,
    QueryParameter(
        ge=2, description="How many points the path has, way-points among them; 100 if neither this nor `spacing`."
    ),
]
Spacing = Annotated[
    float | None,
    QueryParameter(gt=0, description="km: each leg is cut into equal pieces no longer than this."),
]
Bathymetry = Annotated[
    bool,
    QueryParameter(description="Whether the sea floor is answered too: the model's own, or its deepest level."),
]
Vector = Annotated[
    str | None,
    QueryParameter(
        description=(
            "Of the first two variables, which are the components of a vector: these parts instead, with commas. "
            "`eastward`, `northward`, `magnitude`, `bearing` (degrees clockwise from north); of a line also `along` "
            "and `across` (to its left). Components along the axes of a grid are turned."
        ),
        examples=[Example(summary="speed and where to", value="eastward,northward,magnitude")],
    ),
]
Expression = Annotated[
    str | None,
    QueryParameter(
        description="Of the dataset's variables: a calculated variable, answered beside the others.",
        examples=[Example(summary="Kelvin", value="votemper + 273.15")],
    ),
]
Format = Annotated[
    str | None,
    QueryParameter(
        description="`json` (the default), `csv` or another of the answer's forms; the Accept header chooses too.",
        examples=[Example(value="json"), Example(value="csv")],
    ),
]

EstimateFormat = Annotated[
    str | None,
    QueryParameter(
        description="Of the answer that is asked about: its bytes (`size`) are estimated, and the limits of this "
        "format hold.",
        examples=[Example(value="csv"), Example(value="netcdf")],
    ),
]
BoundingBox = Annotated[
    str | None,
    QueryParameter(
        description="`west,south,east,north`: degrees. West > east crosses the date line. This, or `area`.",
        examples=[Example(summary="the western Barents Sea", value="15,70,30,78")],
    ),
]
AreaKey = Annotated[
    str | None,
    QueryParameter(
        description="Key `group/name` of a predefined area, as `/api/v2.0/kml/area/{group}` tells it.",
    ),
]
MapVariables = Annotated[
    str,
    PathParameter(
        description="Key of a variable; two keys with a comma: the magnitude of the vector.",
        examples=[Example(summary="sea water potential temperature", value="votemper")],
    ),
]
MapDepth = Annotated[
    str,
    PathParameter(
        description="Index of a depth level (0 is the first), or `bottom`: the deepest wet cell.",
        examples=[Example(summary="the first level", value="0")],
    ),
]
MapTime = Annotated[
    str,
    PathParameter(
        description="Raw integer of a time step as listed by `timestamps`, ISO 8601, or -1: the last.",
        examples=[Example(summary="the last", value="-1")],
    ),
]


@dataclass
class ExtractionOperation(Operation):
    """Operation whose answer has other formats besides JSON."""

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            formats = {
                media_type: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, description=description))
                for media_type, description in MEDIA_TYPES.items()
            }
            answer.content = {**(answer.content or {}), **formats}


def parse_timed(
    *,
    dataset: DatasetId,
    variables: Variables,
    time: Time = None,
    start: Start = None,
    end: End = None,
    vector: Vector = None,
    expression: Expression = None,
    interpolation: InterpolationMethod = "nearest",
    radius: Radius = 25.0,
    neighbours: Neighbours = 10,
) -> dict[str, Any]:
    """Parse the parameters of every extraction: fields of its request."""
    return {
        "dataset": dataset,
        "variables": parse_keys(variables),
        "time": time,
        "start": start,
        "end": end,
        "vector": parse_vector_parts(vector),
        "expression": expression,
        "interpolation": interpolation,
        "radius": radius,
        "neighbours": neighbours,
    }


def parse_keys(text: str) -> list[str]:
    """Parse the keys of variables, with commas between them."""
    keys = [key.strip() for key in text.split(",")]
    if not all(keys):
        raise InvalidRequest("variables {text!r}: write one key, or several as u,v", text=text[:60], field="variables")
    check_variable_count(keys)
    return keys


def parse_vector_parts(text: str | None) -> list[VectorPart]:
    """Parse the parts of a vector, with commas between them."""
    parts: tuple[VectorPart, ...] = get_args(VectorPart)
    names = [name.strip() for name in text.split(",")] if text is not None else []
    if unknown := next((name for name in names if name and name not in parts), None):
        raise InvalidRequest(
            "{reason!r} is no part of a vector; there are {available}",
            reason=unknown[:40],
            available=", ".join(parts),
            field="vector",
            allowed=parts,
        )
    if "" in names:
        raise InvalidRequest(
            "name parts of a vector: {available}", available=", ".join(parts), field="vector", allowed=parts
        )
    return [part for name in names for part in parts if part == name]


def parse_points(text: str, field: str) -> list[Point]:
    """Parse points as they are written in an address: latitude,longitude;latitude,longitude."""
    points: list[Point] = []
    for pair in text.strip(";").split(";"):
        try:
            latitude, longitude = (float(number) for number in pair.split(","))
        except ValueError as error:
            raise InvalidRequest(
                "{name!r} is no point; write {name2}=latitude,longitude;latitude,longitude, as 70.5,18;77,12",
                name=pair[:40],
                name2=field,
                field=field,
            ) from error
        points.append((latitude, longitude))
    return points


def parse_numbers(text: str, field: str, example: str) -> list[float]:
    """Parse numbers with commas between them."""
    try:
        return [float(number) for number in text.split(",")]
    except ValueError as error:
        raise InvalidRequest(
            "{name} {text!r} is no list of numbers, as {example}",
            name=field,
            text=text[:60],
            example=example,
            field=field,
        ) from error


class NoAreas:
    """Areas of a service without a catalogue of them."""

    async def area(self, key: str) -> Area:
        raise NotFound("there is no area {key!r}; see /api/v2.0/kml/area", key=key[:120], field="area")


async def parse_area(
    *, areas: NamedDependency[Areas], bbox: BoundingBox = None, area: AreaKey = None
) -> dict[str, Any]:
    """Parse a box, or find the polygons of an area: fields of an area request."""
    if (bbox is None) == (area is None):
        raise InvalidRequest("give bbox or area, one of the two", field="bbox")
    return {"box": parse_box(bbox)} if bbox is not None else {"polygon": area_polygon(await areas.area(area or ""))}


def area_polygon(area: Area) -> dict[str, Any]:
    """Return the polygons of an area as GeoJSON."""
    polygon: dict[str, Any] = msgspec.to_builtins(area.geometry)
    return polygon


def parse_box(text: str) -> Box:
    """Parse a box as it is written in an address."""
    edges = parse_numbers(text, "bbox", "15,70,30,78")
    if len(edges) != 4:
        raise InvalidRequest(
            "bbox {text!r} is not west,south,east,north: four numbers, as 15,70,30,78", text=text[:60], field="bbox"
        )
    west, south, east, north = edges
    return west, south, east, north


def parse_choice(text: str, allowed: Sequence[T], field: str) -> T:
    """Return the word of a list, or refuse what is not in it."""
    for choice in allowed:
        if text == choice:
            return choice
    raise InvalidRequest(
        "{name} {value!r} is none of {choices}",
        name=field,
        value=text[:40],
        choices=", ".join(allowed),
        field=field,
        allowed=allowed,
    )
