"""Protocols of what the routes get injected, with an implementation for tests and for services without it."""

from typing import Protocol, runtime_checkable

from ocean_common.contracts.metadata import Refreshed
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
class Refresher(Protocol):
    """Indexes the files on request."""

    async def refresh(self) -> Refreshed:
        """Index the files and return the changes; ServiceUnavailable where that fails."""
