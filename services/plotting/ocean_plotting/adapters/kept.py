"""A store bounded in bytes, in which equal questions at once are answered once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Revised(Protocol):
    """Something made from one revision of the data."""

    @property
    def revision(self) -> str:
        """The revision of the data that it was made from."""


V = TypeVar("V", bound=Revised)
Key = tuple[Hashable, ...]


class Kept(Generic[V]):
    """Keeps what was used last, up to a number of bytes.

    Makers wait for each other in order, ``at_once`` at a time: none is refused.
    """

    def __init__(self, limit: int, size: Callable[[V], int], at_once: int = 64) -> None:
        self.limit = limit  # bytes
        self.bytes = 0
        self._size = size
        self._kept: OrderedDict[Key, tuple[V, int]] = OrderedDict()
        self._making: dict[Key, asyncio.Task[V]] = {}
        self._turns = asyncio.Semaphore(at_once)

    async def get(self, key: Key, make: Callable[[], Awaitable[V]], revision: str) -> V:
        """What is kept, or what ``make`` answers; that is kept if it is of this ``revision``."""
        whole = (*key, revision)
        if (kept := self._kept.get(whole)) is not None:
            self._kept.move_to_end(whole)
            return kept[0]
        task = self._making.get(whole)
        if task is None:
            task = asyncio.create_task(self._make(whole, make, revision))
            self._making[whole] = task
            task.add_done_callback(lambda done: self._made(whole, done))
        # One asker who leaves does not take the answer from the others.
        return await asyncio.shield(task)

    async def _make(self, key: Key, make: Callable[[], Awaitable[V]], revision: str) -> V:
        async with self._turns:
            value = await make()
        if value.revision == revision:
            self._keep(key, value)
        return value

    def _made(self, key: Key, done: asyncio.Task[V]) -> None:
        del self._making[key]
        if not done.cancelled():
            done.exception()  # seen, also if every asker has left

    def _keep(self, key: Key, value: V) -> None:
        size = self._size(value)
        self._kept[key] = (value, size)
        self.bytes += size
        while self.bytes > self.limit:
            _, (_, freed) = self._kept.popitem(last=False)
            self.bytes -= freed
