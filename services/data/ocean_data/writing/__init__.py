"""Formats: each is written by a `StreamWriter` or a `FileWriter`."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from ocean_data.plan.extraction import Extraction, Parts


@runtime_checkable
class StreamWriter(Protocol):
    """Writes an extraction piece by piece: the first pieces are sent while the rest is read."""

    media_type: str
    suffix: str  # of the file's name: "csv"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """Write the answer."""


@runtime_checkable
class FileWriter(Protocol):
    """Writes an extraction as a file that must be complete before it is sent."""

    media_type: str
    suffix: str

    def save(self, extraction: Extraction, parts: Parts, revision: str, path: str) -> None:
        """Write the file."""
