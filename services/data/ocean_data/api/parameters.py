"""Parameters of the extraction routes, as the OpenAPI document shows them, and how they are parsed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, get_args

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, Operation
from litestar.params import Body, SkipValidation
from litestar.types import ControllerRouterHandler
from msgspec import Meta

from ocean_common import problems
from ocean_common.clients.metadata import Areas
from ocean_common.contracts.data import (
    MAX_NEIGHBOURS,
    MAX_RADIUS,
    Estimate,
    ExtractedValues,
    ExtractionRequest,
    Interpolation,
    Point,
    PointValues,
    VectorPart,
)
from ocean_common.parameters import DatasetId, path_parameter, query_parameter, refuse_unknown_parameters
from ocean_common.service import body_schema
from ocean_core import errors
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import MAX_LONGITUDE
from ocean_data.extraction import ExtractionService, check_variable_count
from ocean_data.writing.formats import FORMATS

READING_ERRORS = (
    errors.DatasetNotFound,
    errors.VariableNotFound,
    errors.TimeNotFound,
    errors.DepthNotFound,
    errors.SourceUnreadable,
    errors.ServiceUnavailable,
    errors.TooBusy,
)
EXTRACTION_ERRORS = (*READING_ERRORS, errors.PointOutsideGrid, errors.RequestTooLarge)
PROBLEMS = problems.document_errors(*EXTRACTION_ERRORS)
ESTIMATE = "Computed without reading a value."
HttpRequest = Request[Any, Any, Any]
Box = tuple[float, float, float, float]
Answer = Response[ExtractedValues]
PointAnswer = Response[PointValues | ExtractedValues]
Fields = NamedDependency[dict[str, Any]]  # some fields of a request
# It is no data of a request: Litestar must not validate its fields.
Service = NamedDependency[SkipValidation[ExtractionService]]
Query = NamedDependency[SkipValidation[ExtractionRequest]]

Variables = Annotated[
    str,
    path_parameter(
        "Keys of one or several variables, separated by commas.",
        ("sea water potential temperature", "votemper"),
        ("temperature and velocity", "votemper,x_velocity,y_velocity"),
    ),
]
Latitude = Annotated[float, query_parameter("Degrees north.", 74.5, ge=-90, le=90)]
Longitude = Annotated[float, query_parameter("Degrees east, of any turn.", 20.0, ge=-MAX_LONGITUDE, le=MAX_LONGITUDE)]
DepthLevel = Annotated[
    str,
    query_parameter(
        "Index of a depth level (0 is the first), several as `0:9` or `0,4,9`, `bottom` (the deepest wet cell), `mean` "
        "(over the whole column, weighted by the thickness of the levels), or `all`.",
        ("the first level", "0"),
        ("the first ten", "0:9"),
        "bottom",
        "all",
    ),
]
OneLevel = Annotated[
    str,
    query_parameter(
        "Index of a depth level (0 is the first), `bottom` (the deepest wet cell), or `mean`.",
        ("the first level", "0"),
        "bottom",
        "mean",
    ),
]
Time = Annotated[
    str | None,
    query_parameter(
        "A single time: the raw integer of a time step, an instant or a day in ISO 8601 (UTC where no zone is "
        "given), or -1 for the last step; or several with commas.",
        ("a day", "2016-02-01"),
        ("the last", "-1"),
    ),
]
Start = Annotated[str | None, query_parameter("First time, inclusive; written as `time`.", "2016-02-01")]
End = Annotated[str | None, query_parameter("Last time, inclusive; a day counts whole.", "2016-02-03")]
VectorParts = Annotated[
    str | None,
    query_parameter(
        "Parts of a vector, returned in place of its components, the first two variables; separated by commas. "
        "`eastward`, `northward`, `magnitude`, `bearing` (degrees clockwise from north); along a line also `along` "
        "and `across` (to its left). Components along the axes of a grid are rotated.",
        ("speed and direction", "eastward,northward,magnitude"),
    ),
]
ExpressionText = Annotated[
    str | None,
    query_parameter(
        "Expression in the dataset's variables: a calculated variable, returned in addition to the others.",
        ("Kelvin", "votemper + 273.15"),
    ),
]
InterpolationName = Annotated[
    Interpolation,
    query_parameter(
        "Interpolation between cells: the nearest cell, the four around a point, or the nearest `neighbours` "
        "within `radius`, weighted by exp(-(2r/radius)²) or 1/r²."
    ),
]
Radius = Annotated[
    float,
    query_parameter(
        "Search radius in km, for gaussian and inverse. Where cells are larger, their size replaces it.",
        25.0,
        gt=0,
        le=MAX_RADIUS,
    ),
]
Neighbours = Annotated[
    int, query_parameter("Maximum number of cells, for gaussian and inverse.", 10, ge=1, le=MAX_NEIGHBOURS)
]
Format = Annotated[
    str | None,
    query_parameter(
        "Response format: `json` (the default), `csv` or another; else the Accept header decides. `bom=1` begins a CSV "
        "with a byte-order mark, which Excel needs.",
        "json",
        "csv",
        schema_extra={"enum": list(FORMATS), "title": "DataFormat"},
    ),
]
EstimateFormat = Annotated[
    str | None,
    query_parameter(
        "Format of the response: its bytes (`size`) are estimated too, and its limits apply.",
        "csv",
        "netcdf",
        schema_extra={"enum": list(FORMATS), "title": "DataFormat"},
    ),
]
AreaKey = Annotated[
    str | None,
    query_parameter(
        "Key `group/name` of a predefined area, as listed by `/api/v2.0/kml/area/{group}`.", "nordic_seas/Lofoten Basin"
    ),
]


class ExtractionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields of every posted extraction, beside those in the path."""

    expression: Annotated[
        str | None, Meta(description="Expression in the dataset's variables: calculated in addition to the others.")
    ] = None
    vector: Annotated[
        list[VectorPart], Meta(description="Parts of a vector, in place of its components, the first two variables.")
    ] = []
    interpolation: Annotated[Interpolation, Meta(description="Interpolation between cells.")] = "nearest"
    radius: Annotated[float, Meta(description=f"km, for gaussian and inverse: up to {MAX_RADIUS:g}.")] = 25.0
    neighbours: Annotated[int, Meta(description=f"Cells, for gaussian and inverse: 1 to {MAX_NEIGHBOURS}.")] = 10


class TimedBody(ExtractionBody, frozen=True, kw_only=True):
    """Fields of a posted extraction at one time, or at all times of a period."""

    time: Annotated[
        str | None, Meta(description="Time: raw integer, ISO 8601, -1 for the last; several with commas.")
    ] = None
    start: Annotated[str | None, Meta(description="First time, inclusive.")] = None
    end: Annotated[str | None, Meta(description="Last time, inclusive.")] = None
    depth: Annotated[
        str,
        Meta(description="Index of a level, several as `0:9` or `0,4,9`, `bottom`, `all` or `mean`."),
    ] = "0"


@dataclass
class ExtractionOperation(Operation):
    """Operation whose response has other formats besides the first."""

    formats: ClassVar[Mapping[str, str]] = {
        "text/csv": "One row per value, coordinates first (RFC 4180).",
        "application/x-ndjson": "One JSON object per line and value.",
        "application/vnd.cov+json": "CoverageJSON (OGC 21-069r2).",
        "application/x-netcdf": "NetCDF-4 by the CF conventions.",
        "application/geo+json": "Places as features, their values as properties (RFC 7946).",
    }

    def __post_init__(self) -> None:
        response = (self.responses or {}).get("200")
        if isinstance(response, OpenAPIResponse) and response.content:
            for media_type, description in self.formats.items():
                response.content[media_type] = OpenAPIMediaType(schema=body_schema(media_type, description))


provide = partial(Provide, sync_to_thread=False)


def example_body(example: dict[str, Any]) -> Any:
    """Describe the body of a request by an example."""
    return Body(examples=[Example(value=example)])


async def get_extraction(request: HttpRequest, service: Service, extraction: Query, format: Format = None) -> Answer:
    return await service.answer(request, extraction, format)


async def get_point_values(
    request: HttpRequest, service: Service, extraction: Query, format: Format = None
) -> PointAnswer:
    return await service.answer(request, extraction, format)


async def get_csv(request: HttpRequest, service: Service, extraction: Query) -> Response[Any]:
    return await service.answer(request, extraction, "csv")


async def get_netcdf(request: HttpRequest, service: Service, extraction: Query) -> Response[Any]:
    return await service.answer(request, extraction, "netcdf")


async def get_estimate(service: Service, extraction: Query, format: EstimateFormat = None) -> Estimate:
    return await service.estimate(extraction, format)


def extraction_routes(
    path: str,
    parse: Callable[..., ExtractionRequest],
    summary: str,
    description: str,
    *,
    estimate: str | None = None,
    handler: Callable[..., Any] = get_extraction,
    method: Callable[..., Any] = get,
) -> list[HTTPRouteHandler]:
    """Make the routes of an extraction: its values, the estimate of its cost, and files in CSV and NetCDF.

    ``parse`` makes the request of query parameters, or of `data`, the body of a POST.
    """
    name = parse.__name__.removeprefix("parse_").title().replace("_", "")
    route = partial(method, status_code=200, dependencies={"extraction": provide(parse)})
    estimate = estimate or f"Estimate of {summary[0].lower()}{summary[1:]}"
    answer = route(
        path,
        operation_id=f"get{name}",
        operation_class=ExtractionOperation,
        responses=PROBLEMS,
        summary=summary,
        description=description,
    )
    cost = route(
        f"/estimate{path}", operation_id=f"estimate{name}", summary=estimate, description=ESTIMATE, responses=PROBLEMS
    )
    # Generators of clients read one media type of an operation: files have operations of their own.
    files = [
        route(
            f"{path}.{FORMATS[form].suffix}",
            operation_id=f"get{name}{form.title()}",
            summary=f"{summary}: {form.upper()}",
            description=f"The same as a file of the format `{form}`.",
            media_type=FORMATS[form].media_type,
            responses=PROBLEMS
            | {
                200: ResponseSpec(
                    bytes, media_type=FORMATS[form].media_type.partition(";")[0], description="The file.",
                    generate_examples=False,
                )
            },
        )(get_file)
        for form, get_file in (("csv", get_csv), ("netcdf", get_netcdf))
    ]  # fmt: skip
    return [answer(handler), cost(get_estimate), *files]


body_routes = partial(extraction_routes, method=post)


def extraction_router(
    tag: str, handlers: Sequence[ControllerRouterHandler], dependencies: Mapping[str, Provide] | None = None
) -> Router:
    """Make the router of one family of extractions."""
    return Router(
        "/data/{dataset:str}/{variables:str}",
        route_handlers=handlers,
        dependencies={"timed": provide(parse_timed), "keys": provide(parse_path), **(dependencies or {})},
        before_request=refuse_unknown_parameters,
        tags=[tag],
    )


def parse_path(dataset: DatasetId, variables: Variables) -> dict[str, Any]:
    """Parse the fields of a request that are in its path."""
    return {"dataset": dataset, "variables": parse_keys(variables)}


def parse_timed(
    *,
    dataset: DatasetId,
    variables: Variables,
    time: Time = None,
    start: Start = None,
    end: End = None,
    vector: VectorParts = None,
    expression: ExpressionText = None,
    interpolation: InterpolationName = "nearest",
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
    if text is None:
        return []
    parts: tuple[VectorPart, ...] = get_args(VectorPart)
    names = [name.strip() for name in text.split(",")]
    available = ", ".join(parts)
    if unknown := next((name for name in names if name and name not in parts), None):
        raise InvalidRequest(
            "{reason!r} is no part of a vector; there are {available}",
            reason=unknown[:40],
            available=available,
            field="vector",
            allowed=parts,
        )
    if "" in names:
        raise InvalidRequest("name parts of a vector: {available}", available=available, field="vector", allowed=parts)
    return [part for name in names for part in parts if part == name]


def parse_points(text: str, field: str) -> list[Point]:
    """Parse the points of a query parameter: latitude,longitude;latitude,longitude."""
    points: list[Point] = []
    for pair in text.strip(";").split(";"):
        try:
            latitude, longitude = (float(number) for number in pair.split(","))
        except ValueError as error:
            raise InvalidRequest(
                "{text!r} is no point; write {name}=latitude,longitude;latitude,longitude, as 70.5,18;77,12",
                text=pair[:40],
                name=field,
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


async def find_polygon(areas: Areas, key: str) -> dict[str, Any]:
    """Return the polygons of a predefined area as GeoJSON."""
    polygon: dict[str, Any] = msgspec.to_builtins((await areas.area(key)).geometry)
    return polygon
