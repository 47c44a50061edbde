"""The desk at which everything that is extracted is asked for: who knows the files, who reads, who writes."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from litestar import Request, Response

from ocean_common.caching import Freshness, made_from
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import Assets
from ocean_common.contracts.extractions import Asked, Coverage, DifferenceAsked, Estimate
from ocean_common.errors import NotSupported, UnsupportedFormat
from ocean_data.domain import coverage
from ocean_data.domain.extract import Plan
from ocean_data.domain.extraction import Budget, Extraction, Reading, read
from ocean_data.domain.ports import Saved, Stream, Workers

DEFAULT = "json"
WHOLE = {"json", "covjson", "geojson"}  # documents that are read whole: they have a smaller limit
SHOWN = {*WHOLE, "ndjson"}  # by browsers; the others are saved as files

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

Calculate = Callable[[str, str], Awaitable[Assets]]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Answers every kind of extraction, in every format."""

    catalogue: Catalogue
    reading: Reading
    workers: Workers
    freshness: Freshness
    formats: Mapping[str, Stream | Saved]
    budget: Budget
    whole: int  # values in a document that is read whole
    plans: Mapping[type[Asked], Plan]
    calculate: Calculate | None = None  # the variable of a dataset that an expression makes

    async def answer(self, request: Request[Any, Any, Any], asked: Asked, form: str | None) -> Response[Any]:
        """Read what is asked for, and write it as ``form``, or as Accept says."""
        form = form or accepted(request, self.formats)
        if form not in self.formats:
            known = ", ".join(self.formats)
            raise UnsupportedFormat(f"format {form[:40]!r} is none of {known}", field="format", allowed=self.formats)
        if request.method == "GET":
            await self.freshness(request, *datasets(asked), form=form)
        extraction, assets = await self.plan(asked)
        self.check(extraction, form)
        writer = self.formats[form]
        content, revision = await self.workers.run(self._written, writer, extraction)
        made_from(request, assets[0].revision, revision)
        headers = {"vary": "accept"}
        if form not in SHOWN:
            headers["content-disposition"] = f'attachment; filename="{file_name(asked, extraction, writer.suffix)}"'
        return Response(content, media_type=writer.media_type, headers=headers, status_code=200)

    async def estimate(self, asked: Asked) -> Estimate:
        """What a request would take."""
        extraction, _ = await self.plan(asked)
        return extraction.estimate(self.budget)

    async def coverage(self, asked: Asked) -> Coverage:
        """Everything that is asked for, for a neighbour."""
        extraction, _ = await self.plan(asked)
        self.check(extraction, DEFAULT)
        return await self.workers.run(coverage.read, extraction, self.reading)

    async def plan(self, asked: Asked) -> tuple[Extraction, Sequence[Assets]]:
        """Find the variables, and plan how to read them."""
        assets = await self._assets(asked)
        plan = self.plans[type(asked)]
        return await self.workers.run(plan, self.reading, assets, asked), assets

    def check(self, extraction: Extraction, form: str) -> None:
        """Refuse what is too much for one request."""
        budget = self.budget
        if form in WHOLE:
            budget = replace(budget, values=min(budget.values, self.whole))
        if refusal := extraction.refusal(budget):
            raise refusal

    async def _assets(self, asked: Asked) -> list[Assets]:
        """The variables of a request, the one of its expression, then all again of what they are compared with."""
        wanted = [self._known(asked.dataset, asked.variables, asked.expression)]
        if isinstance(asked, DifferenceAsked):
            other = asked.minus
            wanted.append(self._known(other.dataset, other.variables or asked.variables, asked.expression))
        return [one for found in await asyncio.gather(*wanted) for one in found]

    async def _known(self, dataset: str, variables: Sequence[str], expression: str | None) -> list[Assets]:
        found: list[Awaitable[Assets]] = [self.catalogue.assets(dataset, name) for name in variables]
        if expression is not None:
            if self.calculate is None:
                raise NotSupported("expressions come with a later version", field="expression")
            found.append(self.calculate(dataset, expression))
        return await asyncio.gather(*found)

    def _written(self, writer: Stream | Saved, extraction: Extraction) -> tuple[bytes, str]:
        if not isinstance(writer, Stream):
            raise NotSupported("files come with a later version", field="format")
        revision = extraction.revision(self.reading.source)
        content = b"".join(writer.pieces(extraction, read(extraction, self.reading), revision))
        return content, revision if revision == extraction.revision(self.reading.source) else ""


def accepted(request: Request[Any, Any, Any], formats: Mapping[str, Stream | Saved]) -> str:
    """The format that the Accept header likes best; the first of equals."""
    by_type: dict[str, str] = {}
    for name, one in formats.items():
        by_type.setdefault(one.media_type.partition(";")[0], name)
    best = request.accept.best_match([*by_type], default=None)
    if best is None:
        raise UnsupportedFormat(
            f"the Accept header allows none of {', '.join(by_type)}; leave it out, or say format=",
            field="format",
            allowed=formats,
        )
    return by_type[best]


def datasets(asked: Asked) -> list[str]:
    """The datasets that an answer is made from."""
    return [asked.dataset, *([asked.minus.dataset] if isinstance(asked, DifferenceAsked) else [])]


def file_name(asked: Asked, extraction: Extraction, suffix: str) -> str:
    """What a browser calls the file."""
    name = "_".join([asked.dataset, *asked.variables[:3], extraction.kind])
    return f"{_UNSAFE.sub('_', name)}.{suffix}"
