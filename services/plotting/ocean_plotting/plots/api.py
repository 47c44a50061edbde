"""Routes of the plots: two for each kind, whose query is a parameter or the body."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, cast
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIHeader, OpenAPIType, Schema
from litestar.params import FromPath, JSONBody
from msgspec.structs import replace

from ocean_common import problems
from ocean_common.contracts.common import Problem
from ocean_common.http import Freshness, cancel_on_disconnect, client_address, made_from
from ocean_common.i18n import Language, Translator
from ocean_common.parameters import query_parameter
from ocean_core import errors
from ocean_core.errors import InvalidRequest, PlotKindNotFound
from ocean_plotting.export.output import FILE_FORMATS, RenderedFile, parse_output
from ocean_plotting.figure.labels import make_file_name
from ocean_plotting.plots import KINDS
from ocean_plotting.plots.common.query import map_error_fields
from ocean_plotting.plots.kind import Plot, PlotKind, Services
from ocean_plotting.tiles.api import Revision, document_image, offer_media_types
from ocean_plotting.workers import FigureRenderer

Kind = PlotKind[Any, Any]
HTTPRequest = Request[Any, Any, Any]

Format = Annotated[
    str | None,
    query_parameter(
        "Format, of those that the kind has; case does not matter. Absent: what the Accept header names, or `json`: a "
        "JSON string that holds a data URL. `described` is an object with the same and the picture in words.",
        "png",
        name="format",
        schema_extra={"enum": list(FILE_FORMATS), "title": "PlotFormat"},
    ),
]
Size = Annotated[str, query_parameter("Width x height, inches, 2 to 40 each.", "10x7")]
Dpi = Annotated[int, query_parameter("Dots per inch, 10 to 600.", 100)]
Save = Annotated[bool, query_parameter("Answer as a file to be saved.")]

FAILURES = problems.document_errors(
    errors.DatasetNotFound,
    errors.VariableNotFound,
    errors.TimeNotFound,
    errors.PointOutsideGrid,
    errors.RequestTooLarge,
    errors.TooBusy,
    errors.ServiceUnavailable,
)
DRAWN = document_image("The plot, in the requested format.")
MAX_ADDRESS = 4_000  # characters of it that go into files
ALT_HEADER = "alt-text"  # the picture in words, as in RFC 8187


@dataclass(frozen=True)
class PlotParameters:
    """Parameters of every plot, beside its query."""

    translate: NamedDependency[Translator]
    file_format: Format = None
    size: Size = "15x9"
    dpi: Dpi = 72
    save: Save = False

    def choose_format(self, request: HTTPRequest, kind: Kind) -> str:
        """Return the format that is named, or accepted."""
        return accepted_format(request, kind.formats) if self.file_format is None else self.file_format


@dataclass(frozen=True)
class Plotter:
    """Fetches, draws and writes plots."""

    services: Services
    drawing: FigureRenderer
    freshness: Freshness

    async def answer(self, kind: Kind, request: HTTPRequest, query: Any, parameters: PlotParameters) -> Response[bytes]:
        """Answer with one plot in the requested format."""
        file_format = parameters.choose_format(request, kind)
        output = parse_output(file_format, parameters.size, parameters.dpi, kind.formats)
        language = cast(Language, parameters.translate.language)
        output = replace(output, language=language, request=_format_address(request, query))
        known_revisions = await self.find_revisions(query)
        if kind.resolve is not None:
            query = await cancel_on_disconnect(request, kind.resolve(self.services, query))
        can_compare = kind.plot.make_comparison is not Plot.make_comparison
        if output.file_format.content == "data" and can_compare and query.second_dataset() is not None:
            data = await cancel_on_disconnect(request, kind.fetch(self.services, query, output))
            coverage = await asyncio.to_thread(kind.plot.compare, query, data)
            content = await cancel_on_disconnect(request, self.services.data.write(coverage, "netcdf"))
            drawn, revisions, time = RenderedFile(content), data.revisions, data.time
        elif output.file_format.content == "data":
            assert kind.data_request is not None  # noqa: S101 - the format is one of the kind's
            data_request = kind.data_request(query)
            with map_error_fields():  # the data service's own file of the same numbers
                content = await cancel_on_disconnect(request, self.services.data.file(data_request, "netcdf"))
            drawn, revisions = RenderedFile(content), await self.find_revisions(query)
            time = str(getattr(data_request, "time", None) or "")
        else:
            data = await cancel_on_disconnect(request, kind.fetch(self.services, query, output))
            if not known_revisions and request.method == "GET":
                self.freshness.by_content(request, msgspec.msgpack.encode(data), file_format)
            revisions, time = data.revisions, data.time
            make = {"figure": kind.draw, "table": kind.table, "raster": kind.raster}[output.file_format.content]
            assert make is not None  # noqa: S101 - the format is one of the kind's
            drawing = self.drawing.draw(output, make, query, data, client=client_address(request))
            drawn = await cancel_on_disconnect(request, drawing)
        for dataset, revision in known_revisions.items():
            made_from(request, revision, revisions.get(dataset, revision))
        headers = {"vary": "accept"} if parameters.file_format is None else {}
        if parameters.save:
            name = f"{kind.name}_statistics" if output.format == "stats" else kind.name
            file = make_file_name(name, query.dataset or "", time, output.file_format.extension)
            headers["content-disposition"] = f'attachment; filename="{file}"'
        if drawn.alt:
            headers[ALT_HEADER] = f"utf-8'{output.language}'{quote(drawn.alt, safe='')}"
        return Response(drawn.content, media_type=output.file_format.media_type, headers=headers)

    async def find_revisions(self, query: Any) -> dict[str, str]:
        """Return the revisions of the requested datasets."""
        revisions: dict[str, str] = {}
        for dataset in query.dataset_ids():
            with map_error_fields("$.compare_to" if revisions else "$"):
                revisions[dataset] = await self.services.metadata.revision(dataset)
        return revisions


def accepted_format(request: HTTPRequest, formats: Sequence[str]) -> str:
    """Return the format that the Accept header names; `json` for who accepts anything, or nothing that there is."""
    names: dict[str, str] = {}
    for name in ("json", *formats):
        names.setdefault(FILE_FORMATS[name].media_type, name)
    return names.get(request.accept.best_match([*names], default=None) or "", "json")


def _format_address(request: HTTPRequest, query: Any) -> str:
    """Return an address that answers the same, also for a query in the body."""
    parameters = request.url.query
    if request.method == "POST":
        body = quote(msgspec.json.encode(query).decode(), safe="{}:,[]")
        parameters = f"{parameters}&query={body}" if parameters else f"query={body}"
    return f"{request.url.path}?{parameters}"[:MAX_ADDRESS]


def read_query(kind: Kind, text: str) -> Any:
    """Read the `query` of a kind of plot; the error of a wrong member has its path."""
    try:
        return msgspec.json.decode(text, type=kind.query)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        field = path.rstrip("`") or "$"
        raise InvalidRequest(
            "query: {message} at {name}", message=problems.parse_framework_text(message), name=field, field=field
        ) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest(
            "query is not JSON: {error}; it is an object like {example}",
            error=problems.parse_framework_text(str(error)),
            example=msgspec.json.encode(kind.example).decode(),
            field="query",
        ) from error


def answer_too_deep(_: HTTPRequest, __: RecursionError) -> Response[Problem]:
    """Refuse a body of brackets within brackets by the thousand."""
    return problems.problem_response(problems.to_problem(InvalidRequest("the body is nested too deeply", field="$")))


def make_routes(kind: Kind) -> list[HTTPRouteHandler]:
    """Return the routes of a kind: one whose query is a parameter, and one whose query is the body."""
    alt = "The picture in words, percent-encoded in UTF-8 as RFC 8187 says: `utf-8'en'…`."
    header = OpenAPIHeader(description=alt, schema=Schema(type=OpenAPIType.STRING))
    media_types = (FILE_FORMATS[name].media_type for name in kind.formats)
    query_text_parameter = query_parameter("JSON object.", msgspec.json.encode(kind.example).decode(), name="query")
    options: dict[str, Any] = {
        "tags": ["plots"],
        "operation_class": offer_media_types(*media_types, headers={ALT_HEADER: header}),
        "exception_handlers": {RecursionError: answer_too_deep},
        "responses": DRAWN | FAILURES,
        "dependencies": {"parameters": Provide(PlotParameters, sync_to_thread=False)},
    }

    @get(
        f"/plot/{kind.name}",
        operation_id=f"get{kind.name.capitalize()}Plot",
        summary=kind.summary,
        description="A plot or its numbers; `query` has the members of the body of the POST.",
        **options,
    )
    async def get_plot(
        *,
        request: HTTPRequest,
        plotter: NamedDependency[Plotter],
        query_text: Annotated[str, query_text_parameter],
        parameters: NamedDependency[PlotParameters],
        rev: Revision = None,  # noqa: ARG001 - read by the plotter's freshness
    ) -> Response[bytes]:
        query = read_query(kind, query_text)
        if datasets := query.dataset_ids():  # observations have no revision: the ETag is that of their numbers
            await plotter.find_revisions(query)
            await plotter.freshness(request, *datasets, form=parameters.choose_format(request, kind))
        return await plotter.answer(kind, request, query, parameters)

    @post(
        f"/plot/{kind.name}",
        operation_id=f"post{kind.name.capitalize()}Plot",
        summary=f"{kind.summary}, with the query as body",
        description="The same as the GET, for queries that are too long for an address.",
        status_code=200,
        **options,
    )
    async def post_plot(
        *,
        request: HTTPRequest,
        plotter: NamedDependency[Plotter],
        data: JSONBody[kind.query],  # type: ignore[name-defined] # the query of this kind
        parameters: NamedDependency[PlotParameters],
    ) -> Response[bytes]:
        return await plotter.answer(kind, request, data, parameters)

    return [get_plot, post_plot]


@get("/plot/{kind:str}", include_in_schema=False)
async def refuse_unknown_kind(kind: FromPath[str]) -> None:
    """Refuse a kind that does not exist."""
    raise PlotKindNotFound(
        "there is no plot of kind {kind!r}; there is: {plots}", kind=kind[:40], plots=", ".join(KINDS), allowed=KINDS
    )


HANDLERS = [*chain.from_iterable(map(make_routes, KINDS.values())), refuse_unknown_kind]
