"""Datasets as one file each: kept by revision, within budgets, and streamed."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import Any, NamedTuple, Protocol

import numpy as np
from litestar import Request, Response

from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import DatasetFiles, File, VariableInfo
from ocean_common.http import Freshness, cancel_on_disconnect, made_from
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import Message, RequestTooLarge, SourceUnreadable
from ocean_data.api.streaming import StreamedResponse
from ocean_data.plan.constraint import Projection
from ocean_data.plan.extraction import Cost
from ocean_data.reading.aggregation import Aggregation, StoredFiles, aggregate
from ocean_data.reading.base import Source, ThreadPool
from ocean_data.reading.files import being_written
from ocean_data.spool import Spool, SpoolWriter

CACHED = 32 << 20  # bytes of aggregations
SHORT = 4 << 20  # bytes of an answer that is made in the threads for short work, and sent in one piece

Pieces = Callable[[StoredFiles], Iterator[bytes]]


class StoredParts(NamedTuple):
    """Answer that is made of parts of variables."""

    projections: Sequence[Projection]
    size: int  # bytes, about
    pieces: Pieces


class FileCatalogue(Catalogue, Protocol):
    """Catalogue that also tells the files and the variables of datasets."""

    async def files(self, dataset: str) -> DatasetFiles:
        """Return the files of a dataset, or raise DatasetNotFound."""

    async def variables(self, dataset: str) -> list[VariableInfo]:
        """Return the variables that lists show, or raise DatasetNotFound."""


class FileSource(StoredFiles, Source, Protocol):
    """Source that also gives what is stored in its files."""


class AggregationEntry(NamedTuple):
    """An aggregation and what it was made from."""

    aggregation: Aggregation
    files: DatasetFiles


@dataclass(frozen=True, kw_only=True)
class AggregationService:
    """Finds and reads datasets as one file each."""

    catalogue: FileCatalogue
    source: StoredFiles
    workers: ThreadPool
    streams: ThreadPool
    spool: Spool
    freshness: Freshness
    budget: Cost
    cache: ByteBoundedCache[AggregationEntry] = field(
        default_factory=lambda: ByteBoundedCache(CACHED, lambda entry: entry.aggregation.nbytes)
    )

    async def check(self, dataset: str) -> None:
        """Raise DatasetNotFound where there is none of this id."""
        await self.catalogue.revision(dataset)

    async def find(self, dataset: str) -> AggregationEntry:
        """Return a dataset as one file, described anew when one of the files that describe it has changed."""
        key = dataset, await self.catalogue.revision(dataset)
        entry = self.cache.find(key, None)
        if entry is not None and await self.workers.run(is_current, entry.aggregation, self.source):
            return entry
        self.cache.discard(key)

        async def make() -> AggregationEntry:
            files = await self.catalogue.files(dataset)
            return AggregationEntry(await self.workers.run(aggregate, files, self.source), files)

        return await self.cache.get_async(key, make)

    async def mark(
        self, request: Request[Any, Any, Any], entry: AggregationEntry, files: Sequence[File] | None = None
    ) -> None:
        """Keep an answer from being cached that is not of the revision of its mark.

        ``files``: those that it was made from; None: those that describe the dataset.
        """
        files = [group.files[0] for group in entry.files.groups] if files is None else files
        indexed = await self.workers.run(are_as_indexed, files, self.source)
        current = await self.catalogue.revision(entry.files.dataset)
        made_from(request, current, entry.files.revision if indexed else "")

    def check_budget(self, projections: Sequence[Projection], size: int) -> None:
        """Refuse what exceeds the budget of one request; ``size``: bytes of the answer."""
        values = sum(map(_count_values, projections))
        files = sum(len(used_files(projection)) for projection in projections)
        limits: tuple[tuple[int, int, Message, Callable[[Projection], int]], ...] = (
            (size, self.budget.bytes, Message("bytes"), _count_values),
            (values, self.budget.values, Message("values"), _count_values),
            (files, self.budget.files, Message("files"), lambda projection: len(used_files(projection))),
        )
        for asked, limit, kind, count in limits:
            if asked > limit:
                variable, ranges = max(projections, key=count)
                # Files lie along time; of the rest, the first dimension that can be cut.
                long = [axis for axis, part in enumerate(ranges) if len(part) > 1]
                axis = variable.time_axis if kind.template == "files" else next(iter(long), None)
                if axis is None or not ranges:
                    raise RequestTooLarge(
                        "this takes {asked} {kind}, and the limit is {limit}; ask for fewer variables at a time",
                        asked=asked,
                        kind=kind,
                        limit=limit,
                        field="constraint",
                    )
                raise RequestTooLarge(
                    "this takes {asked} {kind}, and the limit is {limit}; ask for at most {count} indices of "
                    "{dimension} at a time",
                    asked=asked,
                    kind=kind,
                    limit=limit,
                    # Half of what would just fit, since all variables share the limit.
                    count=max(1, len(ranges[axis]) * limit // asked // 2),
                    dimension=variable.dimensions[axis],
                    field="constraint",
                )

    async def stream(
        self, request: Request[Any, Any, Any], entry: AggregationEntry, answer: StoredParts, **options: Any
    ) -> Response[Any]:
        """Send parts of a dataset while they are read; equal answers at the same time are made once."""
        if request.scope["state"].get("head") and answer.size > SHORT:
            return StreamedResponse(None, **options)
        files = [file for projection in answer.projections for file in used_files(projection)]
        await self.mark(request, entry, files)
        key = f"{entry.files.revision} {request.url.path}?{request.url.query}"
        pool = self.workers if answer.size <= SHORT else self.streams
        reader = self.spool.follow(key, partial(self._write, files, answer.pieces), pool)
        with ExitStack() as stack:
            stack.callback(reader.close)  # after a failure the writer need not go on
            await cancel_on_disconnect(request, reader.wait_ready(complete=answer.size <= SHORT))
            if answer.size <= SHORT:
                return Response(b"".join([piece async for piece in reader]), **options)
            stack.pop_all()
        return StreamedResponse(reader, **options)

    def _write(self, files: Sequence[File], pieces: Pieces, sink: SpoolWriter) -> None:
        """Read and write an answer that is never of two states of a file. Runs in a thread."""
        paths = list(dict.fromkeys(file.path for file in files))
        before = [self.source.signature(path) for path in paths]
        all_pieces = pieces(self.source)
        # The first numbers are read before the first byte is written, so that most failures become errors.
        for piece in chain([*islice(all_pieces, 3)], all_pieces):
            sink.write(piece)
        for path, state in zip(paths, before, strict=True):
            if self.source.signature(path) != state:
                raise being_written(path)


def _count_values(projection: Projection) -> int:
    return math.prod(map(len, projection.ranges))


def used_files(projection: Projection) -> list[File]:
    """Return the files that hold a part of a variable."""
    variable, ranges = projection
    if variable.values is not None:
        return []
    if variable.join is None:
        return [variable.first]
    numbers = np.unique(variable.join.file[np.array(ranges[variable.time_axis], np.int64)])
    return [variable.join.group.files[number] for number in numbers]


def are_as_indexed(files: Iterable[File], source: StoredFiles) -> bool:
    """Return whether files are as the catalogue knows them."""
    try:
        return all(source.signature(file.path)[1:3] == (file.size, file.mtime_ns) for file in files)
    except SourceUnreadable:
        return False


def is_current(aggregation: Aggregation, source: StoredFiles) -> bool:
    """Return whether the files that describe a dataset are as they were."""
    return all(source.signature(path) == state for path, state in aggregation.states.items())
