"""What the routes need from outside."""

from typing import Protocol, runtime_checkable

from ocean_metadata.domain.records import DatasetRecord
from ocean_metadata.domain.snapshot import Snapshot, StepArrays


@runtime_checkable
class Catalogue(Protocol):
    """Who knows which data exist."""

    @property
    def snapshot(self) -> Snapshot:
        """What is known now; never waits."""

    async def revision(self, dataset: str) -> str:
        """The revision of ``dataset``, or DatasetNotFound."""

    async def steps(self, record: DatasetRecord, time: int) -> StepArrays:
        """The steps of one of a dataset's time axes."""
