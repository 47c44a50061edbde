"""Work that several ask for at once, done once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """What is under way, by key; what is done is forgotten."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Future[T]] = {}

    async def get(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> tuple[T, bool]:
        """The outcome of work, and whether it had begun before it was asked for here."""
        known = self._under_way.get(key)
        if known is not None:
            return await asyncio.shield(known), True
        begun = self._under_way[key] = asyncio.ensure_future(work())
        begun.add_done_callback(lambda done: self._settle(key, done))
        # Who leaves does not take the others' answer away.
        return await asyncio.shield(begun), False

    def _settle(self, key: Hashable, done: asyncio.Future[T]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            done.exception()  # asyncio complains of failures that nobody sees
