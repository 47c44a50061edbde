"""Tiles of the next time step, prepared while no tile is asked for: playing through time does not wait for them."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager, suppress

from ocean_common.background import BackgroundTask
from ocean_core.errors import OceanError

QUIET = 0.3  # s without a request before work begins: between the tiles of a view, a client waits for the next
Work = Callable[[], Awaitable[object]]


class IdleQueue:
    """Work that is done, one piece after the other, while no request is answered: what was added last comes first.

    Beyond ``most`` pieces, what was added longest ago is dropped; 0: nothing is done.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: OrderedDict[Hashable, Work] = OrderedDict()
        self._requests = 0
        self._is_due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self.task = BackgroundTask("prepare tiles of the next time step", self._work)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Hold back the work during a request."""
        self._requests += 1
        self._is_due.clear()
        if self._timer:
            self._timer.cancel()
        try:
            yield
        finally:
            self._requests -= 1
            self._update()

    def add(self, key: Hashable, work: Work) -> None:
        """Add a piece of work; one with the same key takes its place."""
        self._waiting[key] = work
        self._waiting.move_to_end(key)
        while len(self._waiting) > self._most:
            self._waiting.popitem(last=False)
        self._update()

    def _update(self) -> None:
        if self._waiting and not self._requests:
            if self._timer:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(QUIET, self._is_due.set)

    async def _work(self) -> str | None:
        while True:
            await self._is_due.wait()
            if not self._waiting:
                self._is_due.clear()
                continue
            _, work = self._waiting.popitem()
            with suppress(OceanError):  # the request itself will tell
                await work()
