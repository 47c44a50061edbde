"""Tables as text."""

import numpy as np

from ocean_common.i18n import get_translator
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, compute_statistics, to_floats
from ocean_plotting.figure.labels import typeset_units

STATISTICS = ("Min", "Max", "Mean", "Standard Deviation")


def write(table: Table, _: Output) -> bytes:
    """Write `// Key: value` lines, a line of column names, then rows; `, ` between.

    Numbers have the digits that single precision, in which models store their values, is worth; positions those of
    double precision.
    """
    lines = _header(table)
    columns = table.wide or [one for one in table.columns if not one.context]
    lines.append(", ".join(_name(_titled(one)) for one in columns))
    lines += map(", ".join, zip(*map(cells, columns), strict=True))
    return ("\n".join(lines) + "\n").encode()


def write_statistics(table: Table, output: Output) -> bytes:
    """Write what is least, greatest and between, a column for each variable, a row for each statistic."""
    found, translate = compute_statistics(table), get_translator(output.language, "ocean_plotting")
    names = [translate("Statistic"), *(labels_of(one.name, one.units) for one in found)]
    values = [(one.minimum, one.maximum, one.mean, one.deviation) for one in found]
    rows = [
        [translate(name), *map(number, row)] for name, row in zip(STATISTICS, zip(*values, strict=True), strict=True)
    ]
    lines = [*_header(table), ", ".join(map(_name, names)), *map(", ".join, rows)]
    return ("\n".join(lines) + "\n").encode()


def cells(column: Column) -> list[str]:
    """Write every value of a column; nothing where it has none."""
    if column.values is not None and len(column.values) and isinstance(column.values[0], str):
        return [_name(str(one)) for one in column.values]
    exact = column.role in {"latitude", "longitude"}
    return [number(one, exact=exact) for one in to_floats(column).tolist()]


def number(value: float, *, exact: bool = False) -> str:
    """Write a number without a power of ten; nothing for none."""
    if not np.isfinite(value):
        return ""
    return np.format_float_positional(value if exact else np.float32(value), trim="0")


def labels_of(name: str, units: str) -> str:
    """Name a column: Temperature (°C)."""
    typeset = typeset_units(units)
    return f"{name} ({typeset})" if typeset else name


def _titled(column: Column) -> str:
    return labels_of(column.name, column.units)


def _header(table: Table) -> list[str]:
    return [f"// {key}: {_one_line(value)}" for key, value in table.header_lines]


def _name(text: str) -> str:
    """A comma would look like a border of two columns."""
    return _one_line(text).replace(",", ";")


def _one_line(text: str) -> str:
    return " ".join(text.split())
