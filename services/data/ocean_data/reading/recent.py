"""What was true a moment ago: of things whose state costs a question to somebody else."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")

MOST = 50_000


class Recent(Generic[V]):
    """Answers, and failures, that are not older than ``seconds``. One asks; the others wait for it. Safe in threads."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: OrderedDict[Hashable, tuple[float, Future[V]]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, ask: Callable[[], V]) -> V:
        """The answer to ``key``; a failure is raised again as long as it is recent."""
        with self._lock:
            found = self._known.get(key)
            mine = found is None or (found[1].done() and time.monotonic() - found[0] > self._seconds)
            if mine or found is None:
                found = self._known[key] = (time.monotonic(), Future())
                self._known.move_to_end(key)
                while len(self._known) > MOST:
                    self._known.popitem(last=False)
        if mine:
            self._ask(key, ask, found[1])
        return found[1].result()

    def _ask(self, key: Hashable, ask: Callable[[], V], promise: Future[V]) -> None:
        try:
            answer = ask()
        except BaseException as error:  # raised again: but who waits must not wait for ever
            promise.set_exception(error)
            raise
        finally:
            with self._lock:
                if self._known.get(key, (0, None))[1] is promise:  # its age counts from the answer
                    self._known[key] = (time.monotonic(), promise)
        promise.set_result(answer)

    def forget(self, key: Hashable) -> None:
        """Ask anew the next time."""
        with self._lock:
            found = self._known.get(key)
            if found is not None and found[1].done():
                del self._known[key]
