"""Catalogue in its database: written by the index command, read whole into memory by the service."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import numpy as np
import sqlalchemy as sa

from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import ServiceUnavailable
from ocean_metadata.catalogue import database
from ocean_metadata.catalogue.database import (
    answering,
    lock_transaction,
    reading,
    save_revision,
    select_by_ids,
)
from ocean_metadata.catalogue.model import DatasetRecord, Replaced, Snapshot, StepArrays, VariableRecord
from ocean_metadata.events.store import DatasetState, find_change, write_changes

Stat = tuple[int, int]  # size, mtime_ns
MAX_STEP_BYTES = 64 * 2**20  # of time steps in memory
STEP_BYTES = 32  # of a step in memory
ATTEMPTS = 5  # at reading a dataset that is written again and again
_WRITE_LOCK = 2  # of transactions: events have the order in which they become visible

_decode_dataset = msgspec.msgpack.Decoder(DatasetRecord).decode


class CatalogueWriter:
    """The catalogue for the index command. Every method is one transaction."""

    def __init__(self, engine: sa.Engine, reading_version: int) -> None:
        self._engine = engine
        self._version = reading_version  # headers that another version of the code has read are read again

    def file_states(self) -> dict[str, Stat]:
        """Return the state in which each file was read."""
        table = database.headers.c
        query = sa.select(table.path, table.size, table.mtime_ns).where(table.format == self._version)
        with reading(self._engine) as connection:
            return {path: (size, mtime) for path, size, mtime in connection.execute(query)}

    def headers(self, paths: Sequence[str]) -> dict[str, tuple[bytes, bytes | None]]:
        """Return the encoded header and detail of files."""
        table = database.headers.c
        query = sa.select(table.path, table.header, table.detail)
        with reading(self._engine) as connection:
            rows = select_by_ids(connection, query, table.path, paths)
            return {path: (header, detail) for path, header, detail in rows}

    def save_headers(self, rows: Sequence[tuple[str, Stat, bytes]]) -> None:
        """Save headers; details of the same files are dropped."""
        table = database.headers
        with self._engine.begin() as connection:
            for path, (size, mtime), header in rows:
                connection.execute(table.delete().where(table.c.path == path))
                row = {"path": path, "size": size, "mtime_ns": mtime, "format": self._version, "header": header}
                connection.execute(table.insert(), row)

    def save_detail(self, path: str, detail: bytes) -> None:
        with self._engine.begin() as connection:
            connection.execute(database.headers.update().where(database.headers.c.path == path).values(detail=detail))

    def revisions(self) -> dict[str, tuple[str, int]]:
        """Return revision and position of every dataset."""
        table = database.datasets.c
        query = sa.select(table.id, table.revision, table.position)
        with reading(self._engine) as connection:
            return {name: (revision, position) for name, revision, position in connection.execute(query)}

    def replace(self, record: DatasetRecord, steps: Sequence[StepArrays], position: int) -> None:
        """Write a dataset: readers see the old state or the new one, and listeners get an event."""
        with self._engine.begin() as connection:
            lock_transaction(connection, _WRITE_LOCK)
            with _events_of(connection, record.id):
                write_dataset(connection, record, steps, position)
            _update_revision(connection, create=False)

    def finish(self, datasets: set[str], paths: set[str]) -> None:
        """Remove all other datasets and files; from now on the catalogue counts as indexed."""
        with self._engine.begin() as connection:
            lock_transaction(connection, _WRITE_LOCK)
            for name in sorted(set(connection.execute(sa.select(database.datasets.c.id)).scalars()) - datasets):
                with _events_of(connection, name):
                    _remove(connection, name)
            table = database.headers
            for path in set(connection.execute(sa.select(table.c.path)).scalars()) - paths:
                connection.execute(table.delete().where(table.c.path == path))
            _update_revision(connection, create=True)


def write_dataset(connection: sa.Connection, record: DatasetRecord, steps: Sequence[StepArrays], position: int) -> None:
    """Write a dataset in the place of what was there, within the caller's transaction."""
    row = {
        "id": record.id,
        "position": position,
        "revision": record.revision,
        "state": record.state,
        "document": msgspec.msgpack.encode(record),
    }
    axes = [{"dataset": record.id, "time": number, "steps": axis.encode()} for number, axis in enumerate(steps)]
    _remove(connection, record.id)
    connection.execute(database.datasets.insert(), row)
    if axes:
        connection.execute(database.time_steps.insert(), axes)


def _remove(connection: sa.Connection, dataset: str) -> None:
    connection.execute(database.datasets.delete().where(database.datasets.c.id == dataset))  # cascades to time steps


def _event_state(connection: sa.Connection, dataset: str) -> DatasetState | None:
    """Return revision and instants of a dataset that is served."""
    table, steps = database.datasets.c, database.time_steps.c
    revision = connection.execute(
        sa.select(table.revision).where(table.id == dataset, table.state != "broken")
    ).scalar_one_or_none()
    if revision is None:
        return None
    axes = connection.execute(sa.select(steps.steps).where(steps.dataset == dataset)).scalars()
    seconds = [StepArrays.decode(axis).seconds for axis in axes]
    return DatasetState(revision, np.concatenate([np.empty(0, "<i8"), *seconds]))


@contextmanager
def _events_of(connection: sa.Connection, dataset: str) -> Iterator[None]:
    """Write the event of a change that is made to a dataset in a ``with`` block."""
    before = _event_state(connection, dataset)
    yield
    event = find_change(dataset, before, _event_state(connection, dataset))
    write_changes(connection, [event] if event else [])


def _update_revision(connection: sa.Connection, *, create: bool) -> None:
    """Update the revision of the catalogue; before the first pass is complete it has none."""
    table = database.datasets.c
    rows = sa.select(table.id, table.revision, table.position).order_by(table.id)
    save_revision(connection, database.catalogue, rows, create=create)


class Catalogue:
    """The catalogue for the service: a snapshot in memory; time steps are read on request, and then cached."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.snapshot = Snapshot(revision=None, datasets={})
        self._steps = ByteBoundedCache[StepArrays](MAX_STEP_BYTES, lambda steps: steps.raw.size * STEP_BYTES)
        self._refresh_lock = threading.Lock()  # so that a newer snapshot is not replaced by an older one

    async def revision(self, dataset: str) -> str:
        """Return the revision of a dataset, or raise DatasetNotFound."""
        return self.snapshot.dataset(dataset).revision

    async def steps(self, record: DatasetRecord, time: int) -> StepArrays:
        """Read the steps of a time axis; Replaced if the dataset has another revision by now."""
        key = (record.id, record.revision, time)
        return await self._steps.get_async(key, lambda: asyncio.to_thread(self._read_steps, *key))

    def refresh(self) -> bool:
        """Read the catalogue where its revision has changed; blocks. Return whether it was read."""
        table = database.datasets.c
        with self._refresh_lock, reading(self._engine) as connection:
            revision = connection.execute(sa.select(database.catalogue.c.revision)).scalar()
            if revision == self.snapshot.revision:
                return False
            documents = connection.execute(sa.select(table.document).order_by(table.position, table.id)).scalars()
            records = [_decode_dataset(document) for document in documents]
            self.snapshot = Snapshot(revision=revision, datasets={record.id: record for record in records})
        return True

    def _read_steps(self, dataset: str, revision: str, time: int) -> StepArrays:
        table, steps = database.datasets, database.time_steps
        query = (
            sa.select(steps.c.steps)
            .join(table, table.c.id == steps.c.dataset)
            .where(steps.c.dataset == dataset, steps.c.time == time, table.c.revision == revision)
        )
        with answering(self._engine) as connection:
            content = connection.execute(query).scalar_one_or_none()
        if content is None:
            raise Replaced(dataset)
        return StepArrays.decode(content)


async def read_record(
    catalogue: Catalogue, dataset: str, axes: Callable[[DatasetRecord], Iterable[int]]
) -> tuple[DatasetRecord, dict[int, StepArrays]]:
    """Read a dataset and the steps of those time axes that ``axes`` returns, all of one revision."""
    # Records are in memory, steps are not: a dataset that was written in between is read again from its beginning.
    for _ in range(ATTEMPTS):
        record = catalogue.snapshot.dataset(dataset)
        try:
            return record, {axis: await catalogue.steps(record, axis) for axis in axes(record)}
        except Replaced:
            await asyncio.to_thread(catalogue.refresh)
    raise ServiceUnavailable("the dataset {dataset!r} is being renewed; try again", dataset=dataset, retry_after=1)


async def read_variable(
    catalogue: Catalogue, dataset: str, variable: str, axes: Callable[[DatasetRecord, VariableRecord], Iterable[int]]
) -> tuple[DatasetRecord, VariableRecord, dict[int, StepArrays]]:
    """Read a variable and the steps of those time axes that ``axes`` returns, all of one revision of the dataset."""
    record, steps = await read_record(catalogue, dataset, lambda record: axes(record, record.variable(variable)))
    return record, record.variable(variable), steps
