"""The catalogue for reading: a snapshot in memory, renewed when its revision changes."""

import asyncio
import threading
from collections import OrderedDict

import numpy as np
import sqlalchemy as sa

from ocean_metadata.catalogue import rows as records
from ocean_metadata.catalogue import schema
from ocean_metadata.catalogue.database import answering, reading
from ocean_metadata.catalogue.model import DatasetRecord, TimePart
from ocean_metadata.catalogue.snapshot import Snapshot, StepArrays
from ocean_metadata.ports import Replaced

KEPT = 64 * 2**20  # bytes of time steps
_BYTES = 32  # of one step


class StoredCatalogue:
    """Answers from memory; only time steps are read when they are asked for, and then kept."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._snapshot = Snapshot(revision=None, datasets={})
        self._steps: OrderedDict[tuple[str, str, int], StepArrays] = OrderedDict()
        self._lock = threading.Lock()  # around what threads share: the kept steps
        self._one = threading.Lock()  # look at a time, so that a newer snapshot is not followed by an older one

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    async def revision(self, dataset: str) -> str:
        return self._snapshot.dataset(dataset).revision

    async def steps(self, record: DatasetRecord, time: int) -> StepArrays:
        key = (record.id, record.revision, time)
        with self._lock:
            if key in self._steps:
                self._steps.move_to_end(key)
                return self._steps[key]
        return await asyncio.to_thread(self._read_steps, key)

    def refresh(self) -> bool:
        """Look whether the catalogue changed, and take the new one; blocks."""
        with self._one, reading(self._engine) as connection:
            revision = connection.execute(sa.select(schema.catalogue.c.revision)).scalar()
            if revision == self._snapshot.revision:
                return False
            found = records.read_all(connection)
            self._snapshot = Snapshot(revision=revision, datasets={one.id: one for one in found})
        return True

    async def renew(self) -> None:
        """Look now, without waiting for the next regular look."""
        await asyncio.to_thread(self.refresh)

    def _read_steps(self, key: tuple[str, str, int]) -> StepArrays:
        dataset, revision, time = key
        with answering(self._engine) as connection:
            now = connection.execute(
                sa.select(schema.datasets.c.revision).where(schema.datasets.c.id == dataset)
            ).scalar()
            parts = records.read_steps(connection, dataset, time) if now == revision else []
        if not parts:
            raise Replaced(dataset)
        found = _joined(parts)
        with self._lock:
            self._steps[key] = found
            while sum(each.raw.size for each in self._steps.values()) * _BYTES > KEPT and len(self._steps) > 1:
                self._steps.popitem(last=False)
        return found


def _joined(parts: list[TimePart]) -> StepArrays:
    raw = np.concatenate([np.frombuffer(each.raw, "<i8") for each in parts])
    seconds = np.concatenate([np.frombuffer(each.seconds, "<i8") for each in parts])
    position = np.concatenate([np.frombuffer(each.position, "<i4") for each in parts]).astype(np.int64)
    file = np.repeat([each.file for each in parts], [len(each.raw) // 8 for each in parts])
    order = np.lexsort((raw, seconds))
    return StepArrays(raw=raw[order], seconds=seconds[order], file=file[order], position=position[order])
