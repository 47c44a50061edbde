"""Bodies of posted requests: the fields of an extraction that its address does not hold, with their descriptions."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation, Minuend, Point, VectorPart

Box = tuple[float, float, float, float]


class ExtractionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields of every extraction."""

    expression: Annotated[
        str | None,
        Meta(description="Of the dataset's variables: a calculated variable, answered beside the others."),
    ] = None
    vector: Annotated[
        list[VectorPart],
        Meta(description="Of the first two variables: these parts instead of the components as they are in the files."),
    ] = []
    interpolation: Annotated[Interpolation, Meta(description="How a value between cells is made.")] = "nearest"
    radius: Annotated[float, Meta(description=f"km, for gaussian and inverse: up to {MAX_RADIUS:g}.")] = 25.0
    neighbours: Annotated[int, Meta(description=f"Cells at most, for gaussian and inverse: 1 to {MAX_NEIGHBOURS}.")] = (
        10
    )


class TimedBody(ExtractionBody, frozen=True, kw_only=True):
    """Fields of an extraction at one time, or at all times of a period."""

    time: Annotated[str | None, Meta(description="One time: raw integer, ISO 8601, or -1 for the last step.")] = None
    start: Annotated[str | None, Meta(description="First time, included.")] = None
    end: Annotated[str | None, Meta(description="Last time, included.")] = None


class PointsBody(TimedBody, frozen=True, kw_only=True):
    """Variables at points: over depth, through time, or both."""

    points: Annotated[list[Point], Meta(description="Latitude and longitude of each, degrees.")]
    names: Annotated[list[str], Meta(description="Of the points: none, or one each.")] = []
    depth: Annotated[
        str, Meta(description="Index of a depth level, `bottom`, `all`, or `mean`: over the whole column.")
    ] = "0"


class TrajectoryBody(ExtractionBody, frozen=True, kw_only=True):
    """Variables along the way of a moving platform: each point has its own time and depth."""

    points: Annotated[list[Point], Meta(description="Latitude and longitude of each, degrees.")]
    times: Annotated[list[str], Meta(description="ISO 8601, one each.")]
    depths: Annotated[list[float], Meta(description="m, positive down, one each; none: the first level.")] = []
    between: Annotated[
        Literal["nearest", "linear"], Meta(description="How a value between time steps, and between levels, is made.")
    ] = "nearest"


class PolygonBody(TimedBody, frozen=True, kw_only=True):
    """Fields of an extraction over a box or polygon."""

    box: Annotated[
        Box | None,
        Meta(description="West, south, east, north: degrees. West > east crosses the date line. This, or a polygon."),
    ] = None
    polygon: Annotated[
        dict[str, Any] | None,
        Meta(description="GeoJSON Polygon with its holes, or MultiPolygon: longitude first, up to 20,000 positions."),
    ] = None
    depth: Annotated[
        str, Meta(description="Index of a depth level, `bottom`, `all`, or `mean`: over the whole column.")
    ] = "0"


class StatisticsBody(PolygonBody, frozen=True, kw_only=True):
    """Statistics over an area, weighted by the areas of the cells."""

    quantiles: Annotated[tuple[float, ...], Meta(description="Up to 20 numbers from 0 to 1.")] = (
        0.05,
        0.25,
        0.5,
        0.75,
        0.95,
    )


class AreaBody(PolygonBody, frozen=True, kw_only=True):
    """Variables over an area: on the cells of their own grid, or on a stated grid."""

    projection: Annotated[
        str | None,
        Meta(
            description="Of a stated grid, with `shape`: a code as EPSG:3857, or a PROJ string as `+proj=lcc +lat_1=60 "
            "+lat_2=70 +lon_0=20`. None: the variables' own cells."
        ),
    ] = None
    shape: Annotated[tuple[int, int] | None, Meta(description="Rows and columns of the stated grid.")] = None
    extent: Annotated[
        Box | None,
        Meta(
            description="Left, bottom, right, top of the stated grid, in the units of its projection, instead of a "
            "box. None: the least rectangle that holds the area."
        ),
    ] = None
    places: Annotated[
        bool, Meta(description="Of a stated grid in a plane: also the latitude and longitude of each cell.")
    ] = True
    stride: Annotated[int, Meta(description="Own cells: every so many rows and columns.")] = 1
    geometry: Annotated[
        Literal["cell", "point"], Meta(description="Of GeoJSON: a polygon for each cell, or its centre.")
    ] = "cell"


class DifferenceBody(AreaBody, frozen=True, kw_only=True):
    """The request's variables less those of another dataset, another time or a climatology, on one grid."""

    minus: Annotated[
        Minuend,
        Meta(
            description="What is taken away: its dataset, and what differs from the request. Its times are the same "
            "instants or days, unless they are said, or it is a climatology."
        ),
    ]
