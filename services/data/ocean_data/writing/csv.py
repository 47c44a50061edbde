"""CSV (RFC 4180): one header row with units in the names, one row per time, depth and place."""

import re
from collections.abc import Iterator, Sequence

from ocean_data.plan.extraction import Extraction
from ocean_data.ports import Parts
from ocean_data.writing.json import SIMPLE
from ocean_data.writing.table import Column, Table

END = b"\r\n"
# Of one variable at one point: always these, with nothing below where there is nothing.
HEADER = {
    "time": "time",
    "latitude": "latitude (degrees_north)",
    "longitude": "longitude (degrees_east)",
    "depth": "depth (m)",
}

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets take what begins so for a formula
_QUOTED = re.compile(r'[",\r\n]')


class Csv:
    """Writes CSV."""

    media_type = "text/csv; header=present"  # the charset is told by whoever sends it
    suffix = "csv"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:  # noqa: ARG002  a table has no place for it
        """The header with the first rows, then the others."""
        table = Table(extraction, quoted, b"")
        labels, columns = _columns(extraction, table)
        held = b",".join(quoted(label) for label in labels) + END
        for _, slab in table.slabs(parts, columns):
            empty = [b""] * len(next(one for one in slab if one is not None))
            rows = END.join(map(b",".join, zip(*(empty if one is None else one for one in slab), strict=True)))
            yield held + rows + END
            held = b""
        if held:
            yield held


def _columns(extraction: Extraction, table: Table) -> tuple[list[str], Sequence[Column | None]]:
    """The labels of the columns and what stands in them; None: nothing."""
    if extraction.kind in SIMPLE and len(table.fields) == 1:
        places = {one.name: one for one in table.coordinates}
        return [*HEADER.values(), _label(table.fields[0])], [*(places.get(name) for name in HEADER), table.fields[0]]
    columns = [*table.coordinates, *table.fields]
    labels = [_label(one) for one in columns]
    twice = {label for label in labels if labels.count(label) > 1}
    return [
        f"{one.name}: {label}" if label in twice else label for one, label in zip(columns, labels, strict=True)
    ], columns


def _label(one: Column) -> str:
    return f"{one.label} ({one.units})" if one.units else one.label


def quoted(text: str) -> bytes:
    """A cell of text: quoted where it must be, and never a formula."""
    safe = f"'{text}" if text.startswith(_FORMULA) else text
    if _QUOTED.search(safe):
        safe = '"' + safe.replace('"', '""') + '"'
    return safe.encode()
