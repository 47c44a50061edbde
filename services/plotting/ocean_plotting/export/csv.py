"""Tables as comma-separated text."""

import numpy as np

from ocean_common.i18n import get_translator
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, compute_statistics, to_floats
from ocean_plotting.figure.labels import typeset_units

STATISTICS = ("Min", "Max", "Mean", "Standard Deviation")


def write_csv(table: Table, _: Output) -> bytes:
    """Write `// Key: value` lines, a line of column names, then rows; `, ` between.

    Numbers have the digits of single precision, in which models store their values; positions those of double
    precision.
    """
    columns = table.wide or [column for column in table.columns if not column.context]
    names = [_cell(name_with_units(column.name, column.units)) for column in columns]
    rows = zip(*map(format_cells, columns), strict=True)
    return _join([*_header(table), ", ".join(names), *map(", ".join, rows)])


def write_statistics(table: Table, output: Output) -> bytes:
    """Write minimum, maximum, mean and standard deviation: a column for each variable, a row for each statistic."""
    statistics, translate = compute_statistics(table), get_translator(output.language, "ocean_plotting")
    names = [translate("Statistic"), *(name_with_units(item.name, item.units) for item in statistics)]
    values = zip(*((item.minimum, item.maximum, item.mean, item.deviation) for item in statistics), strict=True)
    rows = [[translate(name), *map(format_number, row)] for name, row in zip(STATISTICS, values, strict=True)]
    return _join([*_header(table), ", ".join(map(_cell, names)), *map(", ".join, rows)])


def format_cells(column: Column) -> list[str]:
    """Return every value of a column as text; empty where it has none."""
    if column.values is not None and len(column.values) and isinstance(column.values[0], str):
        return [_cell(str(value)) for value in column.values]
    exact = column.role in {"latitude", "longitude"}
    return [format_number(value, exact=exact) for value in to_floats(column).tolist()]


def format_number(value: float, *, exact: bool = False) -> str:
    """Return a number without a power of ten; empty where there is none."""
    if not np.isfinite(value):
        return ""
    return np.format_float_positional(value if exact else np.float32(value), trim="0")


def name_with_units(name: str, units: str) -> str:
    """Return the name of a column: Temperature (°C)."""
    typeset = typeset_units(units)
    return f"{name} ({typeset})" if typeset else name


def one_line(text: str) -> str:
    """Return a text without line breaks, tabs and double blanks."""
    return " ".join(text.split())


def _header(table: Table) -> list[str]:
    return [f"// {key}: {one_line(value)}" for key, value in table.header_lines]


def _cell(text: str) -> str:
    """Return a text without commas, which would begin another column."""
    return one_line(text).replace(",", ";")


def _join(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
