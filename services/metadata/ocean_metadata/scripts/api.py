"""Programs that ask for what somebody saw on the map."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import FromQuery, QueryParameter, SkipValidation

from ocean_common.contracts.plots import PLOT_KINDS
from ocean_common.errors import InvalidRequest, PlotKindNotFound
from ocean_common.problems import documented
from ocean_metadata.scripts import generator as script
from ocean_metadata.scripts.generator import LANGUAGES, Wanted

WANTED: tuple[Wanted, ...] = get_args(Wanted)

_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


@dataclass(frozen=True, kw_only=True)
class Public:
    """Where the world reaches the gateway; None: where the caller did."""

    url: str | None = None


Query = Annotated[
    str,
    QueryParameter(
        name="query",
        description="JSON: the query of the plot; or of a subset its `dataset_name`, `variables` and parameters.",
        examples=[
            Example(
                summary="a subset",
                value='{"dataset_name":"giops_day","variables":"votemper","min_range":"72,5","max_range":"78,20",'
                '"time":"2016-02-01,2016-02-03"}',
            ),
            Example(summary="a profile", value='{"dataset":"giops_day","variable":"votemper","station":[[75,20]]}'),
        ],
    ),
]
PlotType = Annotated[
    str | None,
    QueryParameter(
        description=f"Of a plot or its numbers: {', '.join(PLOT_KINDS)}.", examples=[Example(value="profile")]
    ),
]
Language = Annotated[
    str, QueryParameter(description=f"One of {', '.join(LANGUAGES)}.", examples=[Example(value="python")])
]
ScriptType = Annotated[
    str, QueryParameter(description=f"One of {', '.join(WANTED)}.", examples=[Example(value="subset")])
]


@dataclass
class ScriptOperation(Operation):
    """An operation whose answer is of the type of a language."""

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            text = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
            answer.content = dict.fromkeys(("text/plain", "application/x-python", "application/x-sh"), text)


@get(
    "/generate_script",
    operation_class=ScriptOperation,
    operation_id="generateScript",
    summary="A program that asks for a plot, its numbers or a subset",
    tags=["scripts"],
    media_type="text/plain",
    responses={
        200: ResponseSpec(str, media_type="text/plain", description="The program: Python, R, or a shell script."),
        **documented(PlotKindNotFound),
    },
)
async def generate_script(
    *,
    request: Request[Any, Any, Any],
    public: NamedDependency[SkipValidation[Public]],
    asked: FromQuery[Query],
    lang: FromQuery[Language],
    script_type: FromQuery[ScriptType],
    plot_type: FromQuery[PlotType] = None,
) -> Response[bytes]:
    """It runs as it is, with nothing but its language; Python needs the standard library only."""
    wanted = next((one for one in WANTED if one == script_type), None)
    if wanted is None:
        raise _none_of(script_type, "script_type", WANTED)
    if lang not in LANGUAGES:
        raise _none_of(lang, "lang", tuple(LANGUAGES))
    made = script.write(script.asking(script.parse(asked), wanted, plot_type, public.url or reached(request)), lang)
    name = f"ocean_navigator_api_script_{wanted}.{made.suffix}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "vary": "Host, X-Forwarded-Host"}
    return Response(made.text.encode(), media_type=f"{made.media_type}; charset=utf-8", headers=headers)


def reached(request: Request[Any, Any, Any]) -> str:
    """Where the caller reached the gateway: it tells in X-Forwarded-*."""
    told = request.headers.get
    scheme = told("x-forwarded-proto", request.url.scheme)
    host = told("x-forwarded-host") or told("host") or ""
    if scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        raise InvalidRequest("the host {host!r} is no name of a host", host=host[:80], field="host")
    return f"{scheme}://{host}"


def _none_of(given: str, field: str, allowed: tuple[str, ...]) -> InvalidRequest:
    return InvalidRequest(
        "{name} {value!r} is none of {choices}",
        name=field,
        value=given[:40],
        choices=", ".join(allowed),
        field=field,
        allowed=allowed,
    )
