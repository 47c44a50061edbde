"""Follow changes of the catalogue: a listener to its database, and the watcher that renews what the service serves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

import psycopg
import sqlalchemy as sa

from ocean_metadata.catalogue.database import AWAY, CHANNEL
from ocean_metadata.catalogue.model import Snapshot
from ocean_metadata.catalogue.store import Catalogue
from ocean_metadata.events.broadcaster import EventBroadcaster

POLL_INTERVAL = 0.5  # s between two looks where the database does not notify
NOTIFIED_INTERVAL = 5.0  # s between two looks where it does: a proxy may swallow notifications
RETRY = 1.0  # s until a session that broke off is begun again

# s, s, number; without them a dead server is waited for.
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 10, "keepalives_count": 3}


class DatabaseListener:
    """Notices that the catalogue was written: at once by notifications of PostgreSQL, else by polling."""

    def __init__(self, engine: sa.Engine, notified_interval: float = NOTIFIED_INTERVAL) -> None:
        self._can_notify = engine.dialect.name == "postgresql"
        _, arguments = engine.dialect.create_connect_args(engine.url)
        self._session: dict[str, Any] = {**_KEEPALIVES, **arguments}
        self._notified_interval = notified_interval
        self._notification = asyncio.Event()  # a new one after each notification
        self.listening = False
        self.notifications = 0

    async def listen(self) -> None:
        """Listen to notifications of the database for as long as the service runs."""
        while self._can_notify:
            with suppress(psycopg.Error):
                await self._listen_in_session()
            self.listening = False
            await asyncio.sleep(RETRY)

    async def wait_for_changes(self) -> AsyncIterator[bool]:
        """Yield every half second whether it is time to look at the database."""
        clock = asyncio.get_running_loop().time
        last_look, is_due = clock(), True
        while True:
            notification = self._notification  # taken before the look: what is written meanwhile is not missed
            yield is_due
            last_look = clock() if is_due else last_look
            with suppress(TimeoutError):
                await asyncio.wait_for(notification.wait(), POLL_INTERVAL)
            is_due = notification.is_set() or not self.listening or clock() - last_look >= self._notified_interval

    async def _listen_in_session(self) -> None:
        async with await psycopg.AsyncConnection.connect(**self._session, autocommit=True) as session:
            schema = await (await session.execute("SELECT current_schema()")).fetchone()
            await session.execute(f"LISTEN {CHANNEL}")
            self.listening = True
            self._notify()  # what was written before
            async for message in session.notifies():
                if schema and message.payload == schema[0]:
                    self._notify()

    def _notify(self) -> None:
        self.notifications += 1
        notification, self._notification = self._notification, asyncio.Event()
        notification.set()


class CatalogueWatcher:
    """Renews the catalogue and the events of a service together: a client that gets an event gets the new state too.

    ``others``: what else is read again from the same database.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        feed: EventBroadcaster,
        prepare: Callable[[Snapshot], object] = lambda _: None,
        others: Sequence[Callable[[], object]] = (),
    ) -> None:
        self._catalogue = catalogue
        self._feed = feed
        self._prepare = prepare  # makes what is derived from a state, before it is requested; blocks
        self._others = others
        self._lock = asyncio.Lock()  # one renewal at a time
        self.trouble: str | None = None  # why the database cannot be read

    async def renew(self) -> None:
        """Read the new state and publish its events."""
        async with self._lock:
            try:
                await asyncio.to_thread(self._read)
            except AWAY:  # the last state goes on being served
                self.trouble = "the catalogue's database cannot be read; the last state that was read is served"
                return
            self.trouble = None
            self._feed.publish()
            await asyncio.to_thread(self._prepare, self._catalogue.snapshot)

    def _read(self) -> None:
        # In this order: a catalogue that is read after the events has all their changes. While it is indexed for the
        # first time it has no revision yet, and there are no events to publish.
        if self._catalogue.snapshot.revision is not None:
            self._feed.load()
        for refresh in (self._catalogue.refresh, *self._others):
            refresh()

    async def follow(self, changes: AsyncIterator[bool], stopping: Callable[[], bool]) -> None:
        """Renew soon after the catalogue is written, until the service stops: then the event streams end."""
        async for is_due in changes:
            if stopping():
                break
            if is_due:
                await self.renew()
        self._feed.close()
