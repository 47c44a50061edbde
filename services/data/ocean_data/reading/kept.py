"""A cache bounded in bytes, in which a value that many ask for at once is made once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """The values used last, up to ``limit`` bytes. Safe in threads."""

    def __init__(self, limit: int, weigh: Callable[[V], int]) -> None:
        self._limit = limit
        self._weigh = weigh
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._making: dict[Hashable, Future[V]] = {}
        self._lock = Lock()
        self.nbytes = 0

    def __contains__(self, key: Hashable) -> bool:
        """Whether a value is there already; it may be gone a moment later."""
        return key in self._values

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of ``key``, made by the first who asks; the others wait for it."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
                return value
            promise = self._making.get(key)
            mine = promise is None
            if promise is None:
                promise = self._making[key] = Future()
        if mine:
            self._make(key, make, promise)
        return promise.result()

    def _make(self, key: Hashable, make: Callable[[], V], promise: Future[V]) -> None:
        try:
            value = make()
        except BaseException as error:  # raised again: but who waits must not wait for ever, and the next asks anew
            with self._lock:
                del self._making[key]
            promise.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._values[key] = value
            self.nbytes += self._weigh(value)
            while self.nbytes > self._limit and len(self._values) > 1:
                self.nbytes -= self._weigh(self._values.popitem(last=False)[1])
        promise.set_result(value)
