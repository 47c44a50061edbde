"""Numbers behind a plot, as rows."""

import msgspec


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table and what is to be known about it."""

    header: list[tuple[str, str]]  # key and value
    columns: list[str]  # name (unit)
    rows: list[tuple[float | str, ...]]  # NaN: no value
