"""The desk at which everything that is extracted is asked for: who knows the files, who reads, who writes."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, count, islice
from typing import Any

import msgspec
from litestar import Request, Response

from ocean_common.caching import Freshness, made_from
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import Assets
from ocean_common.contracts.extractions import AreaAsked, Asked, Coverage, DifferenceAsked, Estimate
from ocean_common.disconnect import CLIENT_CLOSED_REQUEST, ClientDisconnected, cancel_on_disconnect
from ocean_common.errors import InvalidRequest, NotSupported, RequestTooLarge, UnsupportedFormat
from ocean_common.language import request_translator
from ocean_core.cache import SingleFlight
from ocean_data.api.parameters import check_number
from ocean_data.api.streaming import Flow
from ocean_data.plan import Plan
from ocean_data.plan.extraction import Budget, Extraction, Reading, read_parts
from ocean_data.ports import Following, Parts, Saved, Sink, Spool, Stream, Workers
from ocean_data.writing.size import estimate_stream_size, largest_file_size
from ocean_data.writing.values import read_coverage

DEFAULT = "json"
WHOLE = {"json", "covjson", "geojson"}  # documents that are read whole: they have a smaller limit
SHOWN = {*WHOLE, "ndjson"}  # by browsers; the others are saved as files
SHORT = 16 << 20  # bytes read or written: what takes less is done soon, in the threads that tiles have too
SMALL = 1 << 20  # bytes of values: what has less, and is short, is done by one thread in one go
AT_ONCE = 4 << 20  # bytes of an answer that is sent in one piece

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

Calculate = Callable[[str, str], Awaitable[Assets]]
Read = Callable[[Extraction, Reading], Parts]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What is asked for, ready to be read."""

    asked: Asked
    extraction: Extraction
    revision: str  # of the dataset; empty if a file has changed since it was indexed
    known: str  # the revision by which the answer is marked

    @property
    def short(self) -> bool:
        """Whether it is done in no time."""
        cost = self.extraction.cost
        return max(cost.bytes, 8 * cost.values) <= SHORT

    @property
    def small(self) -> bool:
        """Whether the answer is small as well."""
        return self.short and 8 * self.extraction.cost.values <= SMALL


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A small answer."""

    body: bytes
    kind: str
    revision: str  # of the dataset; empty if a file has changed since it was indexed
    known: str  # the revision by which the answer is marked


@dataclass(frozen=True, kw_only=True)
class Written:
    """How an answer is written, and what its file is called where it is saved."""

    form: str
    writer: Stream | Saved
    name: str | None
    room: int = 0  # bytes that lie on the disk meanwhile, at most; 0: as the writer needs them

    def told(self) -> dict[str, Any]:
        """What is said of it beside its bytes."""
        headers = {"vary": "accept"}
        if self.name is not None:
            headers["content-disposition"] = f'attachment; filename="{self.name}"'
        return {"media_type": self.writer.media_type, "headers": headers, "status_code": 200}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Answers every kind of extraction, in every format."""

    catalogue: Catalogue
    reading: Reading
    workers: Workers
    streams: Workers  # those who do what takes long, so that the others never wait for it
    plot_streams: Workers  # the same for plots, so that these never wait for files that somebody downloads
    spool: Spool
    freshness: Freshness
    formats: Mapping[str, Stream | Saved]
    budget: Budget
    whole: int  # values in a document that is read whole
    plans: Mapping[type[Asked], Plan]
    read: Read = read_parts
    calculate: Calculate | None = None  # the variable of a dataset that an expression makes
    numbers: "count[int]" = field(default_factory=count)
    under_way: SingleFlight[Answered | Planned] = field(default_factory=SingleFlight)

    async def answer(self, request: Request[Any, Any, Any], asked: Asked, form: str | None) -> Response[Any]:
        """Read what is asked for, and write it as ``form``, or as Accept says."""
        form = form or accepted(request, self.formats)
        writer = self._writer(form)
        await self._fresh(request, asked, form)
        made = await self._at_once(asked, form)
        kind = made.extraction.kind if isinstance(made, Planned) else made.kind
        name = None if form in SHOWN else file_name(asked, kind, writer.suffix)
        written = Written(form=form, writer=writer, name=name)
        if isinstance(made, Planned):
            return await self.send(request, made, written)
        made_from(request, made.known, made.revision)
        return Response(made.body, **written.told())

    async def begin(self, request: Request[Any, Any, Any], asked: Asked, form: str) -> Planned:
        """Plan an answer, and end here with 304 if the caller has it, or with why it is too much."""
        await self._fresh(request, asked, form)
        planned = await self.plan(asked)
        self.check(planned.extraction, form)
        return planned

    async def send(self, request: Request[Any, Any, Any], planned: Planned, written: Written) -> Response[Any]:
        """Make an answer, or read along where it is being made."""
        told = written.told()
        if request.scope["state"].get("head") and not planned.short:
            return Flow(None, **told)
        following = self._follow(planned, written)
        try:
            whole = planned.short or not isinstance(written.writer, Stream)
            await cancel_on_disconnect(request, following.begun(whole=whole))
            await self._mark(request, planned, following)
            if following.size is not None and following.size <= AT_ONCE:
                with closing(following):
                    return Response(b"".join([piece async for piece in following]), **told)
        except ClientDisconnected:
            following.close()
            return Response(None, status_code=CLIENT_CLOSED_REQUEST)
        except BaseException:  # raised again: but the writer need not go on for who has failed or was cancelled
            following.close()
            raise
        return Flow(following, **told)

    async def estimate(self, asked: Asked, form: str | None = None) -> Estimate:
        """What a request would take; why it is too much, in the language of the caller."""
        extraction = (await self.plan(asked)).extraction
        if form is None:
            found = extraction.estimate(self.budget)
        else:
            writer = self._writer(form)
            length = (
                await self.workers.run(estimate_stream_size, extraction, writer)
                if isinstance(writer, Stream)
                else largest_file_size(extraction)
            )
            found = extraction.estimate(self._budget(form))
            found = msgspec.structs.replace(found, format=form, size=length)
        return msgspec.structs.replace(found, reason=request_translator()(found.reason)) if found.reason else found

    async def coverage(self, asked: Asked) -> Coverage:
        """Everything that is asked for, for a neighbour."""
        planned = await self.plan(asked)
        self.check(planned.extraction, DEFAULT)
        workers = self.workers if planned.short else self.plot_streams
        return await workers.run(read_coverage, planned.extraction, self.reading)

    async def plan(self, asked: Asked) -> Planned:
        """Find the variables, and plan how to read them."""
        assets = await self._assets(asked)
        extraction, revision = await self.workers.run(self._planned, assets, asked)
        return Planned(asked=asked, extraction=extraction, revision=revision, known=assets[0].revision)

    def check(self, extraction: Extraction, form: str) -> None:
        """Refuse what is too much for one request."""
        if refusal := extraction.refusal(self._budget(form)):
            if form in WHOLE and extraction.refusal(self.budget) is None:
                others = ", ".join(one for one in self.formats if one not in WHOLE)
                raise RequestTooLarge(
                    "{reason}; so would all of it in another format: {variables}",
                    reason=refusal,
                    variables=others,
                    field="$",
                )
            raise refusal

    def _budget(self, form: str) -> Budget:
        """Documents that are read whole have a smaller limit."""
        return replace(self.budget, values=min(self.budget.values, self.whole)) if form in WHOLE else self.budget

    def _writer(self, form: str) -> Stream | Saved:
        """Who writes a format."""
        if form not in self.formats:
            known = ", ".join(self.formats)
            raise UnsupportedFormat(
                "format {format!r} is none of {available}",
                format=form[:40],
                available=known,
                field="format",
                allowed=self.formats,
            )
        return self.formats[form]

    async def _fresh(self, request: Request[Any, Any, Any], asked: Asked, form: str) -> None:
        """End with 304 if the caller has the answer."""
        if request.method == "GET":
            if isinstance(asked, AreaAsked) and asked.polygon is not None:
                # The address has but the key of an area, which may be drawn anew.
                form = f"{form} {msgspec.json.encode(asked.polygon).decode()}"
            await self.freshness(request, *datasets(asked), form=form)

    async def _at_once(self, asked: Asked, form: str) -> Answered | Planned:
        """What is small, answered; what is not, planned. Who asks meanwhile for the same gets the same."""
        assets = await self._assets(asked)

        def work() -> Awaitable[Answered | Planned]:
            return self.workers.run(self._answered, assets, asked, form)

        revisions = " ".join(one.revision for one in assets)
        made, joined = await self.under_way.run(self._key(revisions, form, asked), work)
        if joined and not made.revision:
            return await work()  # it may have begun before a file was changed
        return made

    def _answered(self, assets: Sequence[Assets], asked: Asked, form: str) -> Answered | Planned:
        """Plan, and read and write what is small, in a thread."""
        extraction = self.plans[type(asked)](self.reading, assets, asked)
        self.check(extraction, form)
        planned = Planned(asked=asked, extraction=extraction, revision="", known=assets[0].revision)
        writer = self.formats[form]
        if not planned.small or not isinstance(writer, Stream):
            return replace(planned, revision=extraction.revision(self.reading.source))
        parts = [*self.read(extraction, self.reading)]
        # Looked at when all has been read: a file that has changed before or meanwhile is not as it was indexed.
        revision = extraction.revision(self.reading.source)
        body = b"".join(writer.pieces(extraction, iter(parts), revision))
        return Answered(body=body, kind=extraction.kind, revision=revision, known=planned.known)

    async def _assets(self, asked: Asked) -> list[Assets]:
        """The variables of a request, the one of its expression, then all again of what they are compared with."""
        wanted = [self._known(asked.dataset, asked.variables, asked.expression)]
        if isinstance(asked, DifferenceAsked):
            other = asked.minus
            wanted.append(self._known(other.dataset, other.variables or asked.variables, asked.expression))
        return [one for found in await asyncio.gather(*wanted) for one in found]

    async def _known(self, dataset: str, variables: Sequence[str], expression: str | None) -> list[Assets]:
        check_number(variables)
        if not variables and expression is None:
            raise InvalidRequest("name at least one variable", field="variables")
        found: list[Awaitable[Assets]] = [self.catalogue.assets(dataset, name) for name in variables]
        if expression is not None:
            if self.calculate is None:
                raise NotSupported("expressions come with a later version", field="expression")
            found.append(self.calculate(dataset, expression))
        return await asyncio.gather(*found)

    def _planned(self, assets: Sequence[Assets], asked: Asked) -> tuple[Extraction, str]:
        extraction = self.plans[type(asked)](self.reading, assets, asked)
        return extraction, extraction.revision(self.reading.source)

    def _follow(self, planned: Planned, written: Written) -> Following:
        # What is not known to the catalogue may be different the next moment: it is made for each.
        mark = planned.revision or f"{next(self.numbers)}"
        return self.spool.follow(
            self._key(mark, written.form, planned.asked),
            partial(self._write, planned, written.writer),
            self.workers if planned.short else self.streams,
            room=written.room or (0 if isinstance(written.writer, Stream) else largest_file_size(planned.extraction)),
        )

    def _key(self, mark: str, form: str, asked: Asked) -> str:
        what = msgspec.json.encode(asked, order="sorted").decode()
        return f"{mark} {form} {type(asked).__name__} {what}"

    def _write(self, planned: Planned, writer: Stream | Saved, sink: Sink) -> None:
        """Read and write, in a thread."""
        parts = self._parts(planned.extraction, sink)
        if not isinstance(writer, Stream):
            sink.save(lambda path: writer.save(planned.extraction, parts, planned.revision, path))
            return
        # The first part is read before the first byte is written: most failures can still be told.
        begun = chain([*islice(parts, 1)], parts)
        for piece in writer.pieces(planned.extraction, begun, planned.revision):
            sink.write(piece)

    def _parts(self, extraction: Extraction, sink: Sink) -> Parts:
        for one in self.read(extraction, self.reading):
            yield one
            sink.check()

    async def _mark(self, request: Request[Any, Any, Any], planned: Planned, following: Following) -> None:
        """Take the mark of its revision away from an answer that may be of another: what is still read may change."""
        now = ""
        if following.size is not None and planned.revision:
            now = await self.workers.run(planned.extraction.revision, self.reading.source)
        made_from(request, planned.known, now)


def accepted(request: Request[Any, Any, Any], formats: Mapping[str, Stream | Saved]) -> str:
    """The format that the Accept header likes best; the first of equals."""
    by_type: dict[str, str] = {}
    for name, one in formats.items():
        by_type.setdefault(one.media_type.partition(";")[0], name)
    best = request.accept.best_match([*by_type], default=None)
    if best is None:
        raise UnsupportedFormat(
            "the Accept header allows none of {kind}; leave it out, or say format=",
            kind=", ".join(by_type),
            field="format",
            allowed=formats,
        )
    return by_type[best]


def datasets(asked: Asked) -> list[str]:
    """The datasets that an answer is made from."""
    return [asked.dataset, *([asked.minus.dataset] if isinstance(asked, DifferenceAsked) else [])]


def file_name(asked: Asked, kind: str, suffix: str) -> str:
    """What a browser calls the file."""
    return f"{safe('_'.join([asked.dataset, *asked.variables[:3], kind]))}.{suffix}"


def safe(name: str) -> str:
    """A name without what headers and file systems take amiss."""
    return _UNSAFE.sub("_", name)
