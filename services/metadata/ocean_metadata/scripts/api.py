"""Route of generated programs that repeat a request of the map."""

from dataclasses import dataclass
from typing import Annotated, Any, get_args

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import FromQuery

from ocean_common.contracts.common import PLOT_KINDS
from ocean_common.http import request_address
from ocean_common.parameters import parse_choice, query_parameter
from ocean_common.problems import document_errors
from ocean_core.errors import PlotKindNotFound
from ocean_metadata.scripts.generator import LANGUAGES, ScriptType, generate_script, make_request, parse_query

SCRIPT_TYPES: tuple[ScriptType, ...] = get_args(ScriptType)


Query = Annotated[
    str,
    query_parameter(
        "JSON: the query of the plot; or of a subset its `dataset_name`, `variables` and parameters.",
        (
            "a subset",
            '{"dataset_name":"arctic_day","variables":"votemper","min_range":"72,5","max_range":"78,20",'
            '"time":"2016-02-01,2016-02-03"}',
        ),
        ("a profile", '{"dataset":"arctic_day","variable":"votemper","station":[[75,20]]}'),
        name="query",
    ),
]
PlotType = Annotated[
    str | None, query_parameter("Kind of the plot.", "profile", schema_extra={"enum": list(PLOT_KINDS)})
]
Language = Annotated[str, query_parameter("Language of the script.", "python", schema_extra={"enum": list(LANGUAGES)})]
TypeOfScript = Annotated[
    str, query_parameter("Result of the script.", "subset", schema_extra={"enum": list(SCRIPT_TYPES)})
]


@dataclass
class ScriptOperation(Operation):
    """Operation whose response has the media type of a programming language."""

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            text = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
            answer.content = dict.fromkeys(("text/plain", "application/x-python", "application/x-sh"), text)


@get(
    "/generate_script",
    operation_class=ScriptOperation,
    operation_id="generateScript",
    summary="Program that requests a plot, its data or a subset",
    tags=["scripts"],
    media_type="text/plain",
    responses={
        200: ResponseSpec(str, media_type="text/plain", description="The program: Python, R, or a shell script."),
        **document_errors(PlotKindNotFound),
    },
)
async def get_script(
    *,
    request: Request[Any, Any, Any],
    public_url: NamedDependency[str | None],
    query_text: FromQuery[Query],
    lang: FromQuery[Language],
    script_type: FromQuery[TypeOfScript],
    plot_type: FromQuery[PlotType] = None,
) -> Response[bytes]:
    """The program runs as it is and needs nothing but its language; that of Python uses the standard library only."""
    type_of_script = parse_choice(script_type, SCRIPT_TYPES, "script_type")
    language = parse_choice(lang, tuple(LANGUAGES), "lang")
    server = public_url or request_address(request)
    text = generate_script(make_request(parse_query(query_text), type_of_script, plot_type, server), language)
    suffix, media_type = LANGUAGES[language]
    name = f"ocean_navigator_api_script_{type_of_script}.{suffix}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "vary": "Host, X-Forwarded-Host"}
    return Response(text.encode(), media_type=media_type, headers=headers)
