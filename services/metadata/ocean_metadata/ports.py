"""What the routes need from outside."""

from collections.abc import AsyncIterator, Set
from typing import Protocol, runtime_checkable

from ocean_common.contracts.metadata import Event, Refreshed
from ocean_metadata.catalogue.model import DatasetRecord, Snapshot, StepArrays


@runtime_checkable
class Catalogue(Protocol):
    """Who knows which data exist."""

    @property
    def snapshot(self) -> Snapshot:
        """What is known now; never waits."""

    async def revision(self, dataset: str) -> str:
        """The revision of ``dataset``, or DatasetNotFound."""

    async def steps(self, record: DatasetRecord, time: int) -> StepArrays:
        """The steps of one of a dataset's time axes; Replaced if the dataset is of another revision by now."""

    async def renew(self) -> None:
        """Take what is new."""


@runtime_checkable
class Events(Protocol):
    """Who knows what happens."""

    @property
    def full(self) -> bool:
        """Whether there are as many listeners as there may be."""

    def follow(self, since: int | None, datasets: Set[str]) -> AsyncIterator[Event | int]:
        """Events after the one of the id ``since``, or from now on; of ``datasets``, or of all.

        An id says up to where there is nothing to tell: at the beginning, and now and then.
        """


@runtime_checkable
class Refresher(Protocol):
    """Who looks at the files when told to."""

    async def refresh(self) -> Refreshed:
        """Look, and tell what was found; ServiceUnavailable where that cannot be done."""
