"""Routes of values over areas: the cells themselves, their statistics, and their difference from others."""

from typing import Annotated, Any, Literal

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import Example
from litestar.params import Body, QueryParameter
from msgspec.structs import asdict

from ocean_common.contracts.data import (
    AreaRequest,
    DifferenceRequest,
    Estimate,
    ExtractedValues,
    Minuend,
    StatisticsRequest,
)
from ocean_common.parameters import DatasetId, refuse_unknown_parameters
from ocean_core.errors import InvalidRequest
from ocean_data.api.bodies import AreaBody, DifferenceBody, StatisticsBody
from ocean_data.api.parameters import (
    ESTIMATE,
    EXTRACTION_PATH,
    PROBLEMS,
    DepthLevel,
    EstimateFormat,
    ExtractionOperation,
    Format,
    HttpRequest,
    Service,
    Variables,
    parse_area,
    parse_keys,
    parse_numbers,
    parse_timed,
)

Timed = NamedDependency[dict[str, Any]]
Where = NamedDependency[dict[str, Any]]

POLYGON = {
    "type": "Polygon",
    "coordinates": [[[10, 70], [30, 70], [30, 76], [10, 76], [10, 70]], [[18, 74], [20, 74], [19, 75], [18, 74]]],
}
DIFFERENCE_EXAMPLE = {
    "polygon": POLYGON,
    "time": "2016-02-02",
    "minus": {"dataset": "giops_day", "time": "2016-02-01"},
}
AreaData = Annotated[AreaBody, Body(examples=[Example(value={"polygon": POLYGON, "time": "2016-02-02"})])]
StatisticsData = Annotated[
    StatisticsBody, Body(examples=[Example(value={"polygon": POLYGON, "depth": "all", "quantiles": [0.1, 0.5, 0.9]})])
]
DifferenceData = Annotated[DifferenceBody, Body(examples=[Example(value=DIFFERENCE_EXAMPLE)])]

Projection = Annotated[
    str | None,
    QueryParameter(
        description="Of a stated grid, with `shape`: a code as EPSG:4326, EPSG:3857, EPSG:32661 or EPSG:3031. Left "
        "out: the variables' own cells.",
        examples=[Example(summary="the Arctic from above", value="EPSG:32661")],
    ),
]
Shape = Annotated[
    str | None,
    QueryParameter(
        description="`rows,columns` of the stated grid: equal cells of the least rectangle that holds the box.",
        examples=[Example(value="100,120")],
    ),
]
Stride = Annotated[int, QueryParameter(ge=1, description="Own cells: every so many rows and columns.")]
Geometry = Annotated[
    Literal["cell", "point"],
    QueryParameter(
        description="Of GeoJSON: `cell`, a polygon for each cell, whose sides are half-way to its neighbours (a point "
        "where values are of the nodes of a mesh, or a grid has but one row or column); or `point`, its centre.",
    ),
]
Quantiles = Annotated[
    str,
    QueryParameter(
        description="Up to 20 numbers from 0 to 1, with commas; empty for none.",
        examples=[Example(value="0.05,0.5,0.95")],
    ),
]
MinusDataset = Annotated[
    str | None,
    QueryParameter(
        description="What is taken away: a dataset; the request's own if it is left out.",
        examples=[Example(value="giops_day")],
    ),
]
MinusVariables = Annotated[
    str | None, QueryParameter(description="Its variables, as many and in the same order; the same keys if left out.")
]
MinusTime = Annotated[
    str | None,
    QueryParameter(
        description="Its time, taken away from all; the same instants or days if left out.",
        examples=[Example(value="2016-02-01")],
    ),
]
MinusStart = Annotated[str | None, QueryParameter(description="Its first time: as many steps as the request has.")]
MinusEnd = Annotated[str | None, QueryParameter(description="Its last time.")]
MinusDepth = Annotated[str | None, QueryParameter(description="Its depth level, as `depth`, if it is another.")]
Climatology = Annotated[
    bool, QueryParameter(description="Whether it is a climatology: the step of the same month or day of the year.")
]

AREA = (
    "The cells whose centres lie in the area, as they are in the files; or a stated grid. At the last time if none is "
    "asked for. Variables on other cells than the first, and the components of a vector, are brought to the cells of "
    "the first by `interpolation`."
)
STATISTICS = (
    "By time and level: least and greatest with their places, mean, standard deviation, quantiles, count, covered area "
    "and the share without values. Weighted by the true areas of the cells; a cell that the grid has twice counts once."
)
DIFFERENCE = (
    "The request's variables less those of another dataset, another time or a climatology. What is taken away is "
    "brought to the cells of the first by `interpolation` where its own are others, and to the units of the first."
)


def parse_area_grid(
    projection: Projection = None, shape: Shape = None, stride: Stride = 1, geometry: Geometry = "cell"
) -> dict[str, Any]:
    """Parse the grid of an answer over an area: fields of its request."""
    return {"projection": projection, "shape": parse_shape(shape), "stride": stride, "geometry": geometry}


def parse_box_area(
    *, timed: Timed, where: Where, grid: NamedDependency[dict[str, Any]], depth: DepthLevel = "0"
) -> AreaRequest:
    """Parse the request of an area."""
    return AreaRequest(depth=depth, **grid, **where, **timed)


def parse_statistics(
    *, timed: Timed, where: Where, depth: DepthLevel = "0", quantiles: Quantiles = "0.05,0.25,0.5,0.75,0.95"
) -> StatisticsRequest:
    """Parse the request of statistics."""
    shares = tuple(parse_numbers(quantiles, "quantiles", "0.05,0.5,0.95")) if quantiles.strip() else ()
    return StatisticsRequest(depth=depth, quantiles=shares, **where, **timed)


def parse_minuend(
    *,
    timed: Timed,
    minus_dataset: MinusDataset = None,
    minus_variables: MinusVariables = None,
    minus_time: MinusTime = None,
    minus_start: MinusStart = None,
    minus_end: MinusEnd = None,
    minus_depth: MinusDepth = None,
    climatology: Climatology = False,
) -> Minuend:
    """Parse the part of a difference that is taken away."""
    return Minuend(
        dataset=minus_dataset or timed["dataset"],
        variables=parse_keys(minus_variables) if minus_variables is not None else [],
        time=minus_time,
        start=minus_start,
        end=minus_end,
        depth=minus_depth,
        climatology=climatology,
    )


def parse_difference(
    *,
    timed: Timed,
    minus: NamedDependency[Minuend],
    where: Where,
    grid: NamedDependency[dict[str, Any]],
    depth: DepthLevel = "0",
) -> DifferenceRequest:
    """Parse the request of a difference."""
    return DifferenceRequest(depth=depth, minus=minus, **grid, **where, **timed)


def parse_shape(text: str | None) -> tuple[int, int] | None:
    """Parse rows and columns as they are written in an address."""
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isascii() and part.strip().isdigit() for part in parts):
        raise InvalidRequest("shape {text!r} is not rows,columns, as 100,120", text=text[:40], field="shape")
    rows, columns = (min(int(part[:9]), 10**9) for part in parts)
    return rows, columns


def area_query(dataset: str, variables: str, body: AreaBody) -> AreaRequest:
    """Combine the address and the body of a request over a polygon."""
    return AreaRequest(dataset=dataset, variables=parse_keys(variables), **asdict(body))


def statistics_query(dataset: str, variables: str, body: StatisticsBody) -> StatisticsRequest:
    """Combine the address and the body of a request of statistics."""
    return StatisticsRequest(dataset=dataset, variables=parse_keys(variables), **asdict(body))


def difference_query(dataset: str, variables: str, body: DifferenceBody) -> DifferenceRequest:
    """Combine the address and the body of a request of a difference."""
    return DifferenceRequest(dataset=dataset, variables=parse_keys(variables), **asdict(body))


@get(
    "/area",
    operation_id="getArea",
    operation_class=ExtractionOperation,
    summary="Variables over a box",
    description=AREA,
    responses=PROBLEMS,
)
async def get_area(
    request: HttpRequest, service: Service, area_request: NamedDependency[AreaRequest], format: Format = None
) -> Response[ExtractedValues]:
    return await service.answer(request, area_request, format)


@get(
    "/estimate/area",
    operation_id="estimateArea",
    summary="What it takes: variables over a box",
    description=ESTIMATE,
    responses=PROBLEMS,
)
async def estimate_area(
    service: Service, area_request: NamedDependency[AreaRequest], format: EstimateFormat = None
) -> Estimate:
    return await service.estimate(area_request, format)


@post(
    "/area",
    operation_id="getAreaOfPolygon",
    operation_class=ExtractionOperation,
    summary="Variables over a polygon",
    description=AREA,
    responses=PROBLEMS,
    status_code=200,
)
async def get_area_of_polygon(
    *,
    request: HttpRequest,
    service: Service,
    dataset: DatasetId,
    variables: Variables,
    data: AreaData,
    format: Format = None,
) -> Response[ExtractedValues]:
    return await service.answer(request, area_query(dataset, variables, data), format)


@post(
    "/estimate/area",
    operation_id="estimateAreaOfPolygon",
    summary="What it takes: variables over a polygon",
    description=ESTIMATE,
    responses=PROBLEMS,
    status_code=200,
)
async def estimate_area_of_polygon(
    *, service: Service, dataset: DatasetId, variables: Variables, data: AreaData, format: EstimateFormat = None
) -> Estimate:
    return await service.estimate(area_query(dataset, variables, data), format)


@get(
    "/statistics",
    operation_id="getStatistics",
    operation_class=ExtractionOperation,
    summary="Statistics over a box",
    description=STATISTICS,
    responses=PROBLEMS,
)
async def get_statistics(
    request: HttpRequest, service: Service, statistics: NamedDependency[StatisticsRequest], format: Format = None
) -> Response[ExtractedValues]:
    return await service.answer(request, statistics, format)


@get(
    "/estimate/statistics",
    operation_id="estimateStatistics",
    summary="What it takes: statistics over a box",
    description=ESTIMATE,
    responses=PROBLEMS,
)
async def estimate_statistics(
    service: Service, statistics: NamedDependency[StatisticsRequest], format: EstimateFormat = None
) -> Estimate:
    return await service.estimate(statistics, format)


@post(
    "/statistics",
    operation_id="getStatisticsOfPolygon",
    operation_class=ExtractionOperation,
    summary="Statistics over a polygon",
    description=STATISTICS,
    responses=PROBLEMS,
    status_code=200,
)
async def get_statistics_of_polygon(
    *,
    request: HttpRequest,
    service: Service,
    dataset: DatasetId,
    variables: Variables,
    data: StatisticsData,
    format: Format = None,
) -> Response[ExtractedValues]:
    return await service.answer(request, statistics_query(dataset, variables, data), format)


@post(
    "/estimate/statistics",
    operation_id="estimateStatisticsOfPolygon",
    summary="What it takes: statistics over a polygon",
    description=ESTIMATE,
    responses=PROBLEMS,
    status_code=200,
)
async def estimate_statistics_of_polygon(
    *, service: Service, dataset: DatasetId, variables: Variables, data: StatisticsData, format: EstimateFormat = None
) -> Estimate:
    return await service.estimate(statistics_query(dataset, variables, data), format)


@get(
    "/difference",
    operation_id="getDifference",
    operation_class=ExtractionOperation,
    summary="Differences over a box",
    description=DIFFERENCE,
    responses=PROBLEMS,
)
async def get_difference(
    request: HttpRequest, service: Service, difference: NamedDependency[DifferenceRequest], format: Format = None
) -> Response[ExtractedValues]:
    return await service.answer(request, difference, format)


@get(
    "/estimate/difference",
    operation_id="estimateDifference",
    summary="What it takes: differences over a box",
    description=ESTIMATE,
    responses=PROBLEMS,
)
async def estimate_difference(
    service: Service, difference: NamedDependency[DifferenceRequest], format: EstimateFormat = None
) -> Estimate:
    return await service.estimate(difference, format)


@post(
    "/difference",
    operation_id="getDifferenceOfPolygon",
    operation_class=ExtractionOperation,
    summary="Differences over a polygon",
    description=DIFFERENCE,
    responses=PROBLEMS,
    status_code=200,
)
async def get_difference_of_polygon(
    *,
    request: HttpRequest,
    service: Service,
    dataset: DatasetId,
    variables: Variables,
    data: DifferenceData,
    format: Format = None,
) -> Response[ExtractedValues]:
    return await service.answer(request, difference_query(dataset, variables, data), format)


@post(
    "/estimate/difference",
    operation_id="estimateDifferenceOfPolygon",
    summary="What it takes: differences over a polygon",
    description=ESTIMATE,
    responses=PROBLEMS,
    status_code=200,
)
async def estimate_difference_of_polygon(
    *, service: Service, dataset: DatasetId, variables: Variables, data: DifferenceData, format: EstimateFormat = None
) -> Estimate:
    return await service.estimate(difference_query(dataset, variables, data), format)


areas_router = Router(
    EXTRACTION_PATH,
    route_handlers=[
        get_area,
        estimate_area,
        get_area_of_polygon,
        estimate_area_of_polygon,
        get_statistics,
        estimate_statistics,
        get_statistics_of_polygon,
        estimate_statistics_of_polygon,
        get_difference,
        estimate_difference,
        get_difference_of_polygon,
        estimate_difference_of_polygon,
    ],
    dependencies={
        "timed": Provide(parse_timed, sync_to_thread=False),
        "where": Provide(parse_area),
        "grid": Provide(parse_area_grid, sync_to_thread=False),
        "minus": Provide(parse_minuend, sync_to_thread=False),
        "area_request": Provide(parse_box_area, sync_to_thread=False),
        "statistics": Provide(parse_statistics, sync_to_thread=False),
        "difference": Provide(parse_difference, sync_to_thread=False),
    },
    before_request=refuse_unknown_parameters,
    tags=["areas"],
)
