"""Several indexers as one."""

from typing import Protocol


class Indexing(Protocol):
    """Who keeps a part of the catalogue true to its files."""

    def run(self) -> int:
        """Make one pass; how many entries were replaced."""


class Together:
    """One pass of each, in their order."""

    def __init__(self, *parts: Indexing) -> None:
        self._parts = parts

    def run(self) -> int:
        """Make one pass; how many entries were replaced."""
        return sum(each.run() for each in self._parts)
