"""NDJSON: one JSON object per time, depth and place, on a line of its own."""

from collections.abc import Iterator
from itertools import chain, repeat

import msgspec

from ocean_data.plan.extraction import Extraction
from ocean_data.ports import Parts
from ocean_data.writing.table import Column, Table


class Ndjson:
    """Writes NDJSON."""

    media_type = "application/x-ndjson"
    suffix = "ndjson"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:  # noqa: ARG002  a row has no place for it
        """Some rows at a time."""
        table = Table(extraction, msgspec.json.encode, b"null")
        columns = [*table.coordinates, *table.fields]
        keys = _keys(columns)
        for _, slab in table.slabs(parts, columns):
            told = [(key, texts) for key, texts in zip(keys, slab, strict=True) if texts is not None]
            woven = chain.from_iterable(
                (repeat((b",%s:" if number else b"{%s:") % key), texts) for number, (key, texts) in enumerate(told)
            )
            yield b"".join(map(b"".join, zip(*woven, repeat(b"}\n"))))


def _keys(columns: list[Column]) -> list[bytes]:
    """The key of every column: of a variable that is called like a coordinate, another one."""
    taken: set[str] = set()
    found = []
    for one in columns:
        name = one.name if one.name not in taken else f"{one.name}_value"
        taken.add(name)
        found.append(msgspec.json.encode(name))
    return found
