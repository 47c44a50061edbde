"""The parameters of the routes of extractions, as the OpenAPI document shows them, and how they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, Schema
from litestar.openapi.spec.response import OpenAPIResponse
from litestar.params import PathParameter, QueryParameter

from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation
from ocean_common.contracts.extractions import Point, VectorPart
from ocean_common.errors import InvalidRequest, RequestTooLarge
from ocean_common.parameters import DatasetId

MOST_KEYS = 64  # variables of one request

Variables = Annotated[
    str,
    PathParameter(
        description="Key of a variable, or several with commas.",
        examples=[
            Example(summary="sea water potential temperature", value="votemper"),
            Example(summary="temperature and velocity", value="votemper,x_velocity,y_velocity"),
        ],
    ),
]

Latitude = Annotated[
    float,
    QueryParameter(ge=-90, le=90, description="Degrees north.", examples=[Example(value=74.5)]),
]
Longitude = Annotated[
    float,
    QueryParameter(
        ge=-180,
        le=360,
        description="Degrees east, as -180 to 180 or 0 to 360.",
        examples=[Example(value=20.0)],
    ),
]
DepthLevel = Annotated[
    str,
    QueryParameter(
        description=(
            "Index of a depth level (0 is the first), `bottom` (the deepest wet cell), `mean` (over the whole column, "
            "by the thickness of the levels), or `all`."
        ),
        examples=[Example(summary="the first level", value="0"), Example(value="bottom"), Example(value="all")],
    ),
]
Time = Annotated[
    str | None,
    QueryParameter(
        description=(
            "One time: the raw integer of a time step, an instant or a day in ISO 8601 (UTC where no zone is given), "
            "or -1 for the last step."
        ),
        examples=[Example(summary="a day", value="2016-02-01"), Example(summary="the last", value="-1")],
    ),
]
Start = Annotated[
    str | None,
    QueryParameter(description="First time, included; as `time`.", examples=[Example(value="2016-02-01")]),
]
End = Annotated[
    str | None,
    QueryParameter(description="Last time, included; a day counts whole.", examples=[Example(value="2016-02-03")]),
]
Between = Annotated[
    Interpolation,
    QueryParameter(
        description=(
            "How a value between cells is made: of the nearest cell; of the four around; or of the nearest "
            "`neighbours` within `radius`, weighted by exp(-(2r/radius)²) or 1/r²."
        ),
    ),
]
Radius = Annotated[
    float,
    QueryParameter(
        gt=0,
        le=MAX_RADIUS,
        description="km, for gaussian and inverse. Where cells are larger, their size takes its place.",
        examples=[Example(value=25.0)],
    ),
]
Neighbours = Annotated[
    int,
    QueryParameter(
        ge=1, le=MAX_NEIGHBOURS, description="Cells at most, for gaussian and inverse.", examples=[Example(value=10)]
    ),
]
OneLevel = Annotated[
    str,
    QueryParameter(
        description="Index of a depth level (0 is the first), `bottom` (the deepest wet cell), or `mean`.",
        examples=[Example(summary="the first level", value="0"), Example(value="bottom"), Example(value="mean")],
    ),
]
WayPoints = Annotated[
    str,
    QueryParameter(
        description="Two or more way-points, `latitude,longitude;latitude,longitude`: joined by great circles.",
        examples=[Example(summary="from Norway to Svalbard", value="70.5,18;74.5,19;77,12")],
    ),
]
PathPoints = Annotated[
    int | None,
    QueryParameter(
        ge=2, description="How many points the path has, way-points among them; 100 if neither this nor `spacing`."
    ),
]
Spacing = Annotated[
    float | None,
    QueryParameter(gt=0, description="km: each leg is cut into equal pieces no longer than this."),
]
Bathymetry = Annotated[
    bool,
    QueryParameter(description="Whether the sea floor is answered too: the model's own, or its deepest level."),
]
Vector = Annotated[
    str | None,
    QueryParameter(
        description=(
            "Of the first two variables, which are the components of a vector: these parts instead, with commas. "
            "`eastward`, `northward`, `magnitude`, `bearing` (degrees clockwise from north); of a line also `along` "
            "and `across` (to its left). Components along the axes of a grid are turned."
        ),
        examples=[Example(summary="speed and where to", value="eastward,northward,magnitude")],
    ),
]
Expression = Annotated[
    str | None,
    QueryParameter(
        description="Of the dataset's variables: a calculated variable, answered beside the others.",
        examples=[Example(summary="Kelvin", value="votemper + 273.15")],
    ),
]
Form = Annotated[
    str | None,
    QueryParameter(
        description="`json` (the default), `csv` or another of the answer's forms; the Accept header chooses too.",
        examples=[Example(value="json"), Example(value="csv")],
    ),
]

FormOfEstimate = Annotated[
    str | None,
    QueryParameter(
        description="Of the answer that is asked about: its bytes (`size`) are estimated, and the limits of this "
        "format hold.",
        examples=[Example(value="csv"), Example(value="netcdf")],
    ),
]

MEDIA = {
    "text/csv": "One row per value, coordinates first (RFC 4180).",
    "application/x-ndjson": "One JSON object per line and value.",
    "application/vnd.cov+json": "CoverageJSON (OGC 21-069r2).",
    "application/x-netcdf": "NetCDF-4 by the CF conventions.",
    "application/geo+json": "Places as features, their values as properties (RFC 7946).",
}


def read_timed(
    *,
    dataset: DatasetId,
    variables: Variables,
    time: Time = None,
    start: Start = None,
    end: End = None,
    vector: Vector = None,
    expression: Expression = None,
    interpolation: Between = "nearest",
    radius: Radius = 25.0,
    neighbours: Neighbours = 10,
) -> dict[str, Any]:
    """Read what everything is told that is asked for at times: fields of a `Timed`."""
    return {
        "dataset": dataset,
        "variables": keys_of(variables),
        "time": time,
        "start": start,
        "end": end,
        "vector": parts_of(vector),
        "expression": expression,
        "interpolation": interpolation,
        "radius": radius,
        "neighbours": neighbours,
    }


def keys_of(text: str) -> list[str]:
    """Read the keys of variables, with commas between them."""
    found = [one.strip() for one in text.split(",")]
    if not all(found):
        raise InvalidRequest("variables {text!r}: write one key, or several as u,v", text=text[:60], field="variables")
    check_number(found)
    return found


def check_number(variables: Sequence[str]) -> None:
    """Refuse more variables than one request may have."""
    if len(variables) > MOST_KEYS:
        raise RequestTooLarge(
            "{variables_count} variables are asked for, and the limit is {max_keys}",
            variables_count=len(variables),
            max_keys=MOST_KEYS,
            field="variables",
        )


def parts_of(text: str | None) -> list[VectorPart]:
    """Read the parts of a vector, with commas between them."""
    known: tuple[VectorPart, ...] = get_args(VectorPart)
    named = [one.strip() for one in text.split(",")] if text is not None else []
    if wrong := next((one for one in named if one not in known), None):
        raise InvalidRequest(
            "{reason!r} is no part of a vector; there are {available}",
            reason=wrong[:40],
            available=", ".join(known),
            field="vector",
            allowed=known,
        )
    if "" in named:
        raise InvalidRequest(
            "name parts of a vector: {available}", available=", ".join(known), field="vector", allowed=known
        )
    return [part for one in named for part in known if part == one]


def points_of(text: str, field: str) -> list[Point]:
    """Read points as they are written in an address: latitude,longitude;latitude,longitude."""
    found: list[Point] = []
    for one in text.strip(";").split(";"):
        try:
            latitude, longitude = (float(number) for number in one.split(","))
        except ValueError as error:
            raise InvalidRequest(
                "{name!r} is no point; write {name2}=latitude,longitude;latitude,longitude, as 70.5,18;77,12",
                name=one[:40],
                name2=field,
                field=field,
            ) from error
        found.append((latitude, longitude))
    return found


@dataclass
class Written(Operation):
    """An operation whose answer has other forms beside JSON."""

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            others = {
                kind: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, description=about))
                for kind, about in MEDIA.items()
            }
            answer.content = {**(answer.content or {}), **others}


def numbers(text: str, field: str, example: str) -> list[float]:
    """Read numbers with commas between them."""
    try:
        return [float(one) for one in text.split(",")]
    except ValueError as error:
        raise InvalidRequest(
            "{name} {text!r} is no list of numbers, as {example}",
            name=field,
            text=text[:60],
            example=example,
            field=field,
        ) from error
