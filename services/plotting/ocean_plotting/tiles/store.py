"""A store bounded in bytes, in which equal questions at once are answered once, each in its turn."""

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from contextlib import nullcontext
from typing import Generic, Protocol, TypeVar

from ocean_plotting.tiles.queue import Place, Turns


class Revised(Protocol):
    """Something made from one revision of the data."""

    @property
    def revision(self) -> str:
        """The revision of the data that it was made from."""


V = TypeVar("V", bound=Revised)
Key = tuple[Hashable, ...]
Make = Callable[[], Awaitable[V]]
ALL = sys.maxsize


class _Making(Generic[V]):
    """What is being made, or waits to be."""

    def __init__(self, task: asyncio.Task[V], place: Place | None) -> None:
        self.task = task
        self.place = place  # where it waits; None: it began at once
        self.askers = 0


class Kept(Generic[V]):
    """Keeps what was used last, up to a number of bytes."""

    def __init__(self, limit: int, size: Callable[[V], int], turns: Turns | None = None) -> None:
        self.limit = limit  # bytes
        self.bytes = 0
        self._size = size
        self._turns = turns or Turns(ALL, ALL)
        self._kept: OrderedDict[Key, tuple[V, int]] = OrderedDict()
        self._making: dict[Key, _Making[V]] = {}

    async def get(self, key: Key, make: Make[V], revision: str, client: str | None = None) -> V:
        """What is kept, or what ``make`` answers; that is kept if it is of this ``revision``.

        ``client``: in whose line it waits for its turn; None: it begins at once.
        """
        whole = (*key, revision)
        if (kept := self._kept.get(whole)) is not None:
            self._kept.move_to_end(whole)
            return kept[0]
        making = self._making.get(whole)
        if making is None:
            making = self._begin(whole, make, revision, client)
        elif making.place and client is not None:
            self._turns.join(making.place, client)
        making.askers += 1
        try:
            # One asker who leaves does not take the answer from the others.
            return await asyncio.shield(making.task)
        finally:
            making.askers -= 1
            if not making.askers:
                self._give_up(whole, making)

    def _begin(self, key: Key, make: Make[V], revision: str, client: str | None) -> _Making[V]:
        place = None
        if client is not None:
            place = Place()
            self._turns.join(place, client)  # or there is no room
        task = asyncio.create_task(self._make(key, make, revision, place))
        making = self._making[key] = _Making(task, place)
        task.add_done_callback(lambda done: self._made(key, done))
        return making

    async def _make(self, key: Key, make: Make[V], revision: str, place: Place | None) -> V:
        async with self._turns.turn(place) if place else nullcontext():
            value = await make()
        if value.revision == revision:
            self._keep(key, value)
        return value

    def _give_up(self, key: Key, making: _Making[V]) -> None:
        """Forget what nobody waits for and has not begun; what has begun is kept for the next who asks."""
        if making.place and not making.place.called.done():
            del self._making[key]
            self._turns.leave(making.place)
            making.task.cancel()

    def _made(self, key: Key, done: asyncio.Task[V]) -> None:
        making = self._making.get(key)
        if making and making.task is done:
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
