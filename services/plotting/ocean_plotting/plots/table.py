"""Numbers behind a plot, as columns of equal length."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Role = Literal["station", "time", "latitude", "longitude", "depth", "distance", "value", "other"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; its ``role`` tells formats with an order of their own what it is."""

    name: str  # without units, in the reader's language
    values: NDArray[np.floating] | Sequence[str]  # (row,); NaN: no value; times as ISO 8601
    role: Role = "value"
    units: str = ""
    circular: bool = False  # degrees of a circle, of which statistics mean nothing
    context: bool = False  # for formats that tell of stations alone: CSV has the columns that the v2.0 API has


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table and what is to be known about it."""

    header: list[tuple[str, str]]  # key and value
    columns: list[Column]
    wide: list[Column] | None = None  # in CSV instead of `columns`, where the v2.0 API laid them out like this
    weights: NDArray[np.floating] | None = None  # (row,): of each row in statistics, as the area of its cell
    summed: "list[Statistics]" = field(default_factory=list)  # instead, where they are known already

    @property
    def told(self) -> list[tuple[str, str]]:
        """What there is to be told of the header: of what does not change with time, no time."""
        return [(key, value) for key, value in self.header if value]


def numbers(column: Column) -> NDArray[np.float64]:
    """The values of a column of numbers, shape (row,)."""
    return np.asarray(column.values, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What is least, greatest and between in a column; NaN where it has no value."""

    name: str
    units: str
    minimum: float
    maximum: float
    mean: float
    deviation: float  # of the population


def statistics(table: Table) -> list[Statistics]:
    """Sum up every column of values, weighted as the table says."""
    if table.summed:
        return table.summed
    found = []
    for column in table.columns:
        if column.role != "value" or column.circular:
            continue
        values = numbers(column)
        there = np.isfinite(values)
        values = values[there]
        weights = np.ones(len(values)) if table.weights is None else table.weights[there]
        mean = deviation = low = high = np.nan
        if len(values):
            low, high = float(values.min()), float(values.max())
            mean = float(np.average(values, weights=weights))
            deviation = float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
        found.append(
            Statistics(name=column.name, units=column.units, minimum=low, maximum=high, mean=mean, deviation=deviation)
        )
    return found


@dataclass(kw_only=True)
class Rows:
    """Collects rows for the columns of a table."""

    rows: list[tuple[float | str, ...]] = field(default_factory=list)

    def column(self, position: int) -> NDArray[np.float64] | list[str]:
        """The values at a position of every row."""
        values = [row[position] for row in self.rows]
        return [str(one) for one in values] if values and isinstance(values[0], str) else np.array(values, dtype=float)
