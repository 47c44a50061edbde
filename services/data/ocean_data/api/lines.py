"""Routes of values along lines: beneath a path, of a path through time, and along the way of a platform."""

from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import Example
from litestar.params import Body
from msgspec.structs import asdict

from ocean_common.contracts.data import Estimate, ExtractedValues, SectionRequest, TrajectoryRequest, TransectRequest
from ocean_common.parameters import DatasetId, refuse_unknown_parameters
from ocean_data.api.bodies import TrajectoryBody
from ocean_data.api.parameters import (
    ESTIMATE,
    EXTRACTION_PATH,
    PROBLEMS,
    Bathymetry,
    DepthLevel,
    EstimateFormat,
    ExtractionOperation,
    Format,
    HttpRequest,
    OneLevel,
    PathPoints,
    Service,
    Spacing,
    Variables,
    WayPoints,
    parse_keys,
    parse_points,
    parse_timed,
)

Timed = NamedDependency[dict[str, Any]]

EXAMPLE = {
    "points": [[74.5, 20.0], [74.6, 19.5]],
    "times": ["2016-02-02T06:00:00Z", "2016-02-03T06:00:00Z"],
    "depths": [5.0, 20.0],
    "between": "linear",
}
TrajectoryData = Annotated[TrajectoryBody, Body(examples=[Example(value=EXAMPLE)])]


def parse_transect(
    *,
    timed: Timed,
    path: WayPoints,
    points: PathPoints = None,
    spacing: Spacing = None,
    depth: DepthLevel = "all",
    bathymetry: Bathymetry = True,
) -> TransectRequest:
    """Parse the request of a transect."""
    return TransectRequest(
        path=parse_points(path, "path"), points=points, spacing=spacing, depth=depth, bathymetry=bathymetry, **timed
    )


def parse_section(
    *, timed: Timed, path: WayPoints, points: PathPoints = None, spacing: Spacing = None, depth: OneLevel = "0"
) -> SectionRequest:
    """Parse the request of a path through time."""
    return SectionRequest(path=parse_points(path, "path"), points=points, spacing=spacing, depth=depth, **timed)


def trajectory_query(dataset: str, variables: str, body: TrajectoryBody) -> TrajectoryRequest:
    """Combine the address and the body of a request along a trajectory."""
    return TrajectoryRequest(dataset=dataset, variables=parse_keys(variables), **asdict(body))


@get(
    "/transect",
    operation_id="getTransect",
    operation_class=ExtractionOperation,
    summary="The slice of the sea beneath a path",
    description="Values by distance and depth along great circles (geodesics of WGS 84), at the last time if none is "
    "asked for, with the bearing of the path and the sea floor beneath it. Up to 5,000 points; those outside the grid "
    "are null.",
    responses=PROBLEMS,
)
async def get_transect(
    request: HttpRequest, service: Service, transect: NamedDependency[TransectRequest], format: Format = None
) -> Response[ExtractedValues]:
    return await service.answer(request, transect, format)


@get(
    "/estimate/transect",
    operation_id="estimateTransect",
    summary="What it takes: the slice of the sea beneath a path",
    description=ESTIMATE,
    responses=PROBLEMS,
)
async def estimate_transect(
    service: Service, transect: NamedDependency[TransectRequest], format: EstimateFormat = None
) -> Estimate:
    return await service.estimate(transect, format)


@get(
    "/section",
    operation_id="getSection",
    operation_class=ExtractionOperation,
    summary="A path through time",
    description="Values by time and distance at one level, at the bottom or averaged over depth: a Hovmöller diagram. "
    "Up to 5,000 points; those outside the grid are null.",
    responses=PROBLEMS,
)
async def get_section(
    request: HttpRequest, service: Service, section: NamedDependency[SectionRequest], format: Format = None
) -> Response[ExtractedValues]:
    return await service.answer(request, section, format)


@get(
    "/estimate/section",
    operation_id="estimateSection",
    summary="What it takes: a path through time",
    description=ESTIMATE,
    responses=PROBLEMS,
)
async def estimate_section(
    service: Service, section: NamedDependency[SectionRequest], format: EstimateFormat = None
) -> Estimate:
    return await service.estimate(section, format)


@post(
    "/trajectory",
    operation_id="getTrajectory",
    operation_class=ExtractionOperation,
    summary="Variables along the way of a platform",
    description="Each of up to 20,000 points has its own time, and its own depth if depths are given. What is outside "
    "the grid or its time is null.",
    responses=PROBLEMS,
    status_code=200,
)
async def get_trajectory(
    *,
    request: HttpRequest,
    service: Service,
    dataset: DatasetId,
    variables: Variables,
    data: TrajectoryData,
    format: Format = None,
) -> Response[ExtractedValues]:
    return await service.answer(request, trajectory_query(dataset, variables, data), format)


@post(
    "/estimate/trajectory",
    operation_id="estimateTrajectory",
    summary="What it takes: variables along the way of a platform",
    description=ESTIMATE,
    responses=PROBLEMS,
    status_code=200,
)
async def estimate_trajectory(
    *, service: Service, dataset: DatasetId, variables: Variables, data: TrajectoryData, format: EstimateFormat = None
) -> Estimate:
    return await service.estimate(trajectory_query(dataset, variables, data), format)


lines_router = Router(
    EXTRACTION_PATH,
    route_handlers=[
        get_transect,
        estimate_transect,
        get_section,
        estimate_section,
        get_trajectory,
        estimate_trajectory,
    ],
    dependencies={
        "timed": Provide(parse_timed, sync_to_thread=False),
        "transect": Provide(parse_transect, sync_to_thread=False),
        "section": Provide(parse_section, sync_to_thread=False),
    },
    before_request=refuse_unknown_parameters,
    tags=["lines"],
)
