"""Protocols of what the routes get injected, with an implementation for tests and for services without it."""

from collections.abc import AsyncIterator, Set
from typing import Protocol, runtime_checkable

from ocean_common.contracts.metadata import Event, Refreshed
from ocean_metadata.catalogue.model import DatasetRecord, Snapshot, StepArrays


@runtime_checkable
class Catalogue(Protocol):
    """Catalogue of datasets."""

    @property
    def snapshot(self) -> Snapshot:
        """State in memory; never waits."""

    async def revision(self, dataset: str) -> str:
        """Return the revision of ``dataset``, or raise DatasetNotFound."""

    async def steps(self, record: DatasetRecord, time: int) -> StepArrays:
        """Read the steps of a time axis; Replaced if the dataset has another revision by now."""

    async def renew(self) -> None:
        """Read the new state."""


@runtime_checkable
class Events(Protocol):
    """Source of events of datasets."""

    @property
    def full(self) -> bool:
        """True where the maximum number of listeners is reached."""

    def follow(self, since: int | None, datasets: Set[str]) -> AsyncIterator[Event | int]:
        """Yield the events after the id ``since``, or from now on, of ``datasets`` or of all.

        A bare id says that there are no events up to it: at the beginning, and as a heartbeat.
        """


@runtime_checkable
class Refresher(Protocol):
    """Indexes the files on request."""

    async def refresh(self) -> Refreshed:
        """Index the files and return the changes; ServiceUnavailable where that fails."""
