"""Follows the catalogue: its new state first, then the events that tell of it."""

import asyncio
from collections.abc import AsyncIterator, Callable

from ocean_metadata.catalogue.database import AWAY
from ocean_metadata.catalogue.model import Snapshot
from ocean_metadata.catalogue.store import StoredCatalogue
from ocean_metadata.events.broadcaster import EventBroadcaster


class CatalogueWatcher:
    """One instance's catalogue and feed, renewed together: who hears of a change and asks gets what is new."""

    def __init__(
        self, catalogue: StoredCatalogue, feed: EventBroadcaster, prepare: Callable[[Snapshot], object] | None = None
    ) -> None:
        self._catalogue = catalogue
        self._feed = feed
        self._prepare = prepare or (lambda _: None)  # what is made of a state before anybody asks; blocks
        self._one = asyncio.Lock()  # renewal at a time
        self.trouble: str | None = None  # why the database cannot be read

    async def renew(self) -> None:
        """Take what is new."""
        async with self._one:
            try:
                await asyncio.to_thread(self._read)
            except AWAY:  # what is known goes on serving
                self.trouble = "the catalogue's database cannot be read; what is told is what was known before"
                return
            self.trouble = None
            self._feed.publish()
            await asyncio.to_thread(self._prepare, self._catalogue.snapshot)

    def _read(self) -> None:
        # In this order: the catalogue that is read after the events has all that they tell of. While it is indexed for
        # the first time there is none yet, and nothing to tell.
        if self._catalogue.snapshot.revision is not None:
            self._feed.load()
        self._catalogue.refresh()

    async def follow(self, strokes: AsyncIterator[bool], stopping: Callable[[], bool]) -> None:
        """Renew soon after the catalogue is written, until the service is told to stop: then listeners are let go."""
        async for due in strokes:
            if stopping():
                break
            if due:
                await self.renew()
        self._feed.close()
