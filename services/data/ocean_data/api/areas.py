"""Routes of values over areas: the cells themselves, their statistics, and their difference from others."""

from typing import Annotated, Any, Literal

from litestar.di import NamedDependency, Provide
from msgspec import Meta
from msgspec.structs import asdict

from ocean_common.clients.metadata import Areas
from ocean_common.contracts.data import AreaRequest, Cover, DifferenceRequest, Minuend, StatisticsRequest
from ocean_common.parameters import query_parameter
from ocean_core.errors import InvalidRequest
from ocean_data.api.parameters import (
    AreaKey,
    Box,
    DepthLevel,
    Fields,
    TimedBody,
    body_routes,
    example_body,
    extraction_router,
    extraction_routes,
    find_polygon,
    parse_keys,
    parse_numbers,
    provide,
)
from ocean_data.plan.statistics import OF_CATEGORIES, STATISTIC_NAMES

AREA = (
    "The cells whose centres lie in the area, as they are in the files; or a regular grid. At the last time if none is "
    "given. Variables on other cells than the first, and the components of a vector, are brought to the cells of the "
    "first by `interpolation`."
)
STATISTICS = (
    "By time and level: minimum and maximum with their places, mean, standard deviation, quantiles, count, covered "
    "area and the share without values. Weighted by the true areas of the cells; a cell that the grid has twice counts "
    "once. `variables` has each under the key of its variable and its name, as `votemper_mean`: "
    f"{', '.join(STATISTIC_NAMES)}; of categories {', '.join(sorted(OF_CATEGORIES))} alone."
)
DIFFERENCE = (
    "The request's variables minus those of another dataset, another time or a climatology. These are brought to the "
    "cells of the first by `interpolation` where their own are others, and to the units of the first. `variables` has "
    "each difference under the key of the request's variable, in its units; `facts` has the subtracted dataset, "
    "`minus`, and `minus_time` if it is one for all; `coordinates` has `minus_time` if there are several that are not "
    "those of the request. A single level that is subtracted is the coordinate `minus_depth` (m), or `minus_level` "
    "where levels have no depths, then with the facts `minus_level` and `minus_levels`, its number and their count; "
    "the fact `minus_depth` is `bottom` or `mean`."
)
COVER = (
    "Weight of a cell whose centre lies in the area: its `whole` area, or the `part` of it that lies there, for areas "
    "of few cells."
)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
POLYGON = {
    "type": "Polygon",
    "coordinates": [[[10, 70], [30, 70], [30, 76], [10, 76], [10, 70]], [[18, 74], [20, 74], [19, 75], [18, 74]]],
}


class PolygonBody(TimedBody, frozen=True, kw_only=True):
    """Fields of a posted extraction over a box or polygon."""

    box: Annotated[
        Box | None,
        Meta(description="Degrees west, south, east, north, or a polygon; west > east crosses the date line."),
    ] = None
    polygon: Annotated[
        dict[str, Any] | None,
        Meta(description="GeoJSON Polygon with its holes, or MultiPolygon: longitude first, up to 20,000 positions."),
    ] = None


class StatisticsBody(PolygonBody, frozen=True, kw_only=True):
    """Statistics over an area, weighted by the areas of the cells."""

    quantiles: Annotated[tuple[float, ...], Meta(description="Up to 20 numbers from 0 to 1.")] = QUANTILES
    cover: Annotated[Cover, Meta(description=COVER)] = "whole"


class AreaBody(PolygonBody, frozen=True, kw_only=True):
    """Variables over an area: on the cells of their own grid, or on a regular grid."""

    projection: Annotated[
        str | None,
        Meta(
            description="Projection of a regular grid, with `shape`: a code, as EPSG:3857, or a PROJ string, as "
            "`+proj=lcc +lat_1=60 +lat_2=70 +lon_0=20`. None: the variables' own cells."
        ),
    ] = None
    shape: Annotated[tuple[int, int] | None, Meta(description="Rows and columns of the regular grid.")] = None
    extent: Annotated[
        Box | None,
        Meta(
            description="Left, bottom, right, top of the regular grid, in the units of its projection, instead of a "
            "box. None: the smallest rectangle that holds the area."
        ),
    ] = None
    places: Annotated[bool, Meta(description="Include latitude and longitude of the cells of a regular grid.")] = True
    stride: Annotated[int, Meta(description="Own cells: every so many rows and columns.")] = 1
    geometry: Annotated[
        Literal["cell", "point"], Meta(description="Geometry of GeoJSON: a polygon for each cell, or its centre.")
    ] = "cell"


class DifferenceBody(AreaBody, frozen=True, kw_only=True):
    """The request's variables less those of another dataset, another time or a climatology, on one grid."""

    minus: Annotated[
        Minuend,
        Meta(
            description="The values to subtract: their dataset, and the fields that differ from the request. Times are "
            "the same instants or days unless given, or unless it is a climatology."
        ),
    ]


AreaData = Annotated[AreaBody, example_body({"polygon": POLYGON, "time": "2016-02-02"})]
StatisticsData = Annotated[
    StatisticsBody, example_body({"polygon": POLYGON, "depth": "all", "quantiles": [0.1, 0.5, 0.9]})
]
MINUS_EXAMPLE = {"dataset": "arctic_day", "time": "2016-02-01"}
DifferenceData = Annotated[
    DifferenceBody, example_body({"polygon": POLYGON, "time": "2016-02-02", "minus": MINUS_EXAMPLE})
]


async def parse_place(
    *,
    areas: NamedDependency[Areas],
    bbox: Annotated[
        str | None,
        query_parameter(
            "`west,south,east,north` in degrees. West > east crosses the date line. Either this or `area`.",
            ("the western Barents Sea", "15,70,30,78"),
        ),
    ] = None,
    area: AreaKey = None,
) -> dict[str, Any]:
    """Parse a box, or find the polygons of an area: fields of an area request."""
    if (bbox is None) == (area is None):
        raise InvalidRequest("give bbox or area, one of the two", field="bbox")
    if bbox is None:
        return {"polygon": await find_polygon(areas, area or "")}
    edges = parse_numbers(bbox, "bbox", "15,70,30,78")
    if len(edges) != 4:
        raise InvalidRequest(
            "bbox {text!r} is not west,south,east,north: four numbers, as 15,70,30,78", text=bbox[:60], field="bbox"
        )
    return {"box": tuple(edges)}


def parse_area_grid(
    projection: Annotated[
        str | None,
        query_parameter(
            "Projection of a regular grid, with `shape`: a code, as EPSG:4326, EPSG:3857, EPSG:32661 or EPSG:3031. "
            "Without it: the variables' own cells.",
            ("the Arctic from above", "EPSG:32661"),
        ),
    ] = None,
    shape: Annotated[
        str | None,
        query_parameter(
            "`rows,columns` of the regular grid: equal cells of the smallest rectangle that holds the box.", "100,120"
        ),
    ] = None,
    stride: Annotated[int, query_parameter("Own cells: every so many rows and columns.", ge=1)] = 1,
    geometry: Annotated[
        Literal["cell", "point"],
        query_parameter(
            "Geometry of GeoJSON: `cell`, a polygon for each cell, whose sides are half-way to its neighbours (a point "
            "where values are of the nodes of a mesh, or a grid has but one row or column); or `point`, its centre."
        ),
    ] = "cell",
) -> dict[str, Any]:
    """Parse the grid of an answer over an area: fields of its request."""
    size = None
    if shape is not None:
        parts = [part.strip() for part in shape.split(",")]
        if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
            raise InvalidRequest("shape {text!r} is not rows,columns, as 100,120", text=shape[:40], field="shape")
        size = tuple(min(int(part[:9]), 10**9) for part in parts)
    return {"projection": projection, "shape": size, "stride": stride, "geometry": geometry}


def parse_area(*, timed: Fields, where: Fields, grid: Fields, depth: DepthLevel = "0") -> AreaRequest:
    return AreaRequest(depth=depth, **grid, **where, **timed)


def parse_statistics(
    *,
    timed: Fields,
    where: Fields,
    depth: DepthLevel = "0",
    quantiles: Annotated[
        str, query_parameter("Up to 20 numbers from 0 to 1, separated by commas; empty for none.", "0.05,0.5,0.95")
    ] = "0.05,0.25,0.5,0.75,0.95",
    cover: Annotated[Cover, query_parameter(COVER, "part")] = "whole",
) -> StatisticsRequest:
    shares = tuple(parse_numbers(quantiles, "quantiles", "0.05,0.5,0.95")) if quantiles.strip() else ()
    return StatisticsRequest(depth=depth, quantiles=shares, cover=cover, **where, **timed)


def parse_difference(
    *,
    timed: Fields,
    minus_dataset: Annotated[
        str | None, query_parameter("Dataset to subtract; the request's own if not given.", "arctic_day")
    ] = None,
    minus_variables: Annotated[
        str | None,
        query_parameter(
            "Variables to subtract, as many and in the same order; the same keys if not given.", "votemper"
        ),
    ] = None,
    minus_time: Annotated[
        str | None,
        query_parameter("Time to subtract from every time; the same instants or days if not given.", "2016-02-01"),
    ] = None,
    minus_start: Annotated[
        str | None, query_parameter("First time to subtract: as many steps follow as the request has.", "2016-02-01")
    ] = None,
    minus_end: Annotated[str | None, query_parameter("Last time to subtract.", "2016-02-02")] = None,
    minus_depth: Annotated[
        str | None, query_parameter("Depth level to subtract, written as `depth`, if it is another.", "0")
    ] = None,
    climatology: Annotated[
        bool, query_parameter("Subtract a climatology: the step of the same month or day of the year.")
    ] = False,
    where: Fields,
    grid: Fields,
    depth: DepthLevel = "0",
) -> DifferenceRequest:
    minus = Minuend(
        dataset=minus_dataset or timed["dataset"],
        variables=parse_keys(minus_variables) if minus_variables is not None else [],
        time=minus_time,
        start=minus_start,
        end=minus_end,
        depth=minus_depth,
        climatology=climatology,
    )
    return DifferenceRequest(depth=depth, minus=minus, **grid, **where, **timed)


def parse_area_of_polygon(keys: Fields, data: AreaData) -> AreaRequest:
    return AreaRequest(**keys, **asdict(data))


def parse_statistics_of_polygon(keys: Fields, data: StatisticsData) -> StatisticsRequest:
    return StatisticsRequest(**keys, **asdict(data))


def parse_difference_of_polygon(keys: Fields, data: DifferenceData) -> DifferenceRequest:
    return DifferenceRequest(**keys, **asdict(data))


areas_router = extraction_router(
    "areas",
    [
        *extraction_routes("/area", parse_area, "Variables over a box", AREA),
        *body_routes("/area", parse_area_of_polygon, "Variables over a polygon", AREA),
        *extraction_routes("/statistics", parse_statistics, "Statistics over a box", STATISTICS),
        *body_routes("/statistics", parse_statistics_of_polygon, "Statistics over a polygon", STATISTICS),
        *extraction_routes("/difference", parse_difference, "Differences over a box", DIFFERENCE),
        *body_routes("/difference", parse_difference_of_polygon, "Differences over a polygon", DIFFERENCE),
    ],
    {"where": Provide(parse_place), "grid": provide(parse_area_grid)},
)
