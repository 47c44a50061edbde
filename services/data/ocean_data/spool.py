"""Answers while they are made: written once by a thread, read by all requests for the same.

The first bytes are sent while the rest is made. What has been written waits in memory (the first of each answer) and in
temporary files that have no name, so that nothing is left of them however the process ends. Their bytes have a limit:
at the limit, what all readers have read is dropped, and writers wait for the slowest reader.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Condition
from time import monotonic

from ocean_common.http import DIGEST
from ocean_core.errors import RequestTooLarge, TooBusy
from ocean_data.reading.base import ThreadPool

MIB = 1 << 20
IN_MEMORY = MIB  # bytes of each answer
FILE = 16 * MIB  # bytes of one temporary file
PIECE = MIB  # bytes that are read at once
PATIENCE = 60.0  # s that a writer waits for readers that do not read
SCRATCH_PREFIX = "ocean-data-"
LOCK_FILE = "lock"
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
        """Position of the next segment."""
        return self.start + self.size

    @property
    def free(self) -> int:
        """Bytes that it can still take."""
        return (IN_MEMORY if self.file is None else FILE) - self.size

    def append(self, piece: memoryview) -> None:
        """Append bytes; the size grows afterwards, so that readers see written bytes only."""
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
        """Free the bytes."""
        if self.file is not None:
            os.close(self.file)
        self._memory.clear()


@dataclass(eq=False)
class SpoolWriter:
    """One answer while it is made, to which its thread writes."""

    spool: "Spool"
    key: str
    reserved: int  # bytes of the limit that it holds before it has segments
    segments: list[Segment] = field(default_factory=list)
    followers: set["SpoolReader"] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    complete: bool = True  # from its first byte: others may still join
    moved: float = field(default_factory=monotonic)  # when one of its readers last read
    digest: str = ""  # of all bytes of a file
    task: asyncio.Task[None] | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    @property
    def size(self) -> int:
        """Bytes that have been written."""
        return self.segments[-1].end if self.segments else 0

    @property
    def done(self) -> bool:
        """True if no more will come."""
        return self.task is not None and self.task.done()

    @property
    def failure(self) -> BaseException | None:
        """The failure because of which no more will come."""
        if self.task is None or not self.task.done():
            return None
        return Abandoned() if self.task.cancelled() else self.task.exception()

    def wake(self) -> None:
        """Wake all readers that wait."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    def check(self) -> None:
        """End the work if nobody waits for it."""
        if self.spool.closed or not self.followers:
            raise Abandoned

    def write(self, piece: bytes) -> None:
        """Add some bytes; wait while readers are far behind."""
        remaining = memoryview(piece)
        while remaining:
            segment, size = self.spool.allocate(self, len(remaining))
            segment.append(remaining[:size])
            remaining = remaining[size:]
            self.loop.call_soon_threadsafe(self.wake)
        self.check()

    def save(self, write: Callable[[str], None]) -> None:
        """Take the file that ``write`` makes at a path as the complete answer."""
        path = self.spool.path()
        try:
            write(str(path))
            file = os.open(path, os.O_RDONLY)
            with path.open("rb") as content:
                self.digest = hashlib.file_digest(content, DIGEST).hexdigest()
        finally:
            path.unlink(missing_ok=True)
        self.spool.adopt(self, Segment(0, file, os.fstat(file).st_size))


class SpoolReader:
    """One reader of an answer that is being made."""

    def __init__(self, spool: "Spool", entry: SpoolWriter) -> None:
        self._spool = spool
        self._entry = entry
        self.position = 0

    @property
    def size(self) -> int | None:
        """Bytes of the answer; None while it is made."""
        return self._entry.size if self._entry.done else None

    @property
    def digest(self) -> str:
        """Digest of the bytes of a file; empty for what is not written as a file, and until it is."""
        return self._entry.digest

    async def wait_ready(self, *, complete: bool) -> None:
        """Wait for the first bytes, or for all. A failure until then is raised."""
        entry = self._entry
        while not entry.done and (complete or not entry.size):
            await entry.changed.wait()
        if entry.failure is not None:
            raise entry.failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over the bytes as they come; a failure is raised after them."""
        entry = self._entry
        while True:
            # Taken before the rest is checked: later changes set this event.
            changed, ended = entry.changed, entry.done
            if (segment := self._spool.segment(entry, self.position)) is not None:
                in_file = segment.file is not None
                piece = await asyncio.to_thread(segment.read, self.position) if in_file else segment.read(self.position)
                yield piece
                self._spool.advance(self, entry, len(piece))
            elif not ended:
                await changed.wait()
            elif entry.failure is not None:
                raise entry.failure
            else:
                return

    def close(self) -> None:
        """Stop reading. The last reader who leaves ends the work."""
        self._spool.leave(self, self._entry)


class Spool:
    """Answers that are being made, by key."""

    def __init__(self, limit: int, folder: str | None = None, patience: float = PATIENCE) -> None:
        self._limit = limit
        self._patience = patience
        self._folder = folder
        self._scratch_folder: ScratchFolder | None = None
        self._numbers = count()
        self._entries: dict[str, SpoolWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._used = 0
        self._change = Condition()  # guards all that writers and readers share
        self.closed = False

    async def close(self) -> None:
        """Stop all writers."""
        with self._change:
            self.closed = True
            self._change.notify_all()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._scratch_folder is not None:
            self._scratch_folder.close()

    def path(self) -> Path:
        """Make the path of a new temporary file."""
        return self._scratch / f"{next(self._numbers)}.part"

    @property
    def _scratch(self) -> Path:
        """The folder of temporary files, made when the first is needed."""
        with self._change:
            self._scratch_folder = self._scratch_folder or ScratchFolder(self._folder)
            return self._scratch_folder.path

    def follow(
        self, key: str, work: Callable[[SpoolWriter], None], workers: ThreadPool, *, reserved: int = 0
    ) -> SpoolReader:
        """Read the answer of ``key``: one that is being made, or a new one that ``work`` makes.

        ``reserved``: bytes reserved from the beginning, for work that cannot wait for its readers.
        """
        entry = self._entries.get(key)
        if entry is None or not entry.complete:
            entry = self._begin(key, work, workers, reserved)
        reader = SpoolReader(self, entry)
        with self._change:
            entry.followers.add(reader)
        return reader

    def _begin(self, key: str, work: Callable[[SpoolWriter], None], workers: ThreadPool, reserved: int) -> SpoolWriter:
        with self._change:
            if reserved > self._limit:
                raise RequestTooLarge(
                    "this makes a file of up to {size} bytes, and the limit is {limit}; ask for less, or for a "
                    "format that is written piece by piece",
                    size=reserved,
                    limit=self._limit,
                    field="$",
                )
            if self._used + reserved > self._limit:
                raise TooBusy("too many files are being made; try again in a while", retry_after=10)
            self._used += reserved
        entry = self._entries[key] = SpoolWriter(self, key, reserved)
        entry.task = asyncio.ensure_future(workers.run(work, entry))
        self._tasks.add(entry.task)
        entry.task.add_done_callback(lambda _: self._settle(entry))
        return entry

    def segment(self, entry: SpoolWriter, position: int) -> Segment | None:
        """Return the segment of the next bytes of a reader; None while there are none."""
        with self._change:
            return next((segment for segment in entry.segments if segment.start <= position < segment.end), None)

    def advance(self, reader: SpoolReader, entry: SpoolWriter, read: int) -> None:
        """Note the progress of a reader."""
        with self._change:
            reader.position += read
            entry.moved = monotonic()
            self._change.notify_all()

    def leave(self, reader: SpoolReader, entry: SpoolWriter) -> None:
        """Remove a reader."""
        with self._change:
            entry.followers.discard(reader)
            self._change.notify_all()
        if not entry.followers or entry.done:
            self._settle(entry)

    def _settle(self, entry: SpoolWriter) -> None:
        """Forget an answer that nobody can join, and free what nobody reads."""
        entry.wake()
        if entry.done and entry.task is not None:
            self._tasks.discard(entry.task)
        failure = entry.failure  # retrieved even if nobody waits: asyncio logs failures that nobody retrieves
        lost = not entry.followers or failure is not None
        if lost and self._entries.get(entry.key) is entry:
            del self._entries[entry.key]
        if entry.done and not entry.followers:
            with self._change:
                self._drop(entry.segments)
                self._used -= entry.reserved
                entry.segments, entry.reserved = [], 0
                self._change.notify_all()

    def allocate(self, entry: SpoolWriter, requested: int) -> tuple[Segment, int]:
        """Return the segment for the next bytes of an answer, and how many; wait while there is no room."""
        with self._change:
            # What the last segment takes, or the one that follows it.
            free = entry.segments[-1].free if entry.segments else IN_MEMORY
            size = min(requested, free or FILE, max(1, self._limit // SHARES))
            since = monotonic()
            while self._is_full(entry, size):
                entry.check()
                if monotonic() - max(since, entry.moved) > self._patience:
                    raise TooBusy("nobody has read this answer for too long")
                self._change.wait(self._patience / 4)
            if not entry.segments or not entry.segments[-1].free:
                entry.segments.append(self._segment(entry.size))
            self._used += size
            return entry.segments[-1], size

    def _is_full(self, entry: SpoolWriter, size: int) -> bool:
        """Return True if ``size`` more bytes are too many, even when what all readers have read is dropped."""
        if not self._exceeds(entry, size):
            return False
        position = min((reader.position for reader in entry.followers), default=entry.size)
        passed = [segment for segment in entry.segments if segment.end <= position]
        if passed:
            entry.complete = False
            entry.segments = entry.segments[len(passed) :] or [self._segment(entry.size)]
            self._drop(passed)
        return self._exceeds(entry, size)

    def _exceeds(self, entry: SpoolWriter, size: int) -> bool:
        used = sum(segment.size for segment in entry.segments)
        return used + size > self._limit // SHARES or self._used + size > self._limit

    def _segment(self, start: int) -> Segment:
        if start == 0:
            return Segment(0, None)
        with tempfile.TemporaryFile(dir=self._scratch) as file:
            return Segment(start, os.dup(file.fileno()))

    def adopt(self, entry: SpoolWriter, segment: Segment) -> None:
        """Take a whole file as the answer."""
        with self._change:
            self._used += segment.size - entry.reserved
            entry.segments, entry.reserved = [segment], 0

    def _drop(self, segments: list[Segment]) -> None:
        for segment in segments:
            self._used -= segment.size
            segment.drop()


class ScratchFolder:
    """Folder for temporary files of this process: the next process removes that of one that died.

    It lies in ``parent``, or where the system has temporary files.
    """

    def __init__(self, parent: str | None = None) -> None:
        parent_folder = Path(parent or tempfile.gettempdir())
        parent_folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(parent_folder)
        self.path = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=parent_folder))
        # The system lets go of it however the process ends.
        self._lock = os.open(self.path / LOCK_FILE, os.O_CREAT | os.O_RDWR)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_abandoned(parent_folder: Path) -> None:
    """Remove the folders of processes that have ended."""
    for folder in parent_folder.glob(f"{SCRATCH_PREFIX}*"):
        try:
            lock = os.open(folder / LOCK_FILE, os.O_RDWR)
        except OSError:
            continue  # of another user, or being made or removed at this moment
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # its process runs
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
