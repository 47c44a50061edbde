"""What happened to datasets, written in the transaction that makes it so, and read by every instance."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import numpy as np
import sqlalchemy as sa

from ocean_common.contracts.events import Event, NewSteps
from ocean_core.time import format_times
from ocean_metadata.catalogue import schema
from ocean_metadata.events.model import Change

KEPT = 10_000  # events; who missed more than that is told to ask for everything again

_table = schema.events


def write(connection: sa.Connection, changes: Sequence[Change]) -> None:
    """Append, and forget the oldest; the caller's transaction is the only one that writes."""
    if not changes:
        return
    now = time.time_ns() // 10**6
    newest = _newest(connection)
    # A catalogue that was lost and made anew does not tell ids twice: the first one is the time of its making.
    first = now if newest is None else newest + 1
    rows = [{"id": number, "at": now, **msgspec.to_builtins(one)} for number, one in enumerate(changes, first)]
    connection.execute(_table.insert(), rows)
    connection.execute(_table.delete().where(_table.c.id < first + len(changes) - KEPT))


def bounds(connection: sa.Connection) -> tuple[int, int] | None:
    """Ids of the oldest and the newest event that are known; None where nothing ever happened."""
    oldest, newest = connection.execute(sa.select(sa.func.min(_table.c.id), sa.func.max(_table.c.id))).one()
    return None if oldest is None else (oldest, newest)


def after(connection: sa.Connection, number: int, at_most: int) -> list[Event]:
    """The events that follow one."""
    rows = connection.execute(sa.select(_table).where(_table.c.id > number).order_by(_table.c.id).limit(at_most))
    return [_event(row) for row in rows]


def _newest(connection: sa.Connection) -> int | None:
    found: int | None = connection.execute(sa.select(sa.func.max(_table.c.id))).scalar_one()
    return found


def _event(row: sa.Row[tuple[object, ...]]) -> Event:
    kept = row._mapping  # noqa: SLF001  the documented way to columns that are named like methods of a tuple
    steps = None
    if kept["count"]:
        first, last = format_times(np.array([kept["first"], kept["last"]]))
        steps = NewSteps(count=kept["count"], first=first, last=last)
    return Event(
        id=kept["id"],
        type=kept["type"],
        at=datetime.fromtimestamp(kept["at"] / 1000, UTC).isoformat(timespec="milliseconds"),
        dataset=kept["dataset"],
        revision=kept["revision"],
        steps=steps,
    )
