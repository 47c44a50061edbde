"""Caches bounded in bytes or in age, in which a value is made once for all who ask at the same time, and a fair queue.

`ByteBoundedCache` and `TTLCache` are safe in threads; `get_async`, `SingleFlight` and `FairQueue` belong to one loop.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from concurrent.futures import Future
from contextlib import asynccontextmanager, nullcontext
from threading import Lock
from typing import Generic, TypeVar

from ocean_core.errors import Message, TooBusy

V = TypeVar("V")
D = TypeVar("D")


class ByteBoundedCache(Generic[V]):
    """The values used last, up to a number of bytes; the last one stays even where it alone is larger.

    ``max_bytes`` bounds the sum of all sizes, in the unit of ``size_of``. ``on_evict`` is called with each value
    that is put out, by the thread that puts one in. Values that `get_async` makes for a client wait in ``queue``.
    """

    def __init__(
        self,
        max_bytes: int,
        size_of: Callable[[V], int],
        *,
        on_evict: Callable[[V], None] | None = None,
        queue: "FairQueue | None" = None,
    ) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._size_of = size_of
        self._on_evict = on_evict
        self._entries: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._promises: dict[Hashable, Future[V]] = {}
        self._flights = SingleFlight[V](queue)
        self._lock = Lock()

    def __contains__(self, key: Hashable) -> bool:
        """Return whether there is a value; it may be gone a moment later."""
        return key in self._entries

    def find(self, key: Hashable, default: D) -> V | D:
        """Return a value that is there, as the one used last, or the default."""
        with self._lock:
            entry = self._use(key)
        return default if entry is None else entry[0]

    def put(self, key: Hashable, value: V) -> V:
        """Put in a value, and put out those used longest ago; return the value."""
        size = self._size_of(value)
        with self._lock:
            evicted = self._pop(key)
            self._entries[key] = value, size
            self.nbytes += size
            while self.nbytes > self.max_bytes and (len(self._entries) > 1 or not self.max_bytes):
                evicted += self._pop(next(iter(self._entries)))
        self._evict(evicted)
        return value

    def discard(self, key: Hashable) -> None:
        """Put out a value, if it is there."""
        with self._lock:
            evicted = self._pop(key)
        self._evict(evicted)

    def clear(self) -> None:
        """Put out all values."""
        for key in list(self._entries):
            self.discard(key)

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return a value, made by the first thread that asks while the others wait; a failure is not kept."""
        with self._lock:
            if (entry := self._use(key)) is not None:
                return entry[0]
            promise = self._promises.get(key)
            first = promise is None
            if promise is None:
                promise = self._promises[key] = Future()
        if first:
            _fulfil(promise, lambda: self._make_and_keep(key, make))
        return promise.result()

    async def get_async(
        self,
        key: Hashable,
        make: Callable[[], Awaitable[V]],
        *,
        client: str | None = None,
        keep: Callable[[V], bool] = lambda _: True,
    ) -> V:
        """Return a value, made by one task for all who await it (`SingleFlight.run`); a failure is not kept.

        ``client``: in whose line of the queue it waits; without one it begins at once. ``keep``: whether a value that
        was made may be kept.
        """
        with self._lock:
            if (entry := self._use(key)) is not None:
                return entry[0]

        async def make_and_keep() -> V:
            value = await make()
            return self.put(key, value) if keep(value) else value

        return (await self._flights.run(key, make_and_keep, client))[0]

    def _make_and_keep(self, key: Hashable, make: Callable[[], V]) -> V:
        try:
            return self.put(key, make())
        finally:  # before those who wait go on: one that asks again is not to get the same failure, or a closed file
            with self._lock:
                del self._promises[key]

    def _use(self, key: Hashable) -> tuple[V, int] | None:
        if (entry := self._entries.get(key)) is not None:
            self._entries.move_to_end(key)
        return entry

    def _pop(self, key: Hashable) -> list[V]:
        if key not in self._entries:
            return []
        value, size = self._entries.pop(key)
        self.nbytes -= size
        return [value]

    def _evict(self, values: list[V]) -> None:
        if self._on_evict:
            for value in values:
                self._on_evict(value)


class TTLCache(Generic[V]):
    """Values, and failures, that are not older than ``seconds``; one thread makes a value while the others wait."""

    def __init__(self, seconds: float, max_entries: int = 50_000) -> None:
        self._seconds = seconds
        self._max_entries = max_entries
        self._entries: OrderedDict[Hashable, tuple[float, Future[V]]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return a value; a failure is raised again while it is recent."""
        with self._lock:
            entry = self._entries.get(key)
            expired = entry is None or (entry[1].done() and time.monotonic() - entry[0] > self._seconds)
            if expired or entry is None:
                entry = self._entries[key] = time.monotonic(), Future()
                self._entries.move_to_end(key)
                while len(self._entries) > self._max_entries:
                    self._entries.popitem(last=False)
        promise = entry[1]
        if expired:
            _fulfil(promise, make)
            with self._lock:
                if self._entries.get(key) == entry:  # its age counts from the answer
                    self._entries[key] = time.monotonic(), promise
        return promise.result()

    def forget(self, key: Hashable) -> None:
        """Make the value anew the next time."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry[1].done():
                del self._entries[key]


def _fulfil(promise: Future[V], make: Callable[[], V]) -> None:
    try:
        promise.set_result(make())
    except BaseException as error:  # noqa: BLE001 - `result` raises it, also for those who wait
        promise.set_exception(error)


class _Flight(Generic[V]):
    """Work under way, or in the queue."""

    def __init__(self, task: asyncio.Task[V], ticket: "Ticket | None") -> None:
        self.task = task
        self.ticket = ticket
        self.waiting = 0


class SingleFlight(Generic[V]):
    """Work under way by key, done once for all who ask meanwhile; nothing is kept.

    ``grace``: seconds after which work that nobody waits for any more is cancelled; None: it goes on.
    """

    def __init__(self, queue: "FairQueue | None" = None, grace: float | None = None) -> None:
        self._queue = queue
        self._grace = grace
        self._flights: dict[Hashable, _Flight[V]] = {}

    async def run(self, key: Hashable, work: Callable[[], Awaitable[V]], client: str | None = None) -> tuple[V, bool]:
        """Return the outcome of the work, and whether it was under way already.

        It goes on when callers leave, but for ``grace``, unless it is still in the queue and nobody waits any more.
        ``client``: in whose line of the queue it waits; without one it begins at once.
        """
        flight = self._flights.get(key)
        joined = flight is not None
        if flight is None:
            flight = self._start(key, work, client)
        elif flight.ticket and client is not None and self._queue:
            self._queue.join(flight.ticket, client)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task), joined
        finally:
            flight.waiting -= 1
            if not flight.waiting and flight.ticket and self._queue and not flight.ticket.called.done():
                del self._flights[key]
                self._queue.leave(flight.ticket)
                flight.task.cancel()
            elif not flight.waiting and self._grace is not None:
                asyncio.get_running_loop().call_later(self._grace, self._end_abandoned, key, flight)

    async def finish(self) -> None:
        """Wait for all work under way."""
        await asyncio.gather(*(flight.task for flight in self._flights.values()), return_exceptions=True)

    def _end_abandoned(self, key: Hashable, flight: _Flight[V]) -> None:
        if not flight.waiting and not flight.task.done():
            del self._flights[key]
            flight.task.cancel()

    def _start(self, key: Hashable, work: Callable[[], Awaitable[V]], client: str | None) -> _Flight[V]:
        ticket = None
        if client is not None and self._queue:
            ticket = Ticket()
            self._queue.join(ticket, client)

        async def fly() -> V:
            async with self._queue.slot(ticket) if ticket and self._queue else nullcontext():
                return await work()

        flight = self._flights[key] = _Flight(asyncio.create_task(fly()), ticket)
        flight.task.add_done_callback(lambda _: self._settle(key, flight))
        return flight

    def _settle(self, key: Hashable, flight: _Flight[V]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if not flight.task.cancelled():
            flight.task.exception()  # asyncio complains of failures that nobody has seen


class Ticket:
    """The place of a piece of work in the lines of all clients who ask for it."""

    def __init__(self) -> None:
        self.clients: set[str] = set()
        self.called: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class FairQueue:
    """A queue with a line for each client: after one piece of work of a client comes one of every other client.

    ``slots`` pieces of work go on at once, and ``max_waiting`` may wait; where more would, the client with the longest
    line is refused: TooBusy with the template of ``refusal``, which tells to try again after ``retry_after`` seconds.
    """

    def __init__(self, slots: int, max_waiting: int, refusal: Message, retry_after: int) -> None:
        self.waiting = 0
        self._free = slots
        self._max_waiting = max_waiting
        self._refusal = refusal
        self._retry_after = retry_after
        # The client that is served next comes first; OrderedDicts, since any ticket may leave.
        self._lines: OrderedDict[str, OrderedDict[Ticket, None]] = OrderedDict()

    def join(self, ticket: Ticket, client: str) -> None:
        """Put a ticket at the end of a client's line."""
        if ticket.called.done() or client in ticket.clients:
            return
        if not ticket.clients:
            if not self._free and self.waiting >= self._max_waiting:
                self._refuse_longest_line(client)
            self.waiting += 1
        ticket.clients.add(client)
        self._lines.setdefault(client, OrderedDict())[ticket] = None
        self._call()

    def leave(self, ticket: Ticket) -> None:
        """Take a ticket out of all lines."""
        if ticket.clients:
            self.waiting -= 1
        for client in ticket.clients:
            line = self._lines[client]
            del line[ticket]
            if not line:
                del self._lines[client]
        ticket.clients.clear()

    @asynccontextmanager
    async def slot(self, ticket: Ticket) -> AsyncIterator[None]:
        """Hold a slot from the call of a ticket to the end of its work; then the next is called."""
        try:
            await ticket.called
        except asyncio.CancelledError:
            self.leave(ticket)
            if not ticket.called.cancelled():  # it was called in the same moment
                self._release()
            raise
        try:
            yield
        finally:
            self._release()

    def _refuse_longest_line(self, client: str) -> None:
        """Refuse the last ticket of the longest line, unless that of the client would be as long."""
        line = max(self._lines.values(), key=len, default=OrderedDict[Ticket, None]())
        ticket = next((ticket for ticket in reversed(line) if len(ticket.clients) == 1), None)
        if ticket is None or len(line) <= len(self._lines.get(client, ())) + 1:
            raise self._make_refusal()
        ticket.called.set_exception(self._make_refusal())
        self.leave(ticket)

    def _make_refusal(self) -> TooBusy:
        seconds = self._retry_after
        return TooBusy(self._refusal.template, waiting=self.waiting, seconds=seconds, retry_after=seconds)

    def _release(self) -> None:
        self._free += 1
        self._call()

    def _call(self) -> None:
        while self._free and self._lines:
            client, line = next(iter(self._lines.items()))
            ticket = next(iter(line))
            self.leave(ticket)
            if client in self._lines:
                self._lines.move_to_end(client)  # behind all others
            if not ticket.called.done():
                self._free -= 1
                ticket.called.set_result(None)
