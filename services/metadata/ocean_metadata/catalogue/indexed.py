"""What is found in memory: made ready once for every state of the catalogue."""

import asyncio
import threading

from ocean_metadata.catalogue.model import Snapshot
from ocean_metadata.catalogue.search_index import Index


class Indexed:
    """The index of the datasets that lists show; of those that did not change since, it keeps what it made."""

    def __init__(self) -> None:
        self._of: Snapshot | None = None
        self._index = Index([])
        self._lock = threading.Lock()  # one thread makes it, others wait

    async def index(self, snapshot: Snapshot) -> Index:
        """The index of this state of the catalogue."""
        return self._index if self._of is snapshot else await asyncio.to_thread(self.make, snapshot)

    def make(self, snapshot: Snapshot) -> Index:
        """Make it ready before anybody asks; blocks."""
        with self._lock:
            if self._of is not snapshot:
                self._index = Index(snapshot.listed, self._index)
                self._of = snapshot
            return self._index
