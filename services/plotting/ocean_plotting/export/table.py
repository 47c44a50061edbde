"""The numbers behind a plot, as columns of equal length."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.i18n import Translator
from ocean_plotting.figure.labels import LabelFormatter

Role = Literal["station", "time", "latitude", "longitude", "depth", "distance", "value", "other"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; its ``role`` is its meaning for formats that order columns by it."""

    name: str  # without units, in the reader's language
    values: NDArray[np.floating] | Sequence[str]  # (row,); NaN: no value; times as ISO 8601
    role: Role = "value"
    units: str = ""
    circular: bool = False  # degrees of a circle, of which statistics mean nothing
    categorical: bool = False  # numbers of categories, which are only counted
    context: bool = False  # only in formats for stations: CSV has the columns of the v2.0 API


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table and its header."""

    header: list[tuple[str, str]]  # key and value; empty ones are left out
    columns: list[Column]
    wide: list[Column] | None = None  # in CSV instead of `columns`, where the v2.0 API has this form
    statistics: "list[Statistics]" = field(default_factory=list)  # where they are known without the columns


def make_header(translate: Translator, dataset: str, attribution: str | None, time: str) -> list[tuple[str, str]]:
    """Return the header of a table."""
    return [
        (translate("Dataset"), dataset),
        (translate("Attribution"), attribution or ""),
        (translate("Timestamp"), time),
    ]


def make_place_columns(
    translate: Translator,
    *,
    context: Sequence[str] = (),
    station_name: str = "",
    level_units: str = "m",
    **values: Any,
) -> list[Column]:
    """Return columns by their roles, in the order of these; ``context``: roles of such columns. None: no column."""
    names = {
        "station": station_name or translate("Station"),
        "time": translate("Time"),
        "latitude": translate("Latitude"),
        "longitude": translate("Longitude"),
        "distance": translate("Distance"),
        "depth": translate("Depth") if level_units == "m" else translate("Pressure"),
    }
    units = {"distance": "km", "depth": level_units}
    return [
        Column(name=names[role], role=cast(Role, role), units=units.get(role, ""), values=rows, context=role in context)
        for role, rows in values.items()
        if rows is not None
    ]


def make_value_column(labels: LabelFormatter, info: VariableInfo, values: Any, *, circular: bool = False) -> Column:
    """Return the column of a variable."""
    name = labels.variable_name(info)
    return Column(name=name, units=info.units, values=values, circular=circular, categorical=info.is_discrete)


def to_floats(column: Column) -> NDArray[np.float64]:
    """Return the values of a column of numbers, shape (row,)."""
    return np.asarray(column.values, dtype=np.float64)


MOST_DEPTHS = 100  # that have statistics of their own


@dataclass(frozen=True)
class Statistics:
    """Statistics of a variable; NaN where it has no value."""

    name: str
    units: str
    minimum: float
    maximum: float
    mean: float
    deviation: float  # of the population
    count: int  # of values


def compute_statistics(table: Table) -> list[Statistics]:
    """Return statistics of every column of values, at each depth: of different depths together there is no mean."""
    if table.statistics:
        return table.statistics
    levels = next((column for column in table.columns if column.role == "depth"), None)
    depth = np.empty(0) if levels is None else to_floats(levels)
    known = np.unique(depth[np.isfinite(depth)])
    columns = [column for column in table.columns if column.role == "value" and not column.circular]
    if not 1 < known.size <= MOST_DEPTHS:
        return [_summarize(column, column.name, to_floats(column), mixed=known.size > 1) for column in columns]
    return [
        _summarize(
            column, f"{column.name} – {level:g} {levels.units if levels else 'm'}", to_floats(column)[depth == level]
        )
        for column in columns
        for level in known
    ]


def _summarize(column: Column, name: str, values: NDArray[np.float64], *, mixed: bool = False) -> Statistics:
    """Return the statistics of values of a column; ``mixed``: without mean and deviation."""
    values = values[np.isfinite(values)]
    if column.categorical:
        return Statistics(name, column.units, np.nan, np.nan, np.nan, np.nan, count=values.size)
    means = (np.nan, np.nan) if mixed or not values.size else (float(values.mean()), float(values.std()))
    minimum, maximum = (float(values.min()), float(values.max())) if values.size else (np.nan, np.nan)
    return Statistics(name, column.units, minimum, maximum, *means, count=values.size)
