"""Text files, packed or not."""

import gzip
from pathlib import Path

from ocean_metadata.observations.formats.reasons import Unreadable

MOST = 200_000_000  # bytes, unpacked: no cast is so large


def lines(path: Path) -> list[str]:
    """The lines of a text file."""
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opened(path, "rb") as file:
            content: bytes = file.read(MOST + 1)
    except (OSError, EOFError) as error:
        raise Unreadable("it cannot be read: {error}", error=error) from error
    if len(content) > MOST:
        raise Unreadable("it is larger than {limit:,} bytes", limit=MOST)
    try:
        return content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return content.decode("latin-1").splitlines()


def table(rows: list[str], columns: int) -> list[list[float]]:
    """Rows of numbers, each of as many as there are columns."""
    found = []
    for number, row in enumerate(rows, 1):
        try:
            values = [float(word.strip("'")) for word in row.split()]
        except ValueError as error:
            raise Unreadable("row {number} of its data is not all numbers", number=number) from error
        if values and len(values) != columns:
            raise Unreadable(
                "row {number} of its data has {values_count} values, of {columns} columns",
                number=number,
                values_count=len(values),
                columns=columns,
            )
        if values:
            found.append(values)
    if not found:
        raise Unreadable("it has no data")
    return found
