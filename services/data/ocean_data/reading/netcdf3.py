"""Chunk index of variables in a NetCDF-3 file (classic, 64-bit offset, 64-bit data), from its header alone.

As the format is written down in the NetCDF User's Guide, "File Format Specifications".
"""

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_data.reading.blobs import Blob
from ocean_data.reading.hdf5.index import DTYPES, MOST_CHUNKS, Index, contiguous
from ocean_data.reading.packing import ATTRIBUTES, Packing
from ocean_data.reading.stored import Chunks

FIRST = 64 * 1024  # bytes of a header that are read at first
LONGEST = 64 << 20  # bytes: no header is so long
STREAMING = {4: 0xFFFFFFFF, 8: 0xFFFFFFFFFFFFFFFF}  # the number of records is not known
TYPES = {
    1: "i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8", 7: "u1", 8: ">u2", 9: ">u4", 10: ">i8", 11: ">u8",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Entry of a variable in the header."""

    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attributes: dict[str, Any]
    begin: int  # of its first byte
    step: int | None  # bytes from one record to the next; None: it has no records


def index(blob: Blob, name: str) -> Index | None:
    """The index of a variable; None if the file is of another format, or the variable is one for the library."""
    entry = (header(blob) or {}).get(name)
    if entry is None or entry.dtype not in DTYPES or not entry.shape or 0 in entry.shape:
        return None
    itemsize = entry.dtype.itemsize
    gapless = entry.step in {None, math.prod(entry.shape[1:]) * itemsize}
    table = contiguous(entry.shape, itemsize, entry.begin) if gapless else _records(entry)
    if table is None:
        return None
    return Index(
        dimensions=entry.dimensions,
        shape=entry.shape,
        dtype=entry.dtype,
        filters=(),
        fill=None,
        packing=Packing.said(entry.attributes, entry.dtype),
        **table,
    )


def _records(entry: Entry) -> dict[str, Any] | None:
    """The parts of each record, record by record."""
    count, *shape = entry.shape
    record = contiguous((1, *shape), entry.dtype.itemsize, entry.begin)
    if record is None or count * record["offsets"].size > MOST_CHUNKS:
        return None
    steps = np.arange(count, dtype=np.int64).reshape(-1, *[1] * len(shape)) * (entry.step or 0)
    offsets = record["offsets"] + steps
    return record | {
        "offsets": offsets,
        "sizes": np.broadcast_to(record["sizes"], offsets.shape),
        "masks": np.zeros(offsets.shape, np.uint32),
    }


def header(blob: Blob) -> dict[str, Entry] | None:
    """The variables of a NetCDF-3 file; None if it is none, or its header is damaged."""
    if blob.size < 4 or blob.read(0, 3).tobytes() != b"CDF":
        return None
    length = min(FIRST, blob.size)
    while True:
        try:
            return _Header(blob.read(0, length).tobytes(), blob.size).variables()
        except struct.error:  # it is longer, or damaged
            if length >= min(blob.size, LONGEST):
                return None
            length = min(2 * length, blob.size)
        except (LookupError, ValueError):
            return None


class _Header:
    """Reads the header from its first bytes; struct.error where these end."""

    def __init__(self, text: bytes, size: int) -> None:
        self._text = text
        self._size = size  # of the file
        self._at = 4
        version = text[3]
        if version not in {1, 2, 5}:
            raise ValueError(version)
        self._count = 8 if version == 5 else 4  # bytes of a number that counts
        self._offset = 4 if version == 1 else 8

    def variables(self) -> dict[str, Entry]:
        records = self._number(self._count)
        dimensions = [(self._name(), self._number(self._count)) for _ in range(self._list())]
        self._attributes()
        entries = [self._variable(dimensions) for _ in range(self._list())]
        sizes = [
            (name, entry, math.prod(entry.shape[1:]) * entry.dtype.itemsize) for name, entry, rec in entries if rec
        ]
        # A record variable that is the only one has no gaps between its records.
        step = sizes[0][2] if len(sizes) == 1 else sum(-(-size // 4) * 4 for *_, size in sizes)
        if records == STREAMING[self._count]:
            begin = min((entry.begin for _, entry, _ in sizes), default=self._size)
            records = max(0, self._size - begin) // step if step else 0
        return {name: _grown(entry, records, step) if rec else entry for name, entry, rec in entries}

    def _variable(self, dimensions: list[tuple[str, int]]) -> tuple[str, Entry, bool]:
        name = self._name()
        used = [dimensions[self._number(self._count)] for _ in range(self._number(self._count))]
        attributes = self._attributes()
        dtype = np.dtype(TYPES[self._number(4)])
        self._number(self._count)  # its size, which is wrong for large ones
        entry = Entry(
            dimensions=tuple(name for name, _ in used),
            shape=tuple(size for _, size in used),
            dtype=dtype,
            attributes=attributes,
            begin=self._number(self._offset),
            step=None,
        )
        return name, entry, bool(used) and used[0][1] == 0

    def _attributes(self) -> dict[str, Any]:
        attributes = {}
        for _ in range(self._list()):
            name, dtype = self._name(), np.dtype(TYPES[self._number(4)])
            count = self._number(self._count)
            text = self._bytes(count * dtype.itemsize)
            if name in ATTRIBUTES:
                attributes[name] = _value(text, dtype)
        return attributes

    def _list(self) -> int:
        self._number(4)  # what it is a list of
        return self._number(self._count)

    def _name(self) -> str:
        return self._bytes(self._number(self._count)).decode(errors="replace")

    def _number(self, size: int) -> int:
        (number,) = struct.unpack_from(">I" if size == 4 else ">Q", self._text, self._at)
        self._at += size
        return int(number)

    def _bytes(self, count: int) -> bytes:
        content = self._text[self._at : self._at + count]
        self._at += -(-count // 4) * 4
        if len(content) < count:
            raise struct.error
        return content


def _grown(entry: Entry, records: int, step: int) -> Entry:
    return Entry(
        dimensions=entry.dimensions,
        shape=(records, *entry.shape[1:]),
        dtype=entry.dtype,
        attributes=entry.attributes,
        begin=entry.begin,
        step=step,
    )


def _value(text: bytes, dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "S":
        return text.decode(errors="replace")
    return np.frombuffer(text, dtype).astype(dtype.newbyteorder("="))


@dataclass(frozen=True)
class ClassicVariable:
    """A variable of a NetCDF-3 file: for coordinates, which are read whole."""

    entry: Entry
    blob: Blob

    @property
    def dimensions(self) -> tuple[str, ...]:
        return self.entry.dimensions

    @property
    def shape(self) -> tuple[int, ...]:
        return self.entry.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.entry.dtype.newbyteorder("=")

    @property
    def attributes(self) -> dict[str, Any]:
        return self.entry.attributes

    @property
    def chunks(self) -> Chunks:
        return self.shape if self.entry.step is None else (1, *self.shape[1:])

    def read(self, index: tuple[slice, ...]) -> NDArray[Any]:
        if not self.shape or self.entry.step is None:
            return self._piece(self.entry.begin, self.shape)[index]
        first, *rest = index
        records = range(self.shape[0])[first]
        starts = [self.entry.begin + record * self.entry.step for record in records]
        size = math.prod(self.shape[1:]) * self.entry.dtype.itemsize
        self.blob.announce([(start, start + size) for start in starts])
        pieces = [self._piece(start, self.shape[1:]) for start in starts]
        return np.stack(pieces)[(slice(None), *rest)] if pieces else np.empty((0, *self.shape[1:]), self.dtype)

    def _piece(self, start: int, shape: tuple[int, ...]) -> NDArray[Any]:
        stop = start + math.prod(shape) * self.entry.dtype.itemsize
        return self.blob.read(start, stop).view(self.entry.dtype).reshape(shape).astype(self.dtype)
