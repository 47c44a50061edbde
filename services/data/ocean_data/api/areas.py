"""Numbers over areas: the cells themselves, their statistics, and their difference from others."""

from typing import Annotated, Any, Literal

from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from ocean_common.contracts.extractions import AreaAsked, DifferenceAsked, Minuend, StatisticsAsked
from ocean_common.errors import InvalidRequest
from ocean_data.api.kinds import Posted, Told, by_get, by_post
from ocean_data.api.parameters import DepthLevel, keys_of, numbers
from ocean_data.api.where import read_where

Timed = NamedDependency[dict[str, Any]]
Where = NamedDependency[dict[str, Any]]

TAG = "areas"
POLYGON = {
    "type": "Polygon",
    "coordinates": [[[10, 70], [30, 70], [30, 76], [10, 76], [10, 70]], [[18, 74], [20, 74], [19, 75], [18, 74]]],
}
ABOUT = {
    "box": "West, south, east, north: degrees. West > east crosses the date line. This, or a polygon.",
    "polygon": "GeoJSON Polygon with its holes, or MultiPolygon: longitude first, up to 20,000 positions.",
    "depth": "Index of a depth level, `bottom`, `all`, or `mean`: over the whole column.",
    "projection": "Of a stated grid, with `shape`: a code as EPSG:3857, or a PROJ string as `+proj=lcc +lat_1=60 "
    "+lat_2=70 +lon_0=20`. None: the variables' own cells.",
    "shape": "Rows and columns of the stated grid.",
    "places": "Of a stated grid in a plane: also the latitude and longitude of each cell.",
    "extent": "Left, bottom, right, top of the stated grid, in the units of its projection, instead of a box. None: "
    "the least rectangle that holds the area.",
    "stride": "Own cells: every so many rows and columns.",
    "geometry": "Of GeoJSON: a polygon for each cell, or its centre.",
}
MINUS = (
    "What is taken away: its dataset, and what differs from the request. Its times are the same instants or days, "
    "unless they are said, or it is a climatology."
)

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


def read_area(
    *,
    timed: Timed,
    where: Where,
    depth: DepthLevel = "0",
    projection: Projection = None,
    shape: Shape = None,
    stride: Stride = 1,
    geometry: Geometry = "cell",
) -> AreaAsked:
    """Read what is asked over an area."""
    grid: dict[str, Any] = {"projection": projection, "shape": shape_of(shape), "stride": stride, "geometry": geometry}
    return AreaAsked(depth=depth, **grid, **where, **timed)


def read_statistics(
    *, timed: Timed, where: Where, depth: DepthLevel = "0", quantiles: Quantiles = "0.05,0.25,0.5,0.75,0.95"
) -> StatisticsAsked:
    """Read what statistics are asked for."""
    found = tuple(numbers(quantiles, "quantiles", "0.05,0.5,0.95")) if quantiles.strip() else ()
    return StatisticsAsked(depth=depth, quantiles=found, **where, **timed)


def read_minus(
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
    """Read what is taken away."""
    return Minuend(
        dataset=minus_dataset or timed["dataset"],
        variables=keys_of(minus_variables) if minus_variables is not None else [],
        time=minus_time,
        start=minus_start,
        end=minus_end,
        depth=minus_depth,
        climatology=climatology,
    )


def read_difference(
    *,
    timed: Timed,
    minus: NamedDependency[Minuend],
    where: Where,
    depth: DepthLevel = "0",
    projection: Projection = None,
    shape: Shape = None,
    stride: Stride = 1,
    geometry: Geometry = "cell",
) -> DifferenceAsked:
    """Read what difference is asked for."""
    grid: dict[str, Any] = {"projection": projection, "shape": shape_of(shape), "stride": stride, "geometry": geometry}
    return DifferenceAsked(depth=depth, minus=minus, **grid, **where, **timed)


def shape_of(text: str | None) -> tuple[int, int] | None:
    """Read rows and columns as they are written in an address."""
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 2 or not all(one.strip().isascii() and one.strip().isdigit() for one in parts):
        raise InvalidRequest("shape {text!r} is not rows,columns, as 100,120", text=text[:40], field="shape")
    rows, columns = (min(int(one[:9]), 10**9) for one in parts)
    return rows, columns


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

ROUTES = [
    *by_get(
        Told(kind="area", name="Area", summary="Variables over a box", description=AREA, tag=TAG),
        read_area,
        where=read_where,
    ),
    *by_post(
        Told(kind="area", name="AreaOfPolygon", summary="Variables over a polygon", description=AREA, tag=TAG),
        Posted(asked=AreaAsked, about=ABOUT, example={"polygon": POLYGON, "time": "2016-02-02"}),
    ),
    *by_get(
        Told(kind="statistics", name="Statistics", summary="Statistics over a box", description=STATISTICS, tag=TAG),
        read_statistics,
        where=read_where,
    ),
    *by_post(
        Told(
            kind="statistics",
            name="StatisticsOfPolygon",
            summary="Statistics over a polygon",
            description=STATISTICS,
            tag=TAG,
        ),
        Posted(
            asked=StatisticsAsked,
            about={**ABOUT, "quantiles": "Up to 20 numbers from 0 to 1."},
            example={"polygon": POLYGON, "depth": "all", "quantiles": [0.1, 0.5, 0.9]},
            fixed={"projection": None, "shape": None, "extent": None, "places": True, "stride": 1, "geometry": "cell"},
        ),
    ),
    *by_get(
        Told(kind="difference", name="Difference", summary="Differences over a box", description=DIFFERENCE, tag=TAG),
        read_difference,
        minus=read_minus,
        where=read_where,
    ),
    *by_post(
        Told(
            kind="difference",
            name="DifferenceOfPolygon",
            summary="Differences over a polygon",
            description=DIFFERENCE,
            tag=TAG,
        ),
        Posted(
            asked=DifferenceAsked,
            about={**ABOUT, "minus": MINUS},
            example={
                "polygon": POLYGON,
                "time": "2016-02-02",
                "minus": {"dataset": "giops_day", "time": "2016-02-01"},
            },
        ),
    ),
]
