"""Routes of values at points: one or many, over depth and through time."""

from typing import Annotated

from litestar import Response
from litestar.di import NamedDependency
from msgspec import Meta, field
from msgspec.structs import asdict

from ocean_common.contracts.data import Estimate, ExtractedValues, Point, PointsRequest, PointValues
from ocean_data.api.parameters import (
    Answer,
    DepthLevel,
    EstimateFormat,
    Fields,
    Format,
    HttpRequest,
    Latitude,
    Longitude,
    Service,
    TimedBody,
    estimate_get,
    estimate_post,
    example_body,
    extraction_get,
    extraction_post,
    extraction_router,
    provide,
)

LAND = " On land values are null and `land` is 1; below the sea floor values are null and `land` is 0."
EXAMPLE = {"points": [[74.5, 20.0], [76.0, 15.0]], "names": ["Bear Island", "Svalbard"], "depth": "all"}


class PointsBody(TimedBody, frozen=True, kw_only=True):
    """Variables at points: over depth, through time, or both."""

    points: Annotated[list[Point], Meta(description="Latitude and longitude of each point, degrees.")]
    names: Annotated[list[str], Meta(description="Names of the points, or none.")] = field(default_factory=list)


PointsData = Annotated[PointsBody, example_body(EXAMPLE)]
Query = NamedDependency[PointsRequest]
PointAnswer = Response[PointValues | ExtractedValues]


def parse_point(*, timed: Fields, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "0") -> PointsRequest:
    return PointsRequest(form="point", points=[(latitude, longitude)], depth=depth, **timed)


def parse_profile(
    *, timed: Fields, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "all"
) -> PointsRequest:
    return PointsRequest(form="profile", points=[(latitude, longitude)], depth=depth, **timed)


def parse_timeseries(
    *, timed: Fields, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "0"
) -> PointsRequest:
    return PointsRequest(form="timeseries", points=[(latitude, longitude)], depth=depth, **timed)


@extraction_get(
    "/point",
    summary="Variables at a point",
    description="At one level, the bottom, all levels, or averaged over depth; at the last time if none is given, else "
    "at one time or all of a period." + LAND,
)
async def get_point(request: HttpRequest, service: Service, point: Query, format: Format = None) -> Answer:
    return await service.answer(request, point, format)


@estimate_get("/estimate/point", summary="Estimate of variables at a point")
async def estimate_point(service: Service, point: Query, format: EstimateFormat = None) -> Estimate:
    return await service.estimate(point, format)


@extraction_get(
    "/profile",
    summary="Variables over depth",
    description="Levels (all, or one) at one point: a row per time step, a column per level; null on land and below "
    "the sea floor. Several variables, or parts of a vector, come as named arrays.",
)
async def get_profile(request: HttpRequest, service: Service, profile: Query, format: Format = None) -> PointAnswer:
    return await service.answer(request, profile, format)


@estimate_get("/estimate/profile", summary="Estimate of variables over depth")
async def estimate_profile(service: Service, profile: Query, format: EstimateFormat = None) -> Estimate:
    return await service.estimate(profile, format)


@extraction_get(
    "/timeseries",
    summary="Variables through time",
    description="One level, the bottom, the mean over depth or all levels at one point through time: a row per time "
    "step, a column per level. Several variables, or parts of a vector, come as named arrays.",
)
async def get_time_series(
    request: HttpRequest, service: Service, timeseries: Query, format: Format = None
) -> PointAnswer:
    return await service.answer(request, timeseries, format)


@estimate_get("/estimate/timeseries", summary="Estimate of variables through time")
async def estimate_time_series(service: Service, timeseries: Query, format: EstimateFormat = None) -> Estimate:
    return await service.estimate(timeseries, format)


@extraction_post(
    "/points",
    summary="Variables at many points",
    description="Up to 20,000 points, over depth, through time, or both; at the last time if none is given." + LAND,
)
async def get_points(
    request: HttpRequest, service: Service, keys: Fields, data: PointsData, format: Format = None
) -> Answer:
    return await service.answer(request, PointsRequest(**keys, **asdict(data)), format)


@estimate_post("/estimate/points", summary="Estimate of variables at many points")
async def estimate_points(service: Service, keys: Fields, data: PointsData, format: EstimateFormat = None) -> Estimate:
    return await service.estimate(PointsRequest(**keys, **asdict(data)), format)


points_router = extraction_router(
    "points",
    [
        get_point,
        estimate_point,
        get_profile,
        estimate_profile,
        get_time_series,
        estimate_time_series,
        get_points,
        estimate_points,
    ],
    {"point": provide(parse_point), "profile": provide(parse_profile), "timeseries": provide(parse_timeseries)},
)
