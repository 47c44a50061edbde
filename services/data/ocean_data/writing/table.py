"""Any extraction as rows: one for each time, depth and place, made a slab at a time.

Variables that have not the same dimensions stand in the rows of one that has all of theirs; where none has, as with two
depth axes, they have rows of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_core.time import format_times
from ocean_data.plan.extraction import Extraction, Values
from ocean_data.ports import Parts
from ocean_data.writing.numbers import texts
from ocean_data.writing.words import is_time

SLAB = 20_000  # rows that are made at once
KEPT = 200_000  # values of a coordinate whose texts are kept
FIRST = ("time", "latitude", "longitude", "depth")  # columns, as people expect them
LEFT_OUT = {"raw_time"}

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
        return texts(np.asarray(self.values)[flat], self.absent)


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
        made.kept = np.array(texts(values, absent), dtype=object)
    return made


def _field(one: Any, absent: bytes) -> Column:
    info = one.variable
    label = one.key if one.auxiliary else info.name
    return Column(name=one.key, label=label, units=info.units, dims=one.dims, absent=absent, dtype=one.dtype)
