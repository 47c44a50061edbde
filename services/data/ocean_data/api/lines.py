"""Routes of values along lines: sections beneath paths, paths through time, and trajectories of platforms."""

from typing import Annotated, Literal

from msgspec import Meta, field
from msgspec.structs import asdict

from ocean_common.contracts.data import Point, SectionRequest, TrajectoryRequest, TransectRequest
from ocean_common.parameters import query_parameter
from ocean_data.api.parameters import (
    DepthLevel,
    ExtractionBody,
    Fields,
    OneLevel,
    body_routes,
    example_body,
    extraction_router,
    extraction_routes,
    parse_points,
)

TRANSECT = (
    "Values by distance and depth along great circles (geodesics of WGS 84), at the last time if none is given, with "
    "the bearing of the path and the sea floor beneath it. Up to 5,000 points; those outside the grid are null."
)
SECTION = (
    "Values by time and distance at one level, at the bottom or averaged over depth: the values of a Hovmöller "
    "diagram. Up to 5,000 points; those outside the grid are null."
)
TRAJECTORY = (
    "Each of up to 20,000 points has its own time, and its own depth if depths are given. Points outside "
    "the grid or its times are null."
)
EXAMPLE = {
    "points": [[74.5, 20.0], [74.6, 19.5]],
    "times": ["2016-02-02T06:00:00Z", "2016-02-03T06:00:00Z"],
    "depths": [5.0, 20.0],
    "between": "linear",
}
WayPoints = Annotated[
    str,
    query_parameter(
        "Two or more way-points, `latitude,longitude;latitude,longitude`, joined by great circles.",
        ("from Norway to Svalbard", "70.5,18;74.5,19;77,12"),
    ),
]
PathPoints = Annotated[
    int | None, query_parameter("Number of points, way-points included; 100 without this and `spacing`.", 50, ge=2)
]
Spacing = Annotated[
    float | None, query_parameter("km: each leg is cut into equal pieces no longer than this.", 10.0, gt=0)
]


class TrajectoryBody(ExtractionBody, frozen=True, kw_only=True):
    """Variables along the trajectory of a platform: each point has its own time and depth."""

    points: Annotated[list[Point], Meta(description="Latitude and longitude of each point, degrees.")]
    times: Annotated[list[str], Meta(description="Time of each point, ISO 8601.")]
    depths: Annotated[
        list[float], Meta(description="Depth of each point, m, positive down; none: the first level.")
    ] = field(default_factory=list)
    between: Annotated[
        Literal["nearest", "linear"], Meta(description="Interpolation between time steps, and between levels.")
    ] = "nearest"


TrajectoryData = Annotated[TrajectoryBody, example_body(EXAMPLE)]


def parse_transect(
    *,
    timed: Fields,
    path: WayPoints,
    points: PathPoints = None,
    spacing: Spacing = None,
    depth: DepthLevel = "all",
    bathymetry: Annotated[
        bool, query_parameter("Include the sea floor: the bathymetry of the model, or its deepest level.")
    ] = True,
) -> TransectRequest:
    way_points = parse_points(path, "path")
    return TransectRequest(path=way_points, points=points, spacing=spacing, depth=depth, bathymetry=bathymetry, **timed)


def parse_section(
    *, timed: Fields, path: WayPoints, points: PathPoints = None, spacing: Spacing = None, depth: OneLevel = "0"
) -> SectionRequest:
    return SectionRequest(path=parse_points(path, "path"), points=points, spacing=spacing, depth=depth, **timed)


def parse_trajectory(keys: Fields, data: TrajectoryData) -> TrajectoryRequest:
    return TrajectoryRequest(**keys, **asdict(data))


lines_router = extraction_router(
    "lines",
    [
        *extraction_routes(
            "/transect",
            parse_transect,
            "Section beneath a path",
            TRANSECT,
            estimate="Estimate of a section beneath a path",
        ),
        *extraction_routes(
            "/section",
            parse_section,
            "Hovmöller: values along a path through time",
            SECTION,
            estimate="Estimate of values along a path through time",
        ),
        *body_routes("/trajectory", parse_trajectory, "Variables along a trajectory", TRAJECTORY),
    ],
)
