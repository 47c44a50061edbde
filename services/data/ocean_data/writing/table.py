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
    texts: NDArray[np.object_] | None = None  # texts

    def written(self, at: Indices, sizes: dict[str, int]) -> list[bytes]:
        """The texts of some rows."""
        count = at[""].size
        if self.texts is None and self.values is None:
            return [self.absent] * count
        if not self.dims:
            return list(self._take_texts(np.zeros(1, dtype=np.intp))) * count
        flat = np.zeros(count, dtype=np.intp)
        for number, name in enumerate(self.dims):
            flat = flat * sizes[name] + (at[name] - (0 if number else self.offset))
        return self._take_texts(flat)

    def _take_texts(self, flat: NDArray[np.intp]) -> list[bytes]:
        if self.texts is not None:
            texts: list[bytes] = self.texts[flat].tolist()
            return texts
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
        field_dims = [set(item.dims) for item in extraction.fields if not item.auxiliary]
        coordinates = [
            _coordinate(item, quote, absent)
            for item in extraction.coordinates
            if item.name not in LEFT_OUT and any(dims.issuperset(item.dims) for dims in field_dims)
        ]
        read = {item.key: _field(item, absent) for item in extraction.fields}
        coordinates += [read[item.key] for item in extraction.fields if item.auxiliary]
        coordinates.sort(key=lambda item: FIRST.index(item.name) if item.name in FIRST else len(FIRST))
        self._read = read
        self.coordinates: Sequence[Column] = coordinates
        self.fields: Sequence[Column] = [read[item.key] for item in extraction.fields if not item.auxiliary]

    def blocks(self, columns: Sequence[Column | None]) -> list[Block]:
        """Group the columns that share rows."""
        order = list(self._extraction.dims)
        field_dims = {frozenset(column.dims): None for column in self.fields}
        blocks: list[Block] = []
        placed: list[Column] = []
        for dims in [column for column in field_dims if not any(column < other for other in field_dims)]:
            columns_here = [
                column
                for column in columns
                if column is not None and dims.issuperset(column.dims) and column not in placed
            ]
            placed += [column for column in self.fields if column in columns_here]
            blocks.append(
                Block(
                    dims=tuple(sorted(dims, key=order.index)),
                    columns=[column if column in columns_here else None for column in columns],
                )
            )
        return blocks

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
                    yield block, [None if column is None else column.written(at, sizes) for column in block.columns]

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


def _coordinate(coordinate: Any, quote: Quote, absent: bytes) -> Column:
    column = partial(Column, name=coordinate.name, label=coordinate.name, dims=coordinate.dims, absent=absent)
    if isinstance(coordinate.values, list) or is_time(coordinate):
        words = coordinate.values if isinstance(coordinate.values, list) else format_times(coordinate.values)
        return column(units=None, texts=np.array([quote(word) for word in words], dtype=object))
    values = np.ravel(coordinate.values)
    result = column(units=coordinate.units, values=values)
    if values.size <= KEPT:
        result.texts = np.array(format_numbers(values, absent), dtype=object)
    return result


def _field(field: Any, absent: bytes) -> Column:
    info = field.variable
    label = field.key if field.auxiliary else info.name
    return Column(name=field.key, label=label, units=info.units, dims=field.dims, absent=absent, dtype=field.dtype)


class Csv:
    """Writes CSV."""

    media_type = "text/csv; header=present"  # the charset is told by whoever sends it
    suffix = "csv"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:  # noqa: ARG002  a table has no place for it
        """The header with the first rows, then the others."""
        table = Table(extraction, quote_cell, b"")
        labels, columns = _columns(extraction, table)
        header = b",".join(quote_cell(label) for label in labels) + LINE_END
        for _, slab in table.slabs(parts, columns):
            empty = [b""] * len(next(texts for texts in slab if texts is not None))
            rows = LINE_END.join(
                map(b",".join, zip(*(empty if texts is None else texts for texts in slab), strict=True))
            )
            yield header + rows + LINE_END
            header = b""
        if header:
            yield header


def _columns(extraction: Extraction, table: Table) -> tuple[list[str], Sequence[Column | None]]:
    """The labels of the columns and what stands in them; None: nothing."""
    if extraction.kind in POINT_KINDS and len(table.fields) == 1:
        places = {column.name: column for column in table.coordinates}
        return [*POINT_HEADER.values(), _label(table.fields[0])], [
            *(places.get(name) for name in POINT_HEADER),
            table.fields[0],
        ]
    columns = [*table.coordinates, *table.fields]
    labels = [_label(column) for column in columns]
    twice = {label for label in labels if labels.count(label) > 1}
    return [
        f"{column.name}: {label}" if label in twice else label for column, label in zip(columns, labels, strict=True)
    ], columns


def _label(column: Column) -> str:
    return f"{column.label} ({column.units})" if column.units else column.label


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
            filled = [(key, texts) for key, texts in zip(keys, slab, strict=True) if texts is not None]
            woven = chain.from_iterable(
                (repeat((b",%s:" if number else b"{%s:") % key), texts) for number, (key, texts) in enumerate(filled)
            )
            yield b"".join(map(b"".join, zip(*woven, repeat(b"}\n"))))


def _keys(columns: list[Column]) -> list[bytes]:
    """The key of every column: of a variable that is called like a coordinate, another one."""
    taken: set[str] = set()
    keys = []
    for column in columns:
        name = column.name if column.name not in taken else f"{column.name}_value"
        taken.add(name)
        keys.append(msgspec.json.encode(name))
    return keys
