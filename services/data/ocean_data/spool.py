"""Answers while they are made: written once by a thread, read by all who asked for the same.

The first bytes leave while the rest is made. What has been written waits in memory (the first of each answer) and in
temporary files that have no name, so that nothing is left of them however the process ends. Their bytes have a limit:
at the limit, what all readers have had is dropped, and writers wait for the slowest reader.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from threading import Condition
from time import monotonic

from ocean_core.errors import RequestTooLarge, TooBusy
from ocean_data.ports import Sink, Workers
from ocean_data.scratch import Scratch

MIB = 1 << 20
IN_MEMORY = MIB  # bytes of each answer
FILE = 16 * MIB  # bytes of one temporary file
PIECE = MIB  # bytes that are read at once
PATIENCE = 60.0  # s that a writer waits for readers who do not read
SHARES = 4  # one answer may hold the limit's share


class Abandoned(Exception):
    """Nobody waits for this answer any more: the writer stops."""


class Segment:
    """Some bytes of an answer, in memory or in a file without a name."""

    def __init__(self, start: int, file: int | None, size: int = 0) -> None:
        self.start = start
        self.size = size
        self.file = file
        self._memory = bytearray()

    @property
    def end(self) -> int:
        """Where the next begins."""
        return self.start + self.size

    @property
    def room(self) -> int:
        """Bytes that it can still take."""
        return (IN_MEMORY if self.file is None else FILE) - self.size

    def append(self, piece: memoryview) -> None:
        """Write, then say how much there is: who reads sees whole bytes only."""
        if self.file is None:
            self._memory += piece
        else:
            written = 0
            while written < len(piece):
                written += os.pwrite(self.file, piece[written:], self.size + written)
        self.size += len(piece)

    def read(self, position: int) -> bytes:
        """Some bytes from a position of the answer."""
        first, last = position - self.start, min(self.size, position - self.start + PIECE)
        if self.file is None:
            return bytes(self._memory[first:last])
        return os.pread(self.file, last - first, first)

    def drop(self) -> None:
        """Give the bytes back."""
        if self.file is not None:
            os.close(self.file)
        self._memory.clear()


@dataclass(eq=False)
class Growing:
    """One answer while it is made."""

    key: str
    reserved: int  # bytes of the limit that it holds before it has segments
    segments: list[Segment] = field(default_factory=list)
    followers: set["Following"] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    complete: bool = True  # from its first byte: others may still join
    moved: float = field(default_factory=monotonic)  # when one of its readers last read
    task: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """Bytes that have been written."""
        return self.segments[-1].end if self.segments else 0

    @property
    def done(self) -> bool:
        """Whether no more will come."""
        return self.task is not None and self.task.done()

    @property
    def failure(self) -> BaseException | None:
        """Why no more will come, where that is not its end."""
        if self.task is None or not self.task.done():
            return None
        return Abandoned() if self.task.cancelled() else self.task.exception()

    def wake(self) -> None:
        """Tell all who wait that there is more, or that there is no more."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class Following:
    """One reader of an answer."""

    def __init__(self, spool: "FileSpool", growing: Growing) -> None:
        self._spool = spool
        self._growing = growing
        self.position = 0

    @property
    def size(self) -> int | None:
        return self._growing.size if self._growing.done else None

    async def begun(self, *, whole: bool) -> None:
        growing = self._growing
        while not growing.done and (whole or not growing.size):
            await growing.changed.wait()
        if growing.failure is not None:
            raise growing.failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        growing = self._growing
        while True:
            # Looked at before the rest: what changes from here on sets this event.
            changed, done = growing.changed, growing.done
            if (segment := self._spool.segment(growing, self.position)) is not None:
                in_file = segment.file is not None
                piece = await asyncio.to_thread(segment.read, self.position) if in_file else segment.read(self.position)
                yield piece
                self._spool.advance(self, growing, len(piece))
            elif not done:
                await changed.wait()
            elif growing.failure is not None:
                raise growing.failure
            else:
                return

    def close(self) -> None:
        self._spool.leave(self, self._growing)


class Writing:
    """What one writer writes to, in its thread."""

    def __init__(self, spool: "FileSpool", growing: Growing, wake: Callable[[], object]) -> None:
        self._spool = spool
        self._growing = growing
        self._wake = wake

    def check(self) -> None:
        if self._spool.closed or not self._growing.followers:
            raise Abandoned

    def write(self, piece: bytes) -> None:
        left = memoryview(piece)
        while left:
            segment, size = self._spool.room(self, self._growing, len(left))
            segment.append(left[:size])
            left = left[size:]
            self._wake()
        self.check()

    def save(self, write: Callable[[str], None]) -> None:
        path = self._spool.path()
        try:
            write(str(path))
            file = os.open(path, os.O_RDONLY)
        finally:
            path.unlink(missing_ok=True)
        self._spool.adopt(self._growing, Segment(0, file, os.fstat(file).st_size))


class FileSpool:
    """Answers that are being made, by key."""

    def __init__(self, limit: int, folder: str | None = None, patience: float = PATIENCE) -> None:
        self._limit = limit
        self._patience = patience
        self._folder = folder
        self._made: Scratch | None = None
        self._numbers = count()
        self._known: dict[str, Growing] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._used = 0
        self._moved = Condition()  # guards all that writers and readers share
        self.closed = False

    async def close(self) -> None:
        """Stop all writers."""
        with self._moved:
            self.closed = True
            self._moved.notify_all()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._made is not None:
            self._made.close()

    def path(self) -> Path:
        """The path of a new temporary file."""
        return self._scratch / f"{next(self._numbers)}.part"

    @property
    def _scratch(self) -> Path:
        """Where temporary files are: made when the first is needed."""
        with self._moved:
            self._made = self._made or Scratch(self._folder)
            return self._made.path

    def follow(self, key: str, work: Callable[[Sink], None], workers: Workers, *, room: int = 0) -> Following:
        growing = self._known.get(key)
        if growing is None or not growing.complete:
            growing = self._begin(key, work, workers, room)
        following = Following(self, growing)
        with self._moved:
            growing.followers.add(following)
        return following

    def _begin(self, key: str, work: Callable[[Sink], None], workers: Workers, room: int) -> Growing:
        with self._moved:
            if room > self._limit:
                raise RequestTooLarge(
                    "this makes a file of up to {limit} bytes, and the limit is {limit2}; ask for less, or for a "
                    "format that is written piece by piece",
                    limit=room,
                    limit2=self._limit,
                    field="$",
                )
            if self._used + room > self._limit:
                raise TooBusy("too many files are being made; try again in a while", retry_after=10)
            self._used += room
        growing = self._known[key] = Growing(key=key, reserved=room)
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, growing.wake)
        growing.task = asyncio.ensure_future(workers.run(work, Writing(self, growing, wake)))
        self._tasks.add(growing.task)
        growing.task.add_done_callback(lambda _: self._settle(growing))
        return growing

    def segment(self, growing: Growing, position: int) -> Segment | None:
        """Where the next bytes of a reader are; None where there are none yet."""
        with self._moved:
            return next((one for one in growing.segments if one.start <= position < one.end), None)

    def advance(self, following: Following, growing: Growing, read: int) -> None:
        """Note what a reader has had."""
        with self._moved:
            following.position += read
            growing.moved = monotonic()
            self._moved.notify_all()

    def leave(self, following: Following, growing: Growing) -> None:
        """Take a reader off."""
        with self._moved:
            growing.followers.discard(following)
            self._moved.notify_all()
        if not growing.followers or growing.done:
            self._settle(growing)

    def _settle(self, growing: Growing) -> None:
        """Forget what nobody can join, and give back what nobody reads."""
        growing.wake()
        if growing.done and growing.task is not None:
            self._tasks.discard(growing.task)
        failure = growing.failure  # looked at even if nobody waits: asyncio complains of failures that nobody sees
        lost = not growing.followers or failure is not None
        if lost and self._known.get(growing.key) is growing:
            del self._known[growing.key]
        if growing.done and not growing.followers:
            with self._moved:
                self._drop(growing.segments)
                self._used -= growing.reserved
                growing.segments, growing.reserved = [], 0
                self._moved.notify_all()

    def room(self, writing: Writing, growing: Growing, wanted: int) -> tuple[Segment, int]:
        """Where a writer may write its next bytes, and how many; it waits while there is no room."""
        with self._moved:
            size = self._fitting(growing, wanted)
            since = monotonic()
            while self._is_full(growing, size):
                writing.check()
                if monotonic() - max(since, growing.moved) > self._patience:
                    raise TooBusy("nobody has read this answer for too long")
                self._moved.wait(self._patience / 4)
            if not growing.segments or not growing.segments[-1].room:
                growing.segments.append(self._segment(growing.size))
            self._used += size
            return growing.segments[-1], size

    def _fitting(self, growing: Growing, wanted: int) -> int:
        """How much of the next bytes the last segment takes, or the one that follows it."""
        last = growing.segments[-1].room if growing.segments else IN_MEMORY
        return min(wanted, last or FILE, max(1, self._limit // SHARES))

    def _is_full(self, growing: Growing, size: int) -> bool:
        """Whether some bytes more are too many, when what all its readers have had is dropped."""
        held = sum(one.size for one in growing.segments)
        if held + size <= self._limit // SHARES and self._used + size <= self._limit:
            return False
        had = min((one.position for one in growing.followers), default=growing.size)
        passed = [one for one in growing.segments if one.end <= had]
        if passed:
            growing.complete = False
            growing.segments = growing.segments[len(passed) :] or [self._segment(growing.size)]
            self._drop(passed)
            held = sum(one.size for one in growing.segments)
        return held + size > self._limit // SHARES or self._used + size > self._limit

    def _segment(self, start: int) -> Segment:
        if start == 0:
            return Segment(0, None)
        with tempfile.TemporaryFile(dir=self._scratch) as opened:
            return Segment(start, os.dup(opened.fileno()))

    def adopt(self, growing: Growing, segment: Segment) -> None:
        """Take a whole file as the answer."""
        with self._moved:
            self._used += segment.size - growing.reserved
            growing.segments, growing.reserved = [segment], 0

    def _drop(self, segments: list[Segment]) -> None:
        for one in segments:
            self._used -= one.size
            one.drop()
