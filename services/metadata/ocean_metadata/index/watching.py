"""Pass after pass over the files, by one process at a time."""

import threading
import time

import structlog

from ocean_metadata.catalogue.database import AWAY
from ocean_metadata.catalogue.process_lock import ProcessLock
from ocean_metadata.catalogue.store import CatalogueWriter
from ocean_metadata.index.configuration import ConfigurationError
from ocean_metadata.index.together import Indexing

IDLE = 10  # times as long as a pass took is the pause after it: many files cost little while none changes …
LONGEST = 10.0  # s … and are still followed within seconds

_log = structlog.get_logger("ocean.index")


class Watch:
    """Makes passes when it is this process's turn."""

    def __init__(
        self,
        indexer: Indexing,
        store: CatalogueWriter,
        indexing: ProcessLock,
        watching: ProcessLock,
        stop: threading.Event,
    ) -> None:
        self._indexer = indexer
        self._store = store
        self._indexing = indexing  # so that no pass works with a list of files of before another one
        self._watching = watching  # so that of several instances one reads
        self._stop = stop
        self._took = 0.0  # s

    def once(self) -> None:
        """One pass."""
        replaced = self._pass()
        _log.info("indexed", datasets=len(self._store.revisions()), replaced=replaced, seconds=round(self._took, 2))

    def forever(self, every: float) -> None:
        """Look at the files every so many seconds; the first pass must succeed, later ones tell what is wrong."""
        trouble, passed, others = "", False, False
        while not self._stop.is_set():
            try:
                if not self._watching.take():
                    if not others:
                        _log.info("another process watches the files")
                    others = True
                elif not passed:
                    self.once()
                    passed = True
                elif replaced := self._pass():
                    _log.info("indexed", replaced=replaced)
                trouble = ""
            except (ConfigurationError, *AWAY, OSError) as error:
                if not passed and not others:
                    raise
                if str(error) != trouble:
                    trouble = str(error)
                    _log.warning("not indexed", reason=trouble)
            self._stop.wait(max(every, min(IDLE * self._took, LONGEST)))
        self._watching.give_back()

    def _pass(self) -> int:
        with self._indexing.taken(self._stop) as ours:
            started = time.monotonic()
            replaced = self._indexer.run() if ours else 0
            self._took = time.monotonic() - started if not replaced else 0.0
        return replaced
