"""Routes of values at points: one or many, over depth and through time."""

from typing import Annotated

from msgspec import Meta, field
from msgspec.structs import asdict

from ocean_common.contracts.data import Point, PointsRequest
from ocean_data.api.parameters import (
    DepthLevel,
    Fields,
    Latitude,
    Longitude,
    TimedBody,
    body_routes,
    example_body,
    extraction_router,
    extraction_routes,
    get_point_values,
)

LAND = " On land values are null and `land` is 1; below the sea floor values are null and `land` is 0."
AT_A_POINT = (
    "At one level, the bottom, all levels, or averaged over depth; at the last time if none is given, else at one time "
    "or all of a period."
)
POINTS = "Up to 20,000 points, over depth, through time, or both; at the last time if none is given."
PROFILE = (
    "Levels (all, or one) at one point: a row per time step, a column per level; null on land and below the sea floor. "
    "Several variables, or parts of a vector, come as named arrays."
)
SERIES = (
    "One level, the bottom, the mean over depth or all levels at one point through time: a row per time step, a column "
    "per level. Several variables, or parts of a vector, come as named arrays."
)
EXAMPLE = {"points": [[74.5, 20.0], [76.0, 15.0]], "names": ["Bear Island", "Svalbard"], "depth": "all"}


class PointsBody(TimedBody, frozen=True, kw_only=True):
    """Variables at points: over depth, through time, or both."""

    points: Annotated[list[Point], Meta(description="Latitude and longitude of each point, degrees.")]
    names: Annotated[list[str], Meta(description="Names of the points, or none.")] = field(default_factory=list)


PointsData = Annotated[PointsBody, example_body(EXAMPLE)]


def parse_point(*, timed: Fields, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "0") -> PointsRequest:
    return PointsRequest(form="point", points=[(latitude, longitude)], depth=depth, **timed)


def parse_profile(
    *, timed: Fields, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "all"
) -> PointsRequest:
    return PointsRequest(form="profile", points=[(latitude, longitude)], depth=depth, **timed)


def parse_time_series(
    *, timed: Fields, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "0"
) -> PointsRequest:
    return PointsRequest(form="timeseries", points=[(latitude, longitude)], depth=depth, **timed)


def parse_points(keys: Fields, data: PointsData) -> PointsRequest:
    return PointsRequest(**keys, **asdict(data))


points_router = extraction_router(
    "points",
    [
        *extraction_routes("/point", parse_point, "Variables at a point", AT_A_POINT + LAND),
        *extraction_routes("/profile", parse_profile, "Variables over depth", PROFILE, handler=get_point_values),
        *extraction_routes(
            "/timeseries", parse_time_series, "Variables through time", SERIES, handler=get_point_values
        ),
        *body_routes("/points", parse_points, "Variables at many points", POINTS + LAND),
    ],
)
