"""Datasets as Zarr stores: their documents, kept by revision, and their chunks."""

import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import msgspec
import numpy as np

from ocean_core.cache import ByteBoundedCache
from ocean_data.aggregation import AggregationEntry, AggregationService, are_as_indexed, is_current, used_files
from ocean_data.plan.chunk_layout import ChunkLayout, Position, plan_chunks
from ocean_data.plan.constraint import Projection
from ocean_data.reading.aggregation import JoinedVariable, StoredFiles, read_stored
from ocean_data.writing.zarr import encode_chunk, is_sent_as_stored, pad_chunk, write_group

CACHED = 32 << 20  # bytes of documents
LONGEST_TEXTS = 100_000  # texts of a variable whose longest is looked for
_CHUNK = re.compile(r"(.+?)/(?:c((?:/\d{1,18})*)|(\d{1,18}(?:\.\d{1,18})*))")


class ZarrStore(NamedTuple):
    """A dataset as a store."""

    entry: AggregationEntry
    layouts: dict[str, ChunkLayout]
    documents: dict[str, bytes]

    @property
    def nbytes(self) -> int:
        """Estimate the bytes that it takes in memory, besides the aggregation."""
        blocks = sum(layout.blocks.nbytes for layout in self.layouts.values() if layout.blocks is not None)
        return blocks + sum(len(name) + len(content) + 200 for name, content in self.documents.items())


class SentChunk(NamedTuple):
    """A chunk as it is sent."""

    content: bytes
    revision: str  # of the dataset; empty if a file has changed since it was indexed


class StoreChanged(Exception):
    """The files that a store describes have changed."""


class ChunkKey(NamedTuple):
    """Chunk that an address in a store names."""

    variable: str
    position: Position
    older: bool  # in version 2 of the format


@dataclass(frozen=True, kw_only=True)
class ZarrStores:
    """The stores of all datasets."""

    aggregations: AggregationService
    cache: ByteBoundedCache[ZarrStore] = field(
        default_factory=lambda: ByteBoundedCache(CACHED, lambda store: store.nbytes)
    )

    async def find(self, dataset: str, *, check: bool = True) -> ZarrStore:
        """Return the store of a dataset, made anew when the files that describe it have changed.

        Without ``check`` that was not looked at: `read_chunk` does.
        """
        key = dataset, await self.aggregations.catalogue.revision(dataset)
        store = self.cache.find(key, None)
        if store is not None and not check:
            return store
        entry = await self.aggregations.find(dataset)
        if store is not None and store.entry is entry:
            return store
        self.cache.discard(key)
        service = self.aggregations
        return await self.cache.get_async(key, lambda: service.workers.run(make_store, entry, service.source))

    async def read(self, dataset: str, key: str) -> SentChunk | None:
        """Read a chunk; None where there is none at an address, or it was never written."""
        run, source = self.aggregations.workers.run, self.aggregations.source
        try:
            # One thread for all of it: most chunks take less than the way there.
            return await run(read_chunk, await self.find(dataset, check=False), key, source)
        except StoreChanged:
            return await run(read_chunk, await self.find(dataset), key, source)


def make_store(entry: AggregationEntry, source: StoredFiles) -> ZarrStore:
    """Lay out the chunks of a dataset, and write its documents."""
    layouts = {}
    for name, variable in entry.aggregation.variables.items():
        if variable.dtype.kind in "UO":
            fixed = _fix_length(variable, source)
            if fixed is None:
                continue
            layouts[name] = plan_chunks(fixed, None)
        elif variable.dtype.kind != "f" or variable.dtype.itemsize in {4, 8}:
            index = source.index(variable.first.path, variable.source) if variable.shape else None
            layouts[name] = plan_chunks(variable, index)
    documents = write_group(entry.aggregation, layouts)
    return ZarrStore(entry, layouts, {name: msgspec.json.encode(document) for name, document in documents.items()})


def _fix_length(variable: JoinedVariable, source: StoredFiles) -> JoinedVariable | None:
    """Return texts in the length of the longest of them; None for too many."""
    if np.prod(variable.shape) > LONGEST_TEXTS:
        return None
    texts = read_stored(variable, tuple(range(size) for size in variable.shape), source)
    encoded = np.array([str(text).encode() for text in texts.ravel().tolist()] or [b""]).reshape(variable.shape)
    return replace(variable, dtype=encoded.dtype, values=encoded)


def parse_chunk_key(key: str, store: ZarrStore) -> ChunkKey | None:
    """Return which chunk an address asks for; None for none."""
    match = _CHUNK.fullmatch(key)
    layout = store.layouts.get(match[1]) if match else None
    if match is None or layout is None:
        return None
    older = match[3] is not None
    numbers = match[3].split(".") if older else match[2].split("/")[1:]
    position = tuple(map(int, numbers))
    if older and not layout.count:
        position = position[1:] if position == (0,) else position
    inside = len(position) == len(layout.count) and all(map(int.__lt__, position, layout.count))
    return ChunkKey(match[1], position, older) if inside else None


def read_chunk(store: ZarrStore, address: str, source: StoredFiles) -> SentChunk | None:
    """Read a chunk; None where there is none at an address, or it was never written. StoreChanged if the store is."""
    if not is_current(store.entry.aggregation, source):
        raise StoreChanged
    key = parse_chunk_key(address, store)
    if key is None:
        return None
    layout = store.layouts[key.variable]
    files = used_files(Projection(layout.variable, layout.ranges(key.position)))
    revision = store.entry.files.revision if are_as_indexed(files, source) else ""
    content = _read_content(layout, key, source)
    return None if content is None else SentChunk(content, revision)


def _read_content(layout: ChunkLayout, key: ChunkKey, source: StoredFiles) -> bytes | None:
    """Read a chunk as it lies in its file, or make it of its numbers; None if it was never written."""
    variable = layout.variable
    if layout.index is not None:
        place = layout.file_chunk(key.position)
        stored = source.stored_chunk(place.path, variable.source, place.position)
        if stored is not None and stored.mask == 0 and is_sent_as_stored(stored.chunks, layout.index):
            if stored.content is not None:
                return pad_chunk(stored.content, layout)
            if not key.older:
                return None
    return encode_chunk(read_stored(variable, layout.ranges(key.position), source), layout)
