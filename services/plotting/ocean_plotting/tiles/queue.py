"""A long and fair line before work: each client's next piece comes after one of every other client's."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ocean_common.errors import TooBusy

RETRY_AFTER = 5  # s told to those for whom even a long line has no room


class Place:
    """A piece of work that waits, in the line of every client who asks for it; it begins with the first that comes."""

    def __init__(self) -> None:
        self.clients: set[str] = set()
        self.called: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Turns:
    """Lets ``at_once`` pieces of work go on together, while up to ``most`` wait."""

    def __init__(self, at_once: int, most: int) -> None:
        self.waiting = 0
        self._free = at_once
        self._most = most
        # By client, the one that is served next first; OrderedDicts, since any place may leave.
        self._lines: OrderedDict[str, OrderedDict[Place, None]] = OrderedDict()

    def join(self, place: Place, client: str) -> None:
        """Put work at the end of a client's line."""
        if place.called.done() or client in place.clients:
            return
        if not place.clients:
            if self.waiting >= self._most:
                raise TooBusy(
                    "{waiting} tiles wait already; try again in {seconds} s",
                    waiting=self.waiting,
                    seconds=RETRY_AFTER,
                    retry_after=RETRY_AFTER,
                )
            self.waiting += 1
        place.clients.add(client)
        self._lines.setdefault(client, OrderedDict())[place] = None
        self._call()

    def leave(self, place: Place) -> None:
        """Take work that nobody asks for any more out of all lines."""
        if place.clients:
            self.waiting -= 1
        for client in place.clients:
            line = self._lines[client]
            del line[place]
            if not line:
                del self._lines[client]
        place.clients.clear()

    @asynccontextmanager
    async def turn(self, place: Place) -> AsyncIterator[None]:
        """Wait until the work is called; when it ends, another is."""
        try:
            await place.called
        except asyncio.CancelledError:
            self.leave(place)
            if not place.called.cancelled():  # it was called in the same moment
                self._end()
            raise
        try:
            yield
        finally:
            self._end()

    def _end(self) -> None:
        self._free += 1
        self._call()

    def _call(self) -> None:
        while self._free and self._lines:
            client, line = next(iter(self._lines.items()))
            place = next(iter(line))
            self.leave(place)
            if client in self._lines:
                self._lines.move_to_end(client)  # behind all others
            if not place.called.done():
                self._free -= 1
                place.called.set_result(None)
