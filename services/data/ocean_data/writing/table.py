"""Tables: one row for each time, depth and place, as CSV (RFC 4180) or NDJSON, made some rows at a time.

Variables on different dimensions stand in the rows of the variable that has all of theirs; where none has, as with two
depth axes, they have rows of their own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.spreadsheet import guard_formula
from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Extraction, Parts
from ocean_data.writing import format_coordinate, format_numbers
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

_NEEDS_QUOTES = re.compile(r'[",\r\n]')

Quote = Callable[[str], bytes]
Indices = dict[str, NDArray[np.intp]]  # of rows along every dimension


@dataclass(kw_only=True, eq=False)
class Column:
    """A coordinate, or a field."""

    name: str
    label: str  # for people, with units
    dims: tuple[str, ...]
    absent: bytes
    dtype: type[np.floating] = np.float64  # of a field
    values: NDArray[Any] | None = None  # numbers, or objects: texts; of a field, those of the part at hand
    offset: int = 0  # of the values' first row

    def format_rows(self, indices: Indices, count: int) -> list[bytes]:
        """Return the texts of some rows."""
        if self.values is None:
            return [self.absent] * count
        index = [indices[name] - (0 if number else self.offset) for number, name in enumerate(self.dims)]
        values = self.values[tuple(index)] if index else self.values.ravel()
        texts: list[bytes] = values.tolist() if values.dtype == object else format_numbers(values, self.absent)
        return texts if index else texts * count


class Table:
    """The rows of an extraction."""

    def __init__(self, extraction: Extraction, quote: Quote, absent: bytes) -> None:
        self._dims = extraction.dims
        self._first = next(iter(extraction.dims), "")
        dims_of_variables = [set(field.dims) for field in extraction.variables]
        coordinates = [
            self._coordinate_column(item, quote, absent)
            for item in extraction.coordinates
            if item.name not in LEFT_OUT and any(dims.issuperset(item.dims) for dims in dims_of_variables)
        ]
        self._read = {
            field.key: Column(
                name=field.key,
                label=_label(field.key if field.auxiliary else field.variable.name, field.variable.units),
                dims=field.dims,
                absent=absent,
                dtype=field.dtype,
            )
            for field in extraction.fields
        }
        coordinates += [self._read[field.key] for field in extraction.fields if field.auxiliary]
        coordinates.sort(key=lambda column: FIRST.index(column.name) if column.name in FIRST else len(FIRST))
        self.coordinates: Sequence[Column] = coordinates
        self.fields: Sequence[Column] = [self._read[field.key] for field in extraction.variables]

    def _coordinate_column(self, coordinate: Coordinate, quote: Quote, absent: bytes) -> Column:
        name, dims, values = coordinate.name, coordinate.dims, format_coordinate(coordinate)
        label = _label(name, None if values.dtype == object else coordinate.units)
        if values.dtype == object:
            plain = str.encode if coordinate.is_time and quote is quote_cell else quote
            values = np.array([plain(text) for text in values], dtype=object)
        elif values.size <= KEPT:
            values = np.array(format_numbers(values, absent), dtype=object)
        values = values.reshape([self._dims[dim] for dim in dims])
        return Column(name=name, label=label, dims=dims, absent=absent, values=values)

    def _group(self, columns: Sequence[Column | None]) -> list[tuple[list[str], list[Column | None]]]:
        """Group the columns that share rows: the dimensions of the rows, and their columns; None: not in these."""
        dims_of_fields = {frozenset(column.dims): None for column in self.fields}
        groups: list[tuple[list[str], list[Column | None]]] = []
        with_rows: list[Column] = []
        for dims in [dims for dims in dims_of_fields if not any(dims < other for other in dims_of_fields)]:
            own = [
                column if column and dims.issuperset(column.dims) and column not in with_rows else None
                for column in columns
            ]
            with_rows += [column for column in self.fields if column in own]
            groups.append(([name for name in self._dims if name in dims], own))
        return groups

    def slabs(self, parts: Parts, columns: Sequence[Column | None]) -> Iterator[list[list[bytes] | None]]:
        """Iterate over the texts of the columns, some rows at a time."""
        groups = self._group(columns)
        for rows, part in parts:
            for key, values in part.items():  # what comes but once is held to the end
                column = self._read[key]
                column.values = values.astype(column.dtype, copy=False)
                column.offset = rows.start if column.dims[:1] == (self._first,) else 0
            for dims, own in groups:
                leads = dims[:1] == [self._first]
                if not leads and rows.start:
                    continue
                shape = [rows.stop - rows.start if name == self._first else self._dims[name] for name in dims]
                total = int(np.prod(shape))
                for start in range(0, total, SLAB):
                    flat = np.arange(start, min(start + SLAB, total))
                    indices = dict(zip(dims, np.unravel_index(flat, shape) if dims else (), strict=True))
                    if leads:
                        indices[self._first] = indices[self._first] + rows.start
                    yield [None if column is None else column.format_rows(indices, flat.size) for column in own]


class Csv:
    """Writes CSV."""

    media_type = "text/csv; header=present"  # the charset is added by the sender
    suffix = "csv"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:  # noqa: ARG002  a table has no place for it
        """Write the header with the first rows, then the others."""
        table = Table(extraction, quote_cell, b"")
        labels, columns = _columns(extraction, table)
        header = b",".join(quote_cell(label) for label in labels) + LINE_END
        for slab in table.slabs(parts, columns):
            empty = [b""] * len(next(texts for texts in slab if texts is not None))
            cells = zip(*(empty if texts is None else texts for texts in slab), strict=True)
            yield header + LINE_END.join(map(b",".join, cells)) + LINE_END
            header = b""
        if header:
            yield header


def _columns(extraction: Extraction, table: Table) -> tuple[list[str], Sequence[Column | None]]:
    """Return the labels of the columns, and the columns; None: an empty one."""
    if extraction.kind in POINT_KINDS and len(table.fields) == 1:
        places, header = {column.name: column for column in table.coordinates}, POINT_HEADER
        level = extraction.coordinate("level")
        if level is not None and level.units != "1" and "depth" not in places:  # such as pressures
            places["depth"], header = places["level"], header | {"depth": places["level"].label}
        if "time" in places:  # times of no date have their own units
            header = header | {"time": places["time"].label}
        return [*header.values(), table.fields[0].label], [*(places.get(name) for name in header), table.fields[0]]
    columns = [*table.coordinates, *table.fields]
    labels = [column.label for column in columns]
    unique = [
        label if labels.count(label) == 1 else f"{column.name}: {label}"
        for column, label in zip(columns, labels, strict=True)
    ]
    return unique, columns


def _label(name: str, units: str | None) -> str:
    return f"{name} ({units})" if units else name


def quote_cell(text: str) -> bytes:
    """Return the cell of a text: quoted where it must be, and never a formula."""
    safe = guard_formula(text)
    if _NEEDS_QUOTES.search(safe):
        safe = '"' + safe.replace('"', '""') + '"'
    return safe.encode()


class Ndjson:
    """Writes NDJSON."""

    media_type = "application/x-ndjson"
    suffix = "ndjson"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:  # noqa: ARG002  a row has no place for it
        """Write some rows at a time."""
        table = Table(extraction, msgspec.json.encode, b"null")
        columns = [*table.coordinates, *table.fields]
        keys = _keys(columns)
        for slab in table.slabs(parts, columns):
            filled = [(key, texts) for key, texts in zip(keys, slab, strict=True) if texts is not None]
            woven = chain.from_iterable(
                (repeat((b",%s:" if number else b"{%s:") % key), texts) for number, (key, texts) in enumerate(filled)
            )
            yield b"".join(map(b"".join, zip(*woven, repeat(b"}\n"))))


def _keys(columns: list[Column]) -> list[bytes]:
    """Return the key of every column: of a variable that is named as a coordinate, another one."""
    used_names: set[str] = set()
    keys = []
    for column in columns:
        name = column.name if column.name not in used_names else f"{column.name}_value"
        used_names.add(name)
        keys.append(msgspec.json.encode(name))
    return keys
