"""Plots: one question, many formats."""

from dataclasses import dataclass
from typing import Annotated, Any, cast
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import (
    Example,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Schema,
)
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec.structs import replace

from ocean_common import errors, problems
from ocean_common.caching import Freshness, made_from
from ocean_common.contracts.problem import Problem
from ocean_common.disconnect import ClientDisconnected, answer_disconnected, cancel_on_disconnect
from ocean_common.errors import InvalidRequest, PlotKindNotFound
from ocean_common.i18n import Language, Translator
from ocean_plotting.export.output import FORMS, Output, RenderedFile, output
from ocean_plotting.figure.labels import file_name
from ocean_plotting.plots import PLOTS
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.query_common import named_as_asked
from ocean_plotting.tiles.api import Revision
from ocean_plotting.workers import FigureRenderer

Format = Annotated[
    str,
    QueryParameter(
        name="format",
        description=f"One of {', '.join(FORMS)}, as the kind has them; case does not matter. `json` is a JSON string "
        "that holds a data URL, `described` an object with the same and the picture in words.",
        examples=[Example(value="png")],
    ),
]
Size = Annotated[
    str, QueryParameter(description="Width x height, inches, 2 to 40 each.", examples=[Example(value="10x7")])
]
Dpi = Annotated[int, QueryParameter(description="Dots per inch, 10 to 600.", examples=[Example(value=100)])]
Save = Annotated[bool, QueryParameter(description="Answer as a file to be saved.")]

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
MAX_ADDRESS = 4_000  # characters of it that go into files
ALT = "alt-text"  # header: the picture in words, as in RFC 8187


@dataclass
class PlotOperation(Operation):
    """Documents every format that a plot may have."""

    def __post_init__(self) -> None:
        drawn = (self.responses or {}).get("200")
        kind = PLOTS.get(
            (self.operation_id or "").removeprefix("get").removeprefix("post").removesuffix("Plot").lower()
        )
        if isinstance(drawn, OpenAPIResponse) and kind is not None:
            binary = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
            drawn.content = {FORMS[name].media_type: binary for name in kind.formats}
            words = "The picture in words, percent-encoded in UTF-8 as RFC 8187 says: `utf-8'en'…`."
            drawn.headers = {ALT: OpenAPIHeader(description=words, schema=Schema(type=OpenAPIType.STRING))}


class Studio:
    """What a plot is made with: who has the numbers, who draws, and who knows what callers have already."""

    def __init__(self, near: Neighbours, drawing: FigureRenderer, freshness: Freshness) -> None:
        self.near = near
        self.drawing = drawing
        self.freshness = freshness


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a plot's answer, as they came."""

    file_format: str
    size: str
    dpi: int
    save: bool
    language: Language


def spoken(translate: Translator) -> Language:
    """The language of the answer."""
    return cast(Language, translate.language)


def example(kind: str) -> str:
    """A query of a kind that works with the sample data."""
    return msgspec.json.encode(PLOTS[kind].example).decode()


def read_query(kind: str, text: str) -> Any:
    """Read the `query` of a kind of plot; a wrong member is named by its path."""
    try:
        return msgspec.json.decode(text, type=PLOTS[kind].plot.Query)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        field = path.rstrip("`") or "$"
        raise InvalidRequest("query: {message} at {name}", message=message, name=field, field=field) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest(
            "query is not JSON: {error}; it is an object like {example}",
            error=error,
            example=example(kind),
            field="query",
        ) from error


def answer_too_deep(_: Request[Any, Any, Any], __: RecursionError) -> Response[Problem]:
    """Brackets within brackets by the thousand: no query has them."""
    return problems.response(problems.to_problem(InvalidRequest("the body is nested too deeply", field="$")))


async def answer(
    kind: str, request: Request[Any, Any, Any], studio: Studio, query: Any, wanted: Wanted
) -> Response[bytes]:
    """Fetch, draw and write one plot."""
    plot = PLOTS[kind].plot
    form = output(wanted.file_format, wanted.size, wanted.dpi, PLOTS[kind].formats)
    form = replace(form, language=wanted.language, request=address(request, query))
    marked = await known(studio, query)
    if (settled := getattr(plot, "settled", None)) is not None:
        query = await cancel_on_disconnect(request, settled(studio.near, query))
    if form.form.made == "asked":
        asked = cast(Any, plot).asked(query)
        with named_as_asked():
            drawn = RenderedFile(await cancel_on_disconnect(request, studio.near.numbers.file(asked, "netcdf")))
        revisions = {name: await studio.near.catalogue.revision(name) for name in marked}
        time = str(getattr(asked, "time", None) or "")
    else:
        sized = (form,) if PLOTS[kind].sized else ()
        fetched = await cancel_on_disconnect(request, plot.fetch(studio.near, query, *sized))
        if not marked and request.method == "GET":
            studio.freshness.by_content(request, msgspec.msgpack.encode(fetched))
        revisions, time = fetched.revisions, fetched.time
        made = getattr(plot, form.form.made)
        drawn = await cancel_on_disconnect(request, studio.drawing.draw(form, made, query, fetched))
    for name, revision in marked.items():
        made_from(request, revision, revisions.get(name, revision))
    headers = {"content-disposition": f'attachment; filename="{named(kind, query, time, form)}"'} if wanted.save else {}
    if drawn.alt:
        headers[ALT] = f"utf-8'{form.language}'{quote(drawn.alt, safe='')}"
    return Response(drawn.content, media_type=form.form.media_type, headers=headers)


async def known(studio: Studio, query: Any) -> dict[str, str]:
    """The revisions of the datasets that are asked about; one that there is not is named as it was asked for."""
    found: dict[str, str] = {}
    for name in query.datasets():
        with named_as_asked("$.compare_to" if found else "$"):
            found[name] = await studio.near.catalogue.revision(name)
    return found


def named(kind: str, query: Any, time: str, form: Output) -> str:
    """The name of a file that is saved; statistics are told apart from the values."""
    what = f"{kind}_statistics" if form.format == "stats" else kind
    return file_name(what, query.dataset or "", time, form.form.extension)


def address(request: Request[Any, Any, Any], query: Any) -> str:
    """Where the same can be asked for again: also what came as a body."""
    asked = request.url.query
    if request.method == "POST":
        body = quote(msgspec.json.encode(query).decode(), safe="{}:,[]")
        asked = f"{asked}&query={body}" if asked else f"query={body}"
    return f"{request.url.path}?{asked}"[:MAX_ADDRESS]


def asked_by_address(kind: str) -> HTTPRouteHandler:
    """The route of a kind of plot whose query is a parameter."""

    @get(
        f"/plot/{kind}",
        operation_id=f"get{kind.capitalize()}Plot",
        summary=PLOTS[kind].summary,
        description="A plot or its numbers; `query` has the members of the body of the POST.",
        tags=["plots"],
        operation_class=PlotOperation,
        exception_handlers={ClientDisconnected: answer_disconnected},
        responses=DRAWN | FAILURES,
    )
    async def ask(
        *,
        request: Request[Any, Any, Any],
        studio: NamedDependency[Studio],
        translate: NamedDependency[Translator],
        asked: Annotated[
            str, QueryParameter(name="query", description="JSON object.", examples=[Example(value=example(kind))])
        ],
        file_format: Format = "json",
        size: Size = "15x9",
        dpi: Dpi = 72,
        save: Save = False,
        rev: Revision = None,  # noqa: ARG001 - read by the studio's freshness
    ) -> Response[bytes]:
        query = read_query(kind, asked)
        if datasets := query.datasets():  # observations have no revision: `answer` looks at what was fetched
            await known(studio, query)
            await studio.freshness(request, *datasets)
        wanted = Wanted(file_format=file_format, size=size, dpi=dpi, save=save, language=spoken(translate))
        return await answer(kind, request, studio, query, wanted)

    return ask


def asked_by_body(kind: str) -> HTTPRouteHandler:
    """The route of a kind of plot whose query is the body."""
    query_type = PLOTS[kind].plot.Query

    @post(
        f"/plot/{kind}",
        operation_id=f"post{kind.capitalize()}Plot",
        summary=f"{PLOTS[kind].summary}, asked for with a body",
        description="The same as the GET, for queries that are too long for an address.",
        tags=["plots"],
        status_code=200,
        operation_class=PlotOperation,
        exception_handlers={ClientDisconnected: answer_disconnected, RecursionError: answer_too_deep},
        responses=DRAWN | FAILURES,
    )
    async def send(
        *,
        request: Request[Any, Any, Any],
        studio: NamedDependency[Studio],
        translate: NamedDependency[Translator],
        data: JSONBody[query_type],  # type: ignore[valid-type] # the model of this kind
        file_format: Format = "json",
        size: Size = "15x9",
        dpi: Dpi = 72,
        save: Save = False,
    ) -> Response[bytes]:
        wanted = Wanted(file_format=file_format, size=size, dpi=dpi, save=save, language=spoken(translate))
        return await answer(kind, request, studio, data, wanted)

    return send


@get("/plot/{kind:str}", include_in_schema=False)
async def no_such_kind(kind: FromPath[str]) -> None:
    """Say which kinds there are."""
    raise PlotKindNotFound(
        "there is no plot of kind {kind!r}; there is: {plots}", kind=kind[:40], plots=", ".join(PLOTS), allowed=PLOTS
    )


HANDLERS = [*map(asked_by_address, PLOTS), *map(asked_by_body, PLOTS), no_such_kind]
