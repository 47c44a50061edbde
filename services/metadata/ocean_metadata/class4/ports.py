"""What the routes need from outside."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ocean_common.contracts.class4 import Class4Kind, Class4Profile
from ocean_metadata.class4.index import Shelf
from ocean_metadata.class4.records import Points


@runtime_checkable
class Class4(Protocol):
    """Who knows the Class 4 files."""

    @property
    def shelf(self) -> Shelf:
        """What is known now; never waits."""

    async def revision(self, dataset: str) -> str:
        """The revision of all files."""

    async def points(self, kind: Class4Kind, file: str) -> Points:
        """What a map shows of a file."""

    async def profiles(self, kind: Class4Kind, file: str, numbers: Sequence[int]) -> list[Class4Profile]:
        """Profiles of a file, in the order of ``numbers``."""
