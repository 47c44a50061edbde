"""Routes of values at points: one or many, over depth and through time."""

from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import Example
from litestar.params import Body
from msgspec.structs import asdict

from ocean_common.contracts.data import Estimate, ExtractedValues, PointsRequest, PointValues
from ocean_common.parameters import DatasetId, refuse_unknown_parameters
from ocean_data.api.bodies import PointsBody
from ocean_data.api.parameters import (
    ESTIMATE,
    EXTRACTION_PATH,
    PROBLEMS,
    DepthLevel,
    EstimateFormat,
    ExtractionOperation,
    Format,
    HttpRequest,
    Latitude,
    Longitude,
    Service,
    Variables,
    parse_keys,
    parse_timed,
)

Timed = NamedDependency[dict[str, Any]]
Query = NamedDependency[PointsRequest]

LAND = " On land values are null and `land` is 1; below the sea floor values are null and `land` is 0."
EXAMPLE = {"points": [[74.5, 20.0], [76.0, 15.0]], "names": ["Bear Island", "Svalbard"], "depth": "all"}
PointsData = Annotated[PointsBody, Body(examples=[Example(value=EXAMPLE)])]


def parse_point(*, timed: Timed, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "0") -> PointsRequest:
    """Parse the request of a point."""
    return PointsRequest(form="point", points=[(latitude, longitude)], depth=depth, **timed)


def parse_profile(
    *, timed: Timed, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "all"
) -> PointsRequest:
    """Parse the request of a profile."""
    return PointsRequest(form="profile", points=[(latitude, longitude)], depth=depth, **timed)


def parse_timeseries(
    *, timed: Timed, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "0"
) -> PointsRequest:
    """Parse the request of a time series."""
    return PointsRequest(form="timeseries", points=[(latitude, longitude)], depth=depth, **timed)


def points_query(dataset: str, variables: str, body: PointsBody) -> PointsRequest:
    """Combine the address and the body of a request at many points."""
    return PointsRequest(dataset=dataset, variables=parse_keys(variables), form="points", **asdict(body))


@get(
    "/point",
    operation_id="getPoint",
    operation_class=ExtractionOperation,
    summary="Variables at a point",
    description="At one level, the bottom, all levels, or averaged over depth; at the last time if none is asked for, "
    "else at one time or all of a period." + LAND,
    responses=PROBLEMS,
)
async def get_point(
    request: HttpRequest, service: Service, point: Query, format: Format = None
) -> Response[ExtractedValues]:
    return await service.answer(request, point, format)


@get(
    "/estimate/point",
    operation_id="estimatePoint",
    summary="What it takes: variables at a point",
    description=ESTIMATE,
    responses=PROBLEMS,
)
async def estimate_point(service: Service, point: Query, format: EstimateFormat = None) -> Estimate:
    return await service.estimate(point, format)


@get(
    "/profile",
    operation_id="getProfile",
    operation_class=ExtractionOperation,
    summary="Variables over depth",
    description="Levels (all, or one) at one point: a row per time step, a column per level; null on land and in the "
    "ground. Several variables, or parts of a vector, come as named arrays.",
    responses=PROBLEMS,
)
async def get_profile(
    request: HttpRequest, service: Service, profile: Query, format: Format = None
) -> Response[PointValues | ExtractedValues]:
    return await service.answer(request, profile, format)


@get(
    "/estimate/profile",
    operation_id="estimateProfile",
    summary="What it takes: variables over depth",
    description=ESTIMATE,
    responses=PROBLEMS,
)
async def estimate_profile(service: Service, profile: Query, format: EstimateFormat = None) -> Estimate:
    return await service.estimate(profile, format)


@get(
    "/timeseries",
    operation_id="getTimeSeries",
    operation_class=ExtractionOperation,
    summary="Variables through time",
    description="One level, the bottom, the mean over depth or all levels at one point through time: a row per time "
    "step, a column per level. Several variables, or parts of a vector, come as named arrays.",
    responses=PROBLEMS,
)
async def get_timeseries(
    request: HttpRequest, service: Service, timeseries: Query, format: Format = None
) -> Response[PointValues | ExtractedValues]:
    return await service.answer(request, timeseries, format)


@get(
    "/estimate/timeseries",
    operation_id="estimateTimeSeries",
    summary="What it takes: variables through time",
    description=ESTIMATE,
    responses=PROBLEMS,
)
async def estimate_timeseries(service: Service, timeseries: Query, format: EstimateFormat = None) -> Estimate:
    return await service.estimate(timeseries, format)


@post(
    "/points",
    operation_id="getPoints",
    operation_class=ExtractionOperation,
    summary="Variables at many points",
    description="Up to 20,000 points, over depth, through time, or both; at the last time if none is asked for." + LAND,
    responses=PROBLEMS,
    status_code=200,
)
async def get_points(
    *,
    request: HttpRequest,
    service: Service,
    dataset: DatasetId,
    variables: Variables,
    data: PointsData,
    format: Format = None,
) -> Response[ExtractedValues]:
    return await service.answer(request, points_query(dataset, variables, data), format)


@post(
    "/estimate/points",
    operation_id="estimatePoints",
    summary="What it takes: variables at many points",
    description=ESTIMATE,
    responses=PROBLEMS,
    status_code=200,
)
async def estimate_points(
    *, service: Service, dataset: DatasetId, variables: Variables, data: PointsData, format: EstimateFormat = None
) -> Estimate:
    return await service.estimate(points_query(dataset, variables, data), format)


points_router = Router(
    EXTRACTION_PATH,
    route_handlers=[
        get_point,
        estimate_point,
        get_profile,
        estimate_profile,
        get_timeseries,
        estimate_timeseries,
        get_points,
        estimate_points,
    ],
    dependencies={
        "timed": Provide(parse_timed, sync_to_thread=False),
        "point": Provide(parse_point, sync_to_thread=False),
        "profile": Provide(parse_profile, sync_to_thread=False),
        "timeseries": Provide(parse_timeseries, sync_to_thread=False),
    },
    before_request=refuse_unknown_parameters,
    tags=["points"],
)
