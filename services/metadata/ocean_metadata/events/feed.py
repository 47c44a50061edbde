"""Events as they happen, to any number of listeners: read once, and from the database for who comes late."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Set
from datetime import UTC, datetime
from itertools import islice

import sqlalchemy as sa

from ocean_common.contracts.events import Event
from ocean_metadata.catalogue import schema
from ocean_metadata.catalogue.database import reading
from ocean_metadata.events import store as events

RECENT = 1000  # events in memory
PAGE = 500  # events that are read at once


class EventFeed:
    """One instance's ear. Every listener has a place in the list of events: who is slow holds nobody up."""

    def __init__(self, engine: sa.Engine, heartbeat: float = 15.0, most: int = 1000) -> None:
        self._engine = engine
        self._heartbeat = heartbeat  # s
        self._most = most
        self._listeners = 0
        self._newest = 0  # that is told; 0: nothing happened yet
        self._origin: int | None = None  # before the first event, where nothing had happened yet
        self._recent: deque[Event] = deque(maxlen=RECENT)
        self._loaded: list[Event] = []
        self._news = asyncio.Event()  # a new one for every time that there are some
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether there are as many listeners as there may be."""
        return self._listeners >= self._most

    def begin(self) -> None:
        """Take what happened so far for told: all of it, unless the catalogue is being made; blocks."""
        with reading(self._engine) as connection:
            made = connection.execute(sa.select(schema.catalogue.c.revision)).scalar_one_or_none()
            found = events.bounds(connection) if made else None
        self._newest = found[1] if found else 0

    def load(self) -> None:
        """Read what happened since the last time; blocks. It is told by `publish`."""
        with reading(self._engine) as connection:
            at = self._loaded[-1].id if self._loaded else self._newest
            while page := events.after(connection, at, PAGE):
                self._loaded += page
                at = page[-1].id

    def publish(self) -> None:
        """Tell listeners what was loaded."""
        told, self._loaded = self._loaded, []
        if told:
            if not self._newest:
                self._origin = told[0].id - 1
            self._newest = told[-1].id
            self._recent.extend(told)
            self._wake()

    def close(self) -> None:
        """Let all listeners go."""
        self._closed = True
        self._wake()

    async def follow(self, since: int | None, datasets: Set[str]) -> AsyncIterator[Event | int]:
        self._listeners += 1
        try:
            at = self._newest if since is None else since
            yield at
            while not self._closed:
                news = self._news  # taken before looking: what happens meanwhile is not missed
                page = await self._after(at)
                for one in page:
                    at = one.id
                    if not datasets or one.dataset is None or one.dataset in datasets:
                        yield one
                if not page and not await self._waited(news):
                    yield at
        finally:
            self._listeners -= 1

    async def _waited(self, news: asyncio.Event) -> bool:
        try:
            async with asyncio.timeout(self._heartbeat):
                await news.wait()
        except TimeoutError:
            return False
        return True

    async def _after(self, at: int) -> list[Event]:
        """What follows, as far as it is told; or that too much was missed."""
        newest = self._newest
        if at == newest:
            return []
        if not at and self._origin is not None:
            at = self._origin
        if self._recent and self._recent[0].id - 1 <= at < newest:
            return list(islice(self._recent, at + 1 - self._recent[0].id, None))
        found = await asyncio.to_thread(self._read, at)
        if found is None:
            return [Event(id=newest, type="reset", at=datetime.now(UTC).isoformat(timespec="milliseconds"))]
        return [one for one in found if one.id <= newest]

    def _read(self, at: int) -> list[Event] | None:
        with reading(self._engine) as connection:
            found = events.bounds(connection)
            # One beyond the newest is of another catalogue, or this instance is a moment behind another one.
            if found is None or not found[0] - 1 <= at <= found[1]:
                return None
            return events.after(connection, at, PAGE)

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class Silence:
    """The events of a service over a catalogue that never changes: none."""

    full = False

    async def follow(self, since: int | None, datasets: Set[str]) -> AsyncIterator[Event | int]:  # noqa: ARG002  a Protocol
        yield since or 0
