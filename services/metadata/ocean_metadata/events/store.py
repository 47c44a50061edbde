"""Events of datasets: derived from their states, and stored in the transaction that changes the dataset."""

import time
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import numpy as np
import sqlalchemy as sa

from ocean_common.contracts.metadata import Event, EventType, NewSteps
from ocean_core.time import Ints, format_times
from ocean_metadata.catalogue import schema

MAX_EVENTS = 10_000  # that are stored; a listener that missed more has to ask for everything again

_table = schema.events


class DatasetState(NamedTuple):
    """State of a dataset that is served, as far as events describe it."""

    revision: str
    seconds: Ints  # (step,), of all its time axes, since 1970-01-01 UTC; in any order


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Change of a dataset."""

    dataset: str
    type: EventType
    revision: str | None = None
    count: int = 0  # of new time steps
    first: int | None = None  # s since 1970-01-01 UTC
    last: int | None = None


def find_change(dataset: str, before: DatasetState | None, after: DatasetState | None) -> Change | None:
    """Compare two states of a dataset; None where they are equal.

    Parameters
    ----------
    dataset : str
        Its id.
    before, after : DatasetState or None
        None where it is not served: it does not exist, or none of its files can be read.

    Returns
    -------
    Change or None
        ``time_steps`` where there are new ones and the old ones stayed; else ``added``, ``changed`` or ``removed``.
    """
    if after is None:
        return Change(dataset=dataset, type="removed") if before else None
    if before is None:
        return _change_with_steps(dataset, "added", after.revision, after.seconds)
    if before.revision == after.revision:
        return None
    new = np.setdiff1d(after.seconds, before.seconds)
    removed = np.setdiff1d(before.seconds, after.seconds)
    event_type: EventType = "time_steps" if new.size and not removed.size else "changed"
    return _change_with_steps(dataset, event_type, after.revision, new)


def _change_with_steps(dataset: str, event_type: EventType, revision: str, new: Ints) -> Change:
    if not new.size:
        return Change(dataset=dataset, type=event_type, revision=revision)
    steps = np.unique(new)
    return Change(
        dataset=dataset, type=event_type, revision=revision, count=steps.size, first=int(steps[0]), last=int(steps[-1])
    )


def write_changes(connection: sa.Connection, changes: list[Change]) -> None:
    """Append events, and delete the oldest; no other transaction may write at the same time."""
    if not changes:
        return
    now = time.time_ns() // 10**6
    newest = connection.execute(sa.select(sa.func.max(_table.c.id))).scalar_one()
    # The first id is a time: a catalogue that is created again after a loss does not use ids twice.
    first = now if newest is None else newest + 1
    rows = [{"id": number, "at": now, **msgspec.to_builtins(change)} for number, change in enumerate(changes, first)]
    connection.execute(_table.insert(), rows)
    connection.execute(_table.delete().where(_table.c.id < first + len(changes) - MAX_EVENTS))


def stored_ids(connection: sa.Connection) -> tuple[int, int] | None:
    """Return the ids of the oldest and the newest event; None where there are none."""
    oldest, newest = connection.execute(sa.select(sa.func.min(_table.c.id), sa.func.max(_table.c.id))).one()
    return None if oldest is None else (oldest, newest)


def read_events(connection: sa.Connection, after: int, limit: int) -> list[Event]:
    """Read the events that follow the one of an id."""
    rows = connection.execute(sa.select(_table).where(_table.c.id > after).order_by(_table.c.id).limit(limit))
    return [_make_event(row._mapping) for row in rows]  # noqa: SLF001  document_errors, for columns named like tuple methods


def _make_event(row: sa.RowMapping) -> Event:
    steps = None
    if row["count"]:
        first, last = format_times(np.array([row["first"], row["last"]]))
        steps = NewSteps(count=row["count"], first=first, last=last)
    return Event(
        id=row["id"],
        type=row["type"],
        at=format_milliseconds(row["at"]),
        dataset=row["dataset"],
        revision=row["revision"],
        steps=steps,
    )


def format_milliseconds(at: float) -> str:
    """Write ms since 1970-01-01 in ISO 8601, UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
