"""The service behind the routes of extractions: plan, check the budget, read, write."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import chain, count, islice
from typing import Any

import msgspec
from litestar import Request, Response

from ocean_common.contracts import data as requests
from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import (
    AreaRequest,
    Coverage,
    DifferenceRequest,
    Estimate,
    ExtractionRequest,
    Minuend,
    StatisticsRequest,
)
from ocean_common.http import Freshness, cancel_on_disconnect, made_from
from ocean_common.i18n import ENGLISH, SOURCE, Translator, request_translator
from ocean_common.parameters import parse_choice
from ocean_core.cache import SingleFlight
from ocean_core.errors import InvalidRequest, Message, RequestTooLarge, UnsupportedFormat
from ocean_data.api.streaming import StreamedResponse
from ocean_data.compute.vectors import match_units
from ocean_data.plan.areas import plan_area
from ocean_data.plan.difference import plan_difference
from ocean_data.plan.extraction import Cost, Extraction, Parts, read_parts
from ocean_data.plan.lines import plan_section, plan_trajectory, plan_transect
from ocean_data.plan.points import plan_points
from ocean_data.plan.statistics import plan_statistics
from ocean_data.reading.base import Reading, ThreadPool
from ocean_data.reading.calculated import Calculating
from ocean_data.spool import Spool, SpoolReader, SpoolWriter
from ocean_data.writing import FileWriter, StreamWriter
from ocean_data.writing.netcdf import file_pieces
from ocean_data.writing.size import estimate_stream_size, largest_file_size
from ocean_data.writing.values import read_coverage, restore_extraction

DEFAULT = "json"
NO_FORMAT = Message("format {value!r} is none of {choices}")
DOCUMENTS = {"json", "covjson", "geojson"}  # clients read them whole: they have a smaller limit
INLINE = {*DOCUMENTS, "ndjson"}  # shown by browsers; the others are saved as files
MAX_VARIABLES = 64  # of one request
SHORT = 16 << 20  # bytes read or written: shorter work is done in the threads that tiles use too
SMALL = 1 << 20  # bytes of values: a smaller answer to short work is made in one go
ONE_PIECE = 4 << 20  # bytes of an answer that is sent in one piece

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

ReadParts = Callable[[Extraction, Reading], Parts]
# The last argument is of the type under which the function stands in the table.
Plans = Mapping[type[ExtractionRequest], Callable[[Reading, Sequence[Assets], Any], Extraction]]
PLANS: Plans = {
    requests.PointsRequest: plan_points,
    requests.TransectRequest: plan_transect,
    requests.SectionRequest: plan_section,
    requests.TrajectoryRequest: plan_trajectory,
    requests.AreaRequest: plan_area,
    requests.StatisticsRequest: plan_statistics,
    requests.DifferenceRequest: plan_difference,
}


@dataclass(frozen=True, kw_only=True)
class PlannedExtraction:
    """A planned request."""

    query: ExtractionRequest
    extraction: Extraction
    catalogue_revision: str  # the answer's entity tag is of this one
    revision: str = ""  # of the dataset; empty if a file has changed since it was indexed
    body: bytes | None = None  # the answer, if it is small
    language: str = SOURCE  # of its names

    @property
    def short(self) -> bool:
        """True if it takes a moment."""
        cost = self.extraction.cost
        return max(cost.bytes, 8 * cost.values) <= SHORT

    @property
    def small(self) -> bool:
        """True if it takes a moment and the answer is small."""
        return self.short and 8 * self.extraction.cost.values <= SMALL


@dataclass(frozen=True, kw_only=True)
class Output:
    """The format of an answer, and the name of the file."""

    form: str
    writer: StreamWriter | FileWriter
    name: str | None  # None: it is shown, not saved
    reserved: int = 0  # bytes of temporary files, at most; 0: as the writer needs them

    def response_options(self) -> dict[str, Any]:
        """Return media type, headers and status of the response."""
        headers = {"vary": "accept"}
        if self.name is not None:
            headers["content-disposition"] = f'attachment; filename="{self.name}"'
        return {"media_type": self.writer.media_type, "headers": headers, "status_code": 200}


@dataclass(frozen=True, kw_only=True)
class ExtractionService:
    """Answers every kind of extraction, in every format."""

    catalogue: Calculating
    reading: Reading
    workers: ThreadPool
    streams: ThreadPool  # for long work, so that the others never wait for it
    plot_streams: ThreadPool  # the same for plots, so that these never wait for downloads
    spool: Spool
    freshness: Freshness
    formats: Mapping[str, StreamWriter | FileWriter]
    budget: Cost
    max_document: int  # values of a document
    plans: Plans = field(default_factory=lambda: PLANS)
    read: ReadParts = read_parts
    unshared_keys: "count[int]" = field(default_factory=count)
    in_flight: SingleFlight[PlannedExtraction] = field(default_factory=SingleFlight)

    async def answer(
        self, request: Request[Any, Any, Any], query: ExtractionRequest, form: str | None
    ) -> Response[Any]:
        """Read an extraction and write it as ``form``, or as the Accept header says."""
        form = form or accepted_format(request, self.formats)
        writer = self._writer(form)
        # NetCDF files are the same for all readers.
        translate = request_translator() if isinstance(writer, StreamWriter) else ENGLISH
        await self._check_freshness(request, query, form)
        planned = await self._plan_and_read(query, form, translate)
        words = query.dataset, *query.variables[:3], planned.extraction.kind
        name = None if form in INLINE else f"{safe_name('_'.join(words))}.{writer.suffix}"
        output = Output(form=form, writer=writer, name=name)
        if planned.body is None:
            return await self.send(request, planned, output)
        made_from(request, planned.catalogue_revision, planned.revision)
        return Response(planned.body, **output.response_options())

    async def begin(self, request: Request[Any, Any, Any], query: ExtractionRequest, form: str) -> PlannedExtraction:
        """Plan an answer; end with 304 if the caller has it, or with RequestTooLarge."""
        await self._check_freshness(request, query, form)
        planned = await self.plan(query)
        self.check(planned.extraction, form)
        return planned

    async def send(self, request: Request[Any, Any, Any], planned: PlannedExtraction, output: Output) -> Response[Any]:
        """Send an answer, made here or for another request at the same time."""
        options = output.response_options()
        if request.scope["state"].get("head") and not planned.short:
            return StreamedResponse(None, **options)
        reader = self._follow(planned, output)
        with ExitStack() as stack:
            stack.callback(reader.close)  # after a failure the writer need not go on
            complete = planned.short or not isinstance(output.writer, StreamWriter)
            await cancel_on_disconnect(request, reader.wait_ready(complete=complete))
            # None if it may be of another revision, since files may still change.
            revision = ""
            if reader.size is not None and planned.revision:
                revision = await self.workers.run(planned.extraction.revision, self.reading.source)
            made_from(request, planned.catalogue_revision, revision)
            request.scope["state"]["digest"] = reader.digest
            if reader.size is not None and reader.size <= ONE_PIECE:
                return Response(b"".join([piece async for piece in reader]), **options)
            stack.pop_all()
        return StreamedResponse(reader, **options)

    async def estimate(self, query: ExtractionRequest, form: str | None = None) -> Estimate:
        """Estimate what a request would take; why it is too much, in the language of the caller."""
        extraction, size = (await self.plan(query)).extraction, None
        refusal = extraction.refusal(self.budget if form is None else self._budget(form))
        if form is not None:
            writer = self._writer(form)
            if isinstance(writer, StreamWriter):
                size = await self.workers.run(estimate_stream_size, extraction, writer)
            else:
                size = largest_file_size(extraction)
        return Estimate(
            kind=extraction.kind,
            dims=dict(extraction.dims),
            allowed=refusal is None,
            reason=request_translator()(refusal.message) if refusal else None,
            format=form,
            size=size,
            **asdict(extraction.cost),
        )

    async def coverage(self, query: ExtractionRequest) -> Coverage:
        """Read an extraction whole, for a neighbour."""
        planned = await self.plan(query)
        self.check(planned.extraction, DEFAULT)
        workers = self.workers if planned.short else self.plot_streams
        return await workers.run(read_coverage, planned.extraction, self.reading)

    async def write(self, coverage: Coverage, form: str) -> Response[bytes]:
        """Write values that a neighbour has computed as a file."""
        writer = self._writer(form)

        def pieces() -> list[bytes]:
            extraction = restore_extraction(coverage)
            parts = read_parts(extraction, self.reading)
            if isinstance(writer, StreamWriter):
                return [*writer.pieces(extraction, parts, coverage.revision)]
            return [*file_pieces(writer, self.spool.path(), extraction, parts, coverage.revision)]

        return Response(b"".join(await self.plot_streams.run(pieces)), media_type=writer.media_type)

    async def plan(self, query: ExtractionRequest) -> PlannedExtraction:
        """Find the variables, and plan how to read them."""
        return await self.workers.run(self._plan, await self._assets(query), query)

    def check(self, extraction: Extraction, form: str) -> None:
        """Refuse what exceeds the budget of one request."""
        if refusal := extraction.refusal(self._budget(form)):
            if form in DOCUMENTS and extraction.refusal(self.budget) is None:
                formats = ", ".join(name for name in self.formats if name not in DOCUMENTS)
                raise RequestTooLarge(
                    "{reason}; so would all of it in another format: {formats}",
                    reason=refusal.message,
                    formats=formats,
                    field="$",
                )
            raise refusal

    def _budget(self, form: str) -> Cost:
        """Return the budget of a format: documents have a smaller limit of values."""
        if form not in DOCUMENTS:
            return self.budget
        return replace(self.budget, values=min(self.budget.values, self.max_document))

    def _writer(self, form: str) -> StreamWriter | FileWriter:
        """Return the writer of a format."""
        return self.formats[parse_choice(form, self.formats, "format", NO_FORMAT, UnsupportedFormat)]

    async def _check_freshness(self, request: Request[Any, Any, Any], query: ExtractionRequest, form: str) -> None:
        """End with 304 if the caller has the answer."""
        if request.method == "GET":
            if isinstance(query, AreaRequest) and query.polygon is not None:
                # The address has only the key of an area, whose polygon may change.
                form = f"{form} {msgspec.json.encode(query.polygon).decode()}"
            minus = _find_minus(query)
            await self.freshness(request, query.dataset, *([minus.dataset] if minus else []), form=form)

    async def _plan_and_read(self, query: ExtractionRequest, form: str, translate: Translator) -> PlannedExtraction:
        """Plan a request, and answer it if it is small; simultaneous equal requests share the result."""
        assets = await self._assets(query)

        def work() -> Awaitable[PlannedExtraction]:
            return self.workers.run(self._plan, assets, query, form, translate)

        revisions = " ".join(variable.revision for variable in assets)
        planned, joined = await self.in_flight.run(self._key(revisions, form, query, translate.language), work)
        if joined and not planned.revision:
            return await work()  # it may have begun before a file was changed
        return planned

    def _plan(
        self,
        assets: Sequence[Assets],
        query: ExtractionRequest,
        form: str | None = None,
        translate: Translator = ENGLISH,
    ) -> PlannedExtraction:
        """Plan an extraction; for a form check it, and read and write it too if it is small. Runs in a thread."""
        extraction = self.plans[type(query)](self.reading, assets, query)
        fields = [replace(field, variable=translate.describe(field.variable)) for field in extraction.fields]
        title = translate.dataset_name(assets[0].variable) if extraction.title else ""
        extraction = replace(extraction, fields=fields, title=title)
        planned = PlannedExtraction(
            query=query,
            extraction=extraction,
            catalogue_revision=assets[0].revision,
            language=translate.language,
        )
        writer, parts = self.formats[form] if form else None, None
        if form is not None:
            self.check(extraction, form)
        if planned.small and isinstance(writer, StreamWriter):
            parts = [*self.read(extraction, self.reading)]
        # Checked after reading: a file may have changed before or meanwhile.
        planned = replace(planned, revision=extraction.revision(self.reading.source))
        if parts is None or not isinstance(writer, StreamWriter):
            return planned
        return replace(planned, body=b"".join(writer.pieces(extraction, iter(parts), planned.revision)))

    async def _assets(self, query: ExtractionRequest) -> list[Assets]:
        """Find the variables of a request, that of its expression, then those that are subtracted."""
        searches = [self._find(query, query.dataset, query.variables)]
        if minus := _find_minus(query):
            searches.append(self._find(query, minus.dataset, minus.variables or query.variables))
        return [variable for variables in await asyncio.gather(*searches) for variable in variables]

    async def _find(self, query: ExtractionRequest, dataset: str, variables: Sequence[str]) -> list[Assets]:
        check_variable_count(variables)
        if not variables and query.expression is None:
            raise InvalidRequest("name at least one variable", field="variables")
        searches: list[Awaitable[Assets]] = [self.catalogue.assets(dataset, name) for name in variables]
        if query.expression is not None:
            searches.append(self.catalogue.expression(dataset, query.expression))
        assets = await asyncio.gather(*searches)
        return [*match_units(*assets[:2]), *assets[2:]] if query.vector and len(assets) > 1 else assets

    def _follow(self, planned: PlannedExtraction, output: Output) -> SpoolReader:
        # An answer from changed files may differ the next moment: it is not shared.
        revision = planned.revision or f"{next(self.unshared_keys)}"
        return self.spool.follow(
            self._key(revision, output.form, planned.query, planned.language),
            partial(self._write, planned, output.writer),
            self.workers if planned.short else self.streams,
            reserved=output.reserved
            or (0 if isinstance(output.writer, StreamWriter) else largest_file_size(planned.extraction)),
        )

    def _key(self, revision: str, form: str, query: ExtractionRequest, language: str) -> str:
        text = msgspec.json.encode(query, order="sorted").decode()
        return f"{revision} {form} {language} {type(query).__name__} {text}"

    def _write(self, planned: PlannedExtraction, writer: StreamWriter | FileWriter, sink: SpoolWriter) -> None:
        """Read and write an extraction. Runs in a thread."""

        def read_parts_checked() -> Parts:
            for part in self.read(planned.extraction, self.reading):
                yield part
                sink.check()

        parts = read_parts_checked()
        if not isinstance(writer, StreamWriter):
            sink.save(lambda path: writer.save(planned.extraction, parts, planned.revision, path))
            return
        # The first part is read before the first byte is written, so that most failures become problems.
        all_parts = chain([*islice(parts, 1)], parts)
        for piece in writer.pieces(planned.extraction, all_parts, planned.revision):
            sink.write(piece)


def _find_minus(query: ExtractionRequest) -> Minuend | None:
    return query.minus if isinstance(query, DifferenceRequest | StatisticsRequest) else None


def check_variable_count(variables: Sequence[str]) -> None:
    """Refuse more variables than one request may have."""
    if len(variables) > MAX_VARIABLES:
        raise RequestTooLarge(
            "{count} variables are asked for, and the limit is {limit}",
            count=len(variables),
            limit=MAX_VARIABLES,
            field="variables",
        )


def accepted_format(request: Request[Any, Any, Any], formats: Mapping[str, StreamWriter | FileWriter]) -> str:
    """Return the format that the Accept header prefers; the first of equals."""
    names: dict[str, str] = {}
    for name, writer in formats.items():
        names.setdefault(writer.media_type.partition(";")[0], name)
    best = request.accept.best_match([*names], default=None)
    if best is None:
        raise UnsupportedFormat(
            "the Accept header allows none of {media_types}; leave it out, or say format=",
            media_types=", ".join(names),
            field="format",
            allowed=formats,
        )
    return names[best]


def safe_name(name: str) -> str:
    """Replace what headers and file systems do not accept in a name."""
    return _UNSAFE.sub("_", name)
