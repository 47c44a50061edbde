"""The parameters of the routes at a point, as the OpenAPI document shows them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, Schema
from litestar.openapi.spec.response import OpenAPIResponse
from litestar.params import QueryParameter

from ocean_common.contracts.data import Interpolation

Format = Literal["json", "csv"]

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
        description="Index of a depth level (0 is the first), `bottom` (the deepest wet cell), or `all`.",
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
        le=500,
        description="km, for gaussian and inverse. Where cells are larger, their size takes its place.",
        examples=[Example(value=25.0)],
    ),
]
Neighbours = Annotated[
    int,
    QueryParameter(ge=1, le=50, description="Cells at most, for gaussian and inverse.", examples=[Example(value=10)]),
]
Form = Annotated[
    Format | None,
    QueryParameter(description="`json` (the default) or `csv`; `Accept: text/csv` asks for CSV too."),
]


@dataclass
class Tabular(Operation):
    """An operation whose answer is a table as well."""

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            answer.content = {
                **(answer.content or {}),
                "text/csv": OpenAPIMediaType(
                    schema=Schema(type=OpenAPIType.STRING, description="One row per time and depth (RFC 4180).")
                ),
            }
