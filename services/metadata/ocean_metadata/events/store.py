"""Events of datasets: derived from their states, and stored in the transaction that changes the dataset."""

import time
from datetime import timedelta
from typing import NamedTuple

import msgspec
import numpy as np
import sqlalchemy as sa

from ocean_common.contracts.metadata import Event, EventType, NewSteps
from ocean_core.time import EPOCH, Ints, format_times
from ocean_metadata.catalogue import database

MAX_EVENTS = 10_000  # that are stored; a listener that missed more has to ask for everything again

_table = database.events


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
    """Compare two states of a dataset; a state is None where it is not served, and the change where they are equal.

    It is ``time_steps`` where there are new ones and the old ones stayed; else ``added``, ``changed`` or ``removed``.
    """
    if after is None:
        return Change(dataset=dataset, type="removed") if before else None
    if before and before.revision == after.revision:
        return None
    former = before.seconds if before else np.empty(0, dtype=np.int64)
    new = np.setdiff1d(after.seconds, former)
    event_type: EventType = "added"
    if before:
        event_type = "time_steps" if new.size and np.isin(former, after.seconds).all() else "changed"
    steps = {"count": new.size, "first": int(new[0]), "last": int(new[-1])} if new.size else {}
    return Change(dataset=dataset, type=event_type, revision=after.revision, **steps)


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
    return [_make_event(row._mapping) for row in rows]  # noqa: SLF001  public, for columns named like methods of tuples


def _make_event(row: sa.RowMapping) -> Event:
    steps = None
    if row["count"]:
        first, last = format_times(np.array([row["first"], row["last"]]))
        steps = NewSteps(count=row["count"], first=first, last=last)
    at = (EPOCH + timedelta(milliseconds=row["at"])).isoformat(timespec="milliseconds")
    return Event(id=row["id"], type=row["type"], at=at, dataset=row["dataset"], revision=row["revision"], steps=steps)
