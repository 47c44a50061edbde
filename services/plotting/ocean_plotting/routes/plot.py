"""Plots: one question, many formats."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import FromPath, JSONBody, QueryParameter

from ocean_common import errors, problems
from ocean_common.caching import Freshness, made_from
from ocean_common.clients.data import Numbers
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.problem import Problem
from ocean_common.errors import InvalidRequest, PlotKindNotFound
from ocean_plotting.domain.labels import file_name
from ocean_plotting.domain.output import FORMS, output
from ocean_plotting.domain.ports import Drawing, Land
from ocean_plotting.plots import LATER, PLOTS
from ocean_plotting.routes.leaving import ClientLeft, answer_nobody, while_wanted
from ocean_plotting.routes.parameters import Revision

Format = Annotated[
    str,
    QueryParameter(
        name="format",
        description=f"One of {', '.join(FORMS)}; case does not matter. `json` is a JSON string that holds a data URL.",
        examples=[Example(value="png")],
    ),
]
Size = Annotated[
    str, QueryParameter(description="Width x height, inches, 2 to 40 each.", examples=[Example(value="10x7")])
]
Dpi = Annotated[int, QueryParameter(description="Dots per inch, 10 to 600.", examples=[Example(value=100)])]
Save = Annotated[bool, QueryParameter(description="Answer as a file to be saved.")]

EXAMPLES = {"profile": '{"dataset": "giops_day", "variable": "votemper,vosaline", "station": [[73.0, 20.0]]}'}
FAILURES = problems.documented(
    errors.DatasetNotFound,
    errors.VariableNotFound,
    errors.TimeNotFound,
    errors.PointOutsideGrid,
    errors.RequestTooLarge,
    errors.TooBusy,
    errors.ServiceUnavailable,
)


DRAWN = {
    200: ResponseSpec(
        bytes, media_type="image/png", description="The plot, in the format asked for.", generate_examples=False
    )
}


@dataclass
class PlotOperation(Operation):
    """Documents every format that a plot may have."""

    def __post_init__(self) -> None:
        drawn = (self.responses or {}).get("200")
        if isinstance(drawn, OpenAPIResponse):
            binary = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
            drawn.content = {form.media_type: binary for form in FORMS.values()}


class Studio:
    """What a plot is made with: who has the numbers, who draws, and the ground of its map."""

    def __init__(self, catalogue: Catalogue, numbers: Numbers, drawing: Drawing, land: Land) -> None:
        self.catalogue = catalogue
        self.numbers = numbers
        self.drawing = drawing
        self.land = land


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a plot's answer, as they came."""

    file_format: str
    size: str
    dpi: int
    save: bool


def read_query(kind: str, text: str) -> Any:
    """Read the `query` of a kind of plot; a wrong member is named by its path."""
    try:
        return msgspec.json.decode(text, type=PLOTS[kind].Query)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        field = path.rstrip("`") or "$"
        raise InvalidRequest(f"query: {message} at {field}", field=field) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest(
            f"query is not JSON: {error}; it is an object like {EXAMPLES[kind]}", field="query"
        ) from error


def answer_too_deep(_: Request[Any, Any, Any], __: RecursionError) -> Response[Problem]:
    """Brackets within brackets by the thousand: no query has them."""
    return problems.response(problems.to_problem(InvalidRequest("the body is nested too deeply", field="$")))


async def answer(
    kind: str, request: Request[Any, Any, Any], studio: Studio, query: Any, wanted: Wanted
) -> Response[bytes]:
    """Fetch, draw and write one plot."""
    plot, form = PLOTS[kind], output(wanted.file_format, wanted.size, wanted.dpi)
    revision = await studio.catalogue.revision(query.dataset)
    fetched = await plot.fetch(studio.numbers, studio.catalogue, query)
    made_from(request, revision, fetched.revision)
    if form.form.table:
        work = studio.drawing.draw(form, plot.table, query, fetched)
    else:
        work = studio.drawing.draw(form, plot.draw, query, fetched, studio.land, (form.width, form.height))
    content = await while_wanted(request, work)
    name = file_name(kind, query.dataset, fetched.time, form.form.extension)
    headers = {"content-disposition": f'attachment; filename="{name}"'} if wanted.save else {}
    return Response(content, media_type=form.form.media_type, headers=headers)


def asked_by_address(kind: str) -> HTTPRouteHandler:
    """The route of a kind of plot whose query is a parameter."""

    @get(
        f"/plot/{kind}",
        operation_id=f"get{kind.capitalize()}Plot",
        summary=f"{kind.capitalize()} plot",
        description="A plot or its numbers; `query` has the members of the body of the POST.",
        tags=["plots"],
        operation_class=PlotOperation,
        exception_handlers={ClientLeft: answer_nobody},
        responses=DRAWN | FAILURES,
    )
    async def ask(
        *,
        request: Request[Any, Any, Any],
        studio: NamedDependency[Studio],
        freshness: NamedDependency[Freshness],
        asked: Annotated[
            str, QueryParameter(name="query", description="JSON object.", examples=[Example(value=EXAMPLES[kind])])
        ],
        file_format: Format = "json",
        size: Size = "15x9",
        dpi: Dpi = 72,
        save: Save = False,
        rev: Revision = None,  # noqa: ARG001 - read by `freshness`
    ) -> Response[bytes]:
        query = read_query(kind, asked)
        await freshness(request, query.dataset)
        wanted = Wanted(file_format=file_format, size=size, dpi=dpi, save=save)
        return await answer(kind, request, studio, query, wanted)

    return ask


def asked_by_body(kind: str) -> HTTPRouteHandler:
    """The route of a kind of plot whose query is the body."""
    query_type = PLOTS[kind].Query

    @post(
        f"/plot/{kind}",
        operation_id=f"post{kind.capitalize()}Plot",
        summary=f"{kind.capitalize()} plot, asked for with a body",
        description="The same as the GET, for queries that are too long for an address.",
        tags=["plots"],
        status_code=200,
        operation_class=PlotOperation,
        exception_handlers={ClientLeft: answer_nobody, RecursionError: answer_too_deep},
        responses=DRAWN | FAILURES,
    )
    async def send(
        *,
        request: Request[Any, Any, Any],
        studio: NamedDependency[Studio],
        data: JSONBody[query_type],  # type: ignore[valid-type] # the model of this kind
        file_format: Format = "json",
        size: Size = "15x9",
        dpi: Dpi = 72,
        save: Save = False,
    ) -> Response[bytes]:
        wanted = Wanted(file_format=file_format, size=size, dpi=dpi, save=save)
        return await answer(kind, request, studio, data, wanted)

    return send


@get("/plot/{kind:str}", include_in_schema=False)
async def no_such_kind(kind: FromPath[str]) -> None:
    """Say which kinds there are."""
    if kind in LATER:
        raise PlotKindNotFound(
            f"plots of kind {kind} come with a later version; now: {', '.join(PLOTS)}", allowed=PLOTS
        )
    raise PlotKindNotFound(f"there is no plot of kind {kind[:40]!r}; there is: {', '.join(PLOTS)}", allowed=PLOTS)


HANDLERS = [*map(asked_by_address, PLOTS), *map(asked_by_body, PLOTS), no_such_kind]
