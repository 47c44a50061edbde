"""Follow changes of the catalogue in its database, and renew what the service serves."""

import asyncio
from collections.abc import Callable, Sequence

from ocean_metadata.catalogue.database import AWAY
from ocean_metadata.catalogue.model import Snapshot
from ocean_metadata.catalogue.store import Catalogue
from ocean_metadata.events.broadcaster import EventBroadcaster

POLL_INTERVAL = 0.5  # s between two looks at the database: a query of one row


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

    async def follow(self, stopping: Callable[[], bool]) -> None:
        """Renew soon after the catalogue is written, until the service stops: then the event streams end."""
        while not stopping():
            await self.renew()
            await asyncio.sleep(POLL_INTERVAL)
        self._feed.close()
