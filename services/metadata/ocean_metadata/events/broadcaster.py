"""Sends events to any number of listeners: new ones are read once, older ones from the database."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Set
from datetime import UTC, datetime
from itertools import islice

import sqlalchemy as sa

from ocean_common.contracts.metadata import Event
from ocean_metadata.catalogue import database
from ocean_metadata.catalogue.database import reading
from ocean_metadata.events.store import read_events, stored_ids

_RECENT_EVENTS = 1000  # in memory
_PAGE = 500  # events that are read at a time


class EventBroadcaster:
    """Events of one instance. Every listener has its own position among them: a slow one delays no other."""

    def __init__(self, engine: sa.Engine, heartbeat: float = 15.0, max_listeners: int = 1000) -> None:
        self._engine = engine
        self._heartbeat = heartbeat  # s
        self._max_listeners = max_listeners
        self._listeners = 0
        self._newest = 0  # id of the last published event; 0: none yet
        self._origin: int | None = None  # id before the first event, where there was none at the start
        self._recent: deque[Event] = deque(maxlen=_RECENT_EVENTS)
        self._loaded: list[Event] = []
        self._published = asyncio.Event()  # replaced each time that events are published
        self._closed = False

    @property
    def full(self) -> bool:
        """True where there are as many listeners as allowed."""
        return self._listeners >= self._max_listeners

    def begin(self) -> None:
        """Count all events so far as published, unless the catalogue is being created. Blocks."""
        with reading(self._engine) as connection:
            revision = connection.execute(sa.select(database.catalogue.c.revision)).scalar_one_or_none()
            ids = stored_ids(connection) if revision else None
        self._newest = ids[1] if ids else 0

    def load(self) -> None:
        """Read the events since the last time; `publish` sends them. Blocks."""
        with reading(self._engine) as connection:
            last = self._loaded[-1].id if self._loaded else self._newest
            while page := read_events(connection, last, _PAGE):
                self._loaded += page
                last = page[-1].id

    def publish(self) -> None:
        """Send the loaded events to the listeners."""
        events, self._loaded = self._loaded, []
        if events:
            if not self._newest:
                self._origin = events[0].id - 1
            self._newest = events[-1].id
            self._recent.extend(events)
            self._wake_listeners()

    def close(self) -> None:
        """End the streams of all listeners."""
        self._closed = True
        self._wake_listeners()

    async def follow(self, since: int | None, datasets: Set[str]) -> AsyncIterator[Event | int]:
        """Yield the events after the id ``since``, or from now on, of ``datasets`` or of all.

        A bare id says that there are no events up to it: at the beginning, and as a heartbeat.
        """
        self._listeners += 1
        try:
            last = self._newest if since is None else since
            yield last
            while not self._closed:
                published = self._published  # taken before reading, so that no event is missed meanwhile
                page = await self._events_after(last)
                for event in page:
                    last = event.id
                    if not datasets or event.dataset is None or event.dataset in datasets:
                        yield event
                if not page and not await self._wait(published):
                    yield last
        finally:
            self._listeners -= 1

    async def _wait(self, published: asyncio.Event) -> bool:
        """Return whether events were published before the next heartbeat is due."""
        try:
            async with asyncio.timeout(self._heartbeat):
                await published.wait()
        except TimeoutError:
            return False
        return True

    async def _events_after(self, last: int) -> list[Event]:
        """Return the published events after an id, or a `reset` where some of them are not stored any more."""
        newest = self._newest
        if last == newest:
            return []
        if not last and self._origin is not None:
            last = self._origin
        if self._recent and self._recent[0].id - 1 <= last < newest:
            return list(islice(self._recent, last + 1 - self._recent[0].id, None))
        events = await asyncio.to_thread(self._read_after, last)
        if events is None:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            return [Event(id=newest, type="reset", at=now)]
        return [event for event in events if event.id <= newest]

    def _read_after(self, last: int) -> list[Event] | None:
        with reading(self._engine) as connection:
            ids = stored_ids(connection)
            # An id beyond the newest is of another catalogue, or this instance is a moment behind another one.
            if ids is None or not ids[0] - 1 <= last <= ids[1]:
                return None
            return read_events(connection, last, _PAGE)

    def _wake_listeners(self) -> None:
        published, self._published = self._published, asyncio.Event()
        published.set()
