"""One lazy form for all that is extracted: planned before anything is read, read part by part, written by any format.

An extraction knows its dimensions, coordinates, fields and cost before the first value is read. Its body reads the
rows of its first dimension in parts, so that memory does not grow with the request.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import Kind
from ocean_core.errors import Message, RequestTooLarge, SourceUnreadable
from ocean_core.packing import Encoding
from ocean_data.compute.equations import steps_of
from ocean_data.grids.base import Coordinate, Outlines
from ocean_data.plan.times import used_files
from ocean_data.reading.base import Reading, Source

Values = NDArray[np.floating]
# Rows of the first dimension, in order, and their values by key of field.
Parts = Iterator[tuple[slice, dict[str, Values]]]


@dataclass(frozen=True, kw_only=True)
class Field:
    """A variable of the answer, or a coordinate that must be read (``auxiliary``): float, NaN where there is nothing.

    A field without the first dimension comes with the first part.
    """

    variable: VariableInfo
    dims: tuple[str, ...]
    dtype: type[np.floating] = np.float64
    auxiliary: bool = False

    @property
    def key(self) -> str:
        """By which it is read and written."""
        return self.variable.key


# Reads values by key of field, of some rows of the first dimension: pickles, so that another process can do it.
Body = Callable[[Reading, slice], dict[str, Values]]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Amounts that an extraction reads and answers, or the limits of these."""

    steps: int = 0
    files: int = 0
    chunks: int = 0
    cells: int = 0  # values that are read
    bytes: int = 0  # that these take, unpacked
    values: int = 0  # in the answer

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(**{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})


_QUANTITIES = {
    "steps": Message("time steps"),
    "files": Message("files to read"),
    "chunks": Message("chunks to read"),
    "cells": Message("cells to read"),
    "bytes": Message("bytes to read"),
    "values": Message("values"),
}


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """A planned extraction."""

    kind: Kind
    dataset: str
    title: str  # of the dataset, for people
    dims: dict[str, int]  # the first is read in parts
    coordinates: Sequence[Coordinate]
    fields: Sequence[Field]
    body: Body
    rows: int  # of the first dimension that are read together
    cost: Cost
    used: Sequence[tuple[Assets, Sequence[int] | None]]  # what is read, and at which steps
    facts: dict[str, str | float] = field(default_factory=dict)
    calendar: str = "standard"  # of the raw times
    fitting: Callable[[float], Message] | None = None  # suggests a request of a share (0 to 1) of this
    encodings: Mapping[str, Callable[[], Encoding | str]] = field(default_factory=dict)  # of values as in the files
    inside: NDArray[np.bool_] | None = None  # of the dimensions of the places: those that are asked for; None: all
    outline: Callable[[], Outlines | None] | None = None  # where the cells of the places end; None: they are points

    def coordinate(self, name: str) -> Coordinate | None:
        """Return the coordinate of a name; None if there is none."""
        return next((coordinate for coordinate in self.coordinates if coordinate.name == name), None)

    @property
    def variables(self) -> Sequence[Field]:
        """The fields that are no coordinates."""
        return [field for field in self.fields if not field.auxiliary]

    @property
    def places(self) -> tuple[str, ...]:
        """The dimensions of the places of the first variable."""
        return place_dimensions(self.variables[0].dims)

    @property
    def attribution(self) -> str | None:
        """The attribution of the first variable that has one."""
        return next((field.variable.attribution for field in self.fields if field.variable.attribution), None)

    @property
    def crs(self) -> CRS | None:
        """The reference system of the plane; None for longitude and latitude."""
        text = self.facts.get("crs_wkt") or self.facts.get("crs")
        return CRS.from_user_input(text) if text else None

    def collect(self, parts: Parts) -> dict[str, Values]:
        """Put the values of all parts together, by key of field."""
        values = {
            field.key: np.full([self.dims[name] for name in field.dims], np.nan, field.dtype) for field in self.fields
        }
        first = next(iter(self.dims), None)
        leading = {field.key for field in self.fields if field.dims[:1] == (first,)}
        for rows, part in parts:
            for key, rows_of_field in part.items():
                values[key][rows if key in leading else ...] = rows_of_field
        return values

    def parts(self) -> list[slice]:
        """Split the rows of the first dimension into those that are read together."""
        total = next(iter(self.dims.values()), 1)
        return [slice(first, min(first + self.rows, total)) for first in range(0, total, max(1, self.rows))]

    def revision(self, source: Source) -> str:
        """Return the revision of the dataset; empty if a file has changed since it was indexed."""
        unchanged = all(source.as_indexed(assets, steps) for assets, steps in self.used)
        return self.used[0][0].revision if unchanged and self.used else ""

    def files(self) -> list[str]:
        """Return the paths of the files that are read."""
        return sorted({path for assets, steps in self.used for path in _files(assets, steps)})

    @property
    def once(self) -> bool:
        """True if each file is read at once."""
        return len(self.used) == 1 and max(self.cost.steps, self.cost.chunks) <= self.cost.files

    def refusal(self, budget: Cost) -> RequestTooLarge | None:
        """Return the error of an extraction that exceeds the budget, with a request that would fit."""
        for name, quantity in _QUANTITIES.items():
            amount, limit = getattr(self.cost, name), getattr(budget, name)
            if amount <= limit:
                continue
            facts = {"amount": amount, "quantity": quantity, "limit": limit}
            if self.fitting is None:
                return RequestTooLarge("this takes {amount} {quantity}, and the limit is {limit}", field="$", **facts)
            return RequestTooLarge(
                "this takes {amount} {quantity}, and the limit is {limit}; {suggestion} would fit",
                suggestion=self.fitting(limit / amount),
                field="$",
                **facts,
            )
        return None


def place_dimensions(dims: Sequence[str]) -> tuple[str, ...]:
    """Return the dimensions that are neither time nor depth."""
    return tuple(name for name in dims if name != "time" and not name.startswith("depth"))


def read_parts(extraction: Extraction, reading: Reading) -> Parts:
    """Read the parts of an extraction, in order."""
    parts = ((rows, extraction.body(reading, rows)) for rows in extraction.parts())
    return check_unchanged(extraction, reading, parts)


def read_values(extraction: Extraction, reading: Reading) -> dict[str, Values]:
    """Read all values of an extraction, by key of field."""
    return extraction.collect(read_parts(extraction, reading))


def check_unchanged(extraction: Extraction, reading: Reading, parts: Parts) -> Parts:
    """Iterate over parts as they are read; SourceUnreadable if a file is replaced meanwhile."""
    paths = [] if extraction.once else extraction.files()
    before = [reading.source.signature(path) for path in paths]
    for part in parts:
        if [reading.source.signature(path) for path in paths] != before:
            raise replaced_meanwhile(extraction)
        yield part


def replaced_meanwhile(extraction: Extraction) -> SourceUnreadable:
    """Return the error for values that are of two states of a file."""
    return SourceUnreadable(
        "a file of {dataset} was replaced while it was read; ask again", dataset=extraction.dataset, retry_after=2
    )


def _files(assets: Assets, steps: Sequence[int] | None) -> set[str]:
    """The paths of what is read of a variable at some of its steps."""
    if assets.equation is not None:
        paths = [_files(operand, steps_of(operand, assets, steps)) for operand in assets.operands.values()]
        return set().union(*paths)
    return {file.path for file in used_files(assets, steps)}
