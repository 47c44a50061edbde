"""Tables: one row for each time, depth and place, as CSV (RFC 4180) or NDJSON, made some rows at a time.

Variables on different dimensions stand in the rows of the variable that has all of theirs; where none has, as with two
depth axes, they have rows of their own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_core.time import format_times
from ocean_data.plan.extraction import Extraction, Parts, Values
from ocean_data.writing.metadata import is_time
from ocean_data.writing.numbers import format_numbers
from ocean_data.writing.values import POINT_KINDS

SLAB = 20_000  # rows that are made at once
KEPT = 200_000  # values of a coordinate whose texts are kept
FIRST = ("time", "latitude", "longitude", "depth")  # columns, as people expect them
LEFT_OUT = {"raw_time"}

LINE_END = b"\r\n"
# The columns of one variable at one point, empty where it has no such coordinate.
POINT_HEADER = {
    "time": "time",
    "latitude": "latitude (degrees_north)",
    "longitude": "longitude (degrees_east)",
    "depth": "depth (m)",
}

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets take such a text for a formula
_NEEDS_QUOTES = re.compile(r'[",\r\n]')

Quote = Callable[[str], bytes]
Indices = dict[str, NDArray[np.intp]]


@dataclass(kw_only=True, eq=False)
class Column:
    """A coordinate, or a field."""

    name: str
    label: str  # for people
    units: str | None
    dims: tuple[str, ...]
    absent: bytes
    dtype: type[np.floating] = np.float64  # of a field
    values: NDArray[Any] | None = None  # of fields: those of the part at hand
    offset: int = 0  # of the values' first row
    kept: NDArray[np.object_] | None = None  # texts

    def written(self, at: Indices, sizes: dict[str, int]) -> list[bytes]:
        """The texts of some rows."""
        count = at[""].size
        if self.kept is None and self.values is None:
            return [self.absent] * count
        if not self.dims:
            return list(self._texts(np.zeros(1, dtype=np.intp))) * count
        flat = np.zeros(count, dtype=np.intp)
        for number, name in enumerate(self.dims):
            flat = flat * sizes[name] + (at[name] - (0 if number else self.offset))
        return self._texts(flat)

    def _texts(self, flat: NDArray[np.intp]) -> list[bytes]:
        if self.kept is not None:
            found: list[bytes] = self.kept[flat].tolist()
            return found
        return format_numbers(np.asarray(self.values)[flat], self.absent)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Rows over the same dimensions."""

    dims: tuple[str, ...]
    columns: Sequence[Column | None]  # None: not in these rows


class Table:
    """The rows of an extraction."""

    def __init__(self, extraction: Extraction, quote: Quote, absent: bytes) -> None:
        self._extraction = extraction
        self._first = next(iter(extraction.dims), "")
        wholes = [set(one.dims) for one in extraction.fields if not one.auxiliary]
        coordinates = [
            _coordinate(one, quote, absent)
            for one in extraction.coordinates
            if one.name not in LEFT_OUT and any(whole.issuperset(one.dims) for whole in wholes)
        ]
        read = {one.key: _field(one, absent) for one in extraction.fields}
        coordinates += [read[one.key] for one in extraction.fields if one.auxiliary]
        coordinates.sort(key=lambda one: FIRST.index(one.name) if one.name in FIRST else len(FIRST))
        self._read = read
        self.coordinates: Sequence[Column] = coordinates
        self.fields: Sequence[Column] = [read[one.key] for one in extraction.fields if not one.auxiliary]

    def blocks(self, columns: Sequence[Column | None]) -> list[Block]:
        """Which columns stand together in rows."""
        order = list(self._extraction.dims)
        wholes = {frozenset(one.dims): None for one in self.fields}
        found: list[Block] = []
        told: list[Column] = []
        for dims in [one for one in wholes if not any(one < other for other in wholes)]:
            here = [one for one in columns if one is not None and dims.issuperset(one.dims) and one not in told]
            told += [one for one in self.fields if one in here]
            found.append(
                Block(
                    dims=tuple(sorted(dims, key=order.index)), columns=[one if one in here else None for one in columns]
                )
            )
        return found

    def slabs(self, parts: Parts, columns: Sequence[Column | None]) -> Iterator[tuple[Block, list[list[bytes] | None]]]:
        """The texts of the columns, some rows at a time."""
        blocks = self.blocks(columns)
        for rows, part in parts:
            self._take(rows, part)
            for block in blocks:
                leads = block.dims[:1] == (self._first,)
                if not leads and rows.start:
                    continue
                sizes = dict(self._extraction.dims)
                shape = [rows.stop - rows.start if name == self._first else sizes[name] for name in block.dims]
                total = int(np.prod(shape))
                for start in range(0, total, SLAB):
                    at = _indices(block.dims, shape, range(start, min(start + SLAB, total)))
                    if leads:
                        at[self._first] += rows.start
                    yield block, [None if one is None else one.written(at, sizes) for one in block.columns]

    def _take(self, rows: slice, part: dict[str, Values]) -> None:
        """Hold the values of a part; what comes but once is held to the end."""
        for key, values in part.items():
            column = self._read[key]
            column.values = values.astype(column.dtype, copy=False).ravel()
            column.offset = rows.start if column.dims[:1] == (self._first,) else 0


def _indices(dims: Sequence[str], shape: Sequence[int], rows: range) -> Indices:
    """The index of rows along every dimension; under no name, the rows themselves."""
    flat = np.arange(rows.start, rows.stop)
    return {"": flat, **dict(zip(dims, np.unravel_index(flat, shape) if dims else (), strict=True))}


def _coordinate(one: Any, quote: Quote, absent: bytes) -> Column:
    column = partial(Column, name=one.name, label=one.name, dims=one.dims, absent=absent)
    if isinstance(one.values, list) or is_time(one):
        words = one.values if isinstance(one.values, list) else format_times(one.values)
        return column(units=None, kept=np.array([quote(word) for word in words], dtype=object))
    values = np.ravel(one.values)
    made = column(units=one.units, values=values)
    if values.size <= KEPT:
        made.kept = np.array(format_numbers(values, absent), dtype=object)
    return made


def _field(one: Any, absent: bytes) -> Column:
    info = one.variable
    label = one.key if one.auxiliary else info.name
    return Column(name=one.key, label=label, units=info.units, dims=one.dims, absent=absent, dtype=one.dtype)


class Csv:
    """Writes CSV."""

    media_type = "text/csv; header=present"  # the charset is told by whoever sends it
    suffix = "csv"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:  # noqa: ARG002  a table has no place for it
        """The header with the first rows, then the others."""
        table = Table(extraction, quote_cell, b"")
        labels, columns = _columns(extraction, table)
        held = b",".join(quote_cell(label) for label in labels) + LINE_END
        for _, slab in table.slabs(parts, columns):
            empty = [b""] * len(next(one for one in slab if one is not None))
            rows = LINE_END.join(map(b",".join, zip(*(empty if one is None else one for one in slab), strict=True)))
            yield held + rows + LINE_END
            held = b""
        if held:
            yield held


def _columns(extraction: Extraction, table: Table) -> tuple[list[str], Sequence[Column | None]]:
    """The labels of the columns and what stands in them; None: nothing."""
    if extraction.kind in POINT_KINDS and len(table.fields) == 1:
        places = {one.name: one for one in table.coordinates}
        return [*POINT_HEADER.values(), _label(table.fields[0])], [
            *(places.get(name) for name in POINT_HEADER),
            table.fields[0],
        ]
    columns = [*table.coordinates, *table.fields]
    labels = [_label(one) for one in columns]
    twice = {label for label in labels if labels.count(label) > 1}
    return [
        f"{one.name}: {label}" if label in twice else label for one, label in zip(columns, labels, strict=True)
    ], columns


def _label(one: Column) -> str:
    return f"{one.label} ({one.units})" if one.units else one.label


def quote_cell(text: str) -> bytes:
    """A cell of text: quoted where it must be, and never a formula."""
    safe = f"'{text}" if text.startswith(FORMULA_STARTS) else text
    if _NEEDS_QUOTES.search(safe):
        safe = '"' + safe.replace('"', '""') + '"'
    return safe.encode()


class Ndjson:
    """Writes NDJSON."""

    media_type = "application/x-ndjson"
    suffix = "ndjson"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:  # noqa: ARG002  a row has no place for it
        """Some rows at a time."""
        table = Table(extraction, msgspec.json.encode, b"null")
        columns = [*table.coordinates, *table.fields]
        keys = _keys(columns)
        for _, slab in table.slabs(parts, columns):
            told = [(key, texts) for key, texts in zip(keys, slab, strict=True) if texts is not None]
            woven = chain.from_iterable(
                (repeat((b",%s:" if number else b"{%s:") % key), texts) for number, (key, texts) in enumerate(told)
            )
            yield b"".join(map(b"".join, zip(*woven, repeat(b"}\n"))))


def _keys(columns: list[Column]) -> list[bytes]:
    """The key of every column: of a variable that is called like a coordinate, another one."""
    taken: set[str] = set()
    found = []
    for one in columns:
        name = one.name if one.name not in taken else f"{one.name}_value"
        taken.add(name)
        found.append(msgspec.json.encode(name))
    return found
