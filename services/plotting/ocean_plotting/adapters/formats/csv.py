"""Tables as text."""

import numpy as np

from ocean_plotting.domain.output import Output
from ocean_plotting.domain.table import Table


def write(table: Table, _: Output) -> bytes:
    """Write `// Key: value` lines, a line of column names, then rows; `, ` between.

    Numbers have the digits that single precision, in which models store their values, is worth.
    """
    lines = [f"// {key}: {_one_line(value)}" for key, value in table.header]
    lines.append(", ".join(_name(name) for name in table.columns))
    lines += [", ".join(_cell(value) for value in row) for row in table.rows]
    return ("\n".join(lines) + "\n").encode()


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return _name(value)
    return "" if np.isnan(value) else np.format_float_positional(np.float32(value), trim="0")


def _name(text: str) -> str:
    """A comma would look like a border of two columns."""
    return _one_line(text).replace(",", ";")


def _one_line(text: str) -> str:
    return " ".join(text.split())
