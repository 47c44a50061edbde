"""Windows of variables, read from the chunks of their files by several threads.

A window is planned once (which chunks, which part of each), the chunks that lie together are read together, and each
is undone and unpacked into the window by one kernel. What is not plain is left to the NetCDF library.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from operator import attrgetter
from threading import Lock
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import SourceUnreadable
from ocean_data.reading.chunk_index import Index, read_index
from ocean_data.reading.files import (
    ATTEMPTS,
    Blob,
    Box,
    Bytes,
    Selection,
    Shape,
    State,
    being_written,
    cut_short,
    damaged,
    plane,
    select,
)
from ocean_data.reading.kernels import ChunkPart, Undecodable, place, undo

T = TypeVar("T")

LATE = 0.0005  # s: a helper that starts later than that has no core of its own, and costs more than it brings
REST = 0.1  # s without helpers after that


class ChunkThreadPool:
    """Helps the thread that asks, which works too: it never waits for a thread that others keep busy."""

    def __init__(self, helpers: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._helpers = helpers
        self._clock = clock
        self._rested = clock()  # when helpers are asked again
        self._pool = ThreadPoolExecutor(max(1, helpers), thread_name_prefix="chunks")

    def each(self, work: Callable[[T], None], tasks: Iterable[T]) -> None:
        """Do all tasks; the first error ends it, when no thread works on it any more."""
        queue, start = deque(tasks), self._clock()

        def drain() -> None:
            try:
                while (task := _next(queue)) is not None:
                    work(task[0])
            finally:
                queue.clear()

        def help_() -> None:
            now = self._clock()
            if now - start > LATE:
                self._rested = now + REST
            drain()

        count = min(self._helpers, len(queue) - 1) if start >= self._rested else 0
        helpers = [self._pool.submit(help_) for _ in range(count)]
        try:
            drain()
        finally:
            started = [helper for helper in helpers if not helper.cancel()]
            wait(started)
        for helper in started:
            helper.result()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _next(queue: deque[T]) -> tuple[T] | None:
    try:
        return (queue.popleft(),)
    except IndexError:  # another thread took the last one
        return None


# Along one dimension: chunk, first place in it, first place in the window, count, and whether that is all of it.
Span = tuple[int, int, int, int, bool]


@dataclass(frozen=True, kw_only=True)
class WindowPlan:
    """A window, and how it is put together."""

    shape: Shape  # (time, depth, y, x)
    spans: tuple[tuple[Span, ...], ...]  # per dimension of the file
    axes: tuple[int | None, ...]  # per role of ORDER: its dimension in the file
    steps: tuple[int, ...]  # between neighbours along each dimension of a chunk

    @classmethod
    def of(cls, index: Index, selection: Selection) -> "WindowPlan":
        """Plan a window from chunks."""
        steps = tuple(math.prod(index.chunks[axis + 1 :]) for axis in range(len(index.chunks)))
        spans = tuple(map(_spans, selection.starts, selection.stops, index.chunks, index.shape))
        return cls(shape=selection.shape, spans=spans, axes=selection.axes, steps=steps)

    @property
    def count(self) -> int:
        """Number of chunks that it needs."""
        return math.prod(map(len, self.spans))

    @cached_property
    def parts(self) -> list[tuple[tuple[int, ...], ChunkPart, bool]]:
        """Position of each chunk, its part, and whether that is all that lies within the array; in the file's order."""
        st, sd, sy, sx = (0 if axis is None else self.steps[axis] for axis in self.axes)
        parts = []
        for spans in product(*self.spans):
            first = sum(span[1] * step for span, step in zip(spans, self.steps, strict=True))
            at = [(0, 1) if axis is None else (spans[axis][2], spans[axis][3]) for axis in self.axes]
            (t, nt), (d, nd), (y, ny), (x, nx) = at
            part = ChunkPart(first, (st, sd, sy, sx), (t, d, y, x), (nt, nd, ny, nx))
            parts.append((tuple(span[0] for span in spans), part, all(span[4] for span in spans)))
        return parts


def _spans(start: int, stop: int, chunk: int, size: int) -> tuple[Span, ...]:
    spans = []
    for number in range(start // chunk, (stop - 1) // chunk + 1):
        first, end = number * chunk, min(number * chunk + chunk, size)
        low, high = max(start, first), min(stop, end)
        spans.append((number, low - first, low - start, high - low, (low, high) == (first, end)))
    return tuple(spans)


RUN = 128 * 1024  # bytes: chunks that lie together are read together up to here; more would keep threads idle
GAP = 4096  # bytes between two chunks that are read rather than jumped over


class Piece(NamedTuple):
    """The bytes of a chunk that a window needs, and where they go."""

    offset: int
    end: int
    filters: tuple[str, ...]  # that are undone before it is unpacked
    plane: int  # see kernels.place
    part: ChunkPart
    cached: bool  # what is undone will serve the next window too


@dataclass(kw_only=True)
class WindowReading:
    """One window of one file, which is opened when its bytes are needed first."""

    state: State
    variable: str
    index: Index
    plan: WindowPlan
    open_file: Callable[[State], Blob]
    window: NDArray[np.floating[Any]]
    decoded: ByteBoundedCache[Bytes]
    failures: list[SourceUnreadable] = field(default_factory=list)

    def read_cached(self) -> list[list[Piece]]:
        """Read what is cached and decoded; the runs to be read from the file, of which the disk is told at once."""
        with self._noting_failures():
            runs = self._runs()
            away = []
            for run in runs:  # what is decoded already is not worth another thread
                if run[0].cached and (self.state, self.variable, run[0].offset) in self.decoded:
                    self.read(run)
                else:
                    away.append(run)
            if self.index.inline is None and away:
                self.open_file(self.state).announce([(run[0].offset, run[-1].end) for run in away])
            return away
        return []

    def read(self, run: list[Piece]) -> None:
        """Read pieces that lie together into the window."""
        start, meaning = run[0].offset, self.index.meaning
        with self._noting_failures():
            if run[0].cached:
                (piece,) = run
                key = (self.state, self.variable, start)
                chunk = self.decoded.get(key, lambda: self._undone(self._bytes(start, piece.end), piece))
                return place(chunk, piece.plane, meaning, piece.part, self.window)
            together = self._bytes(start, run[-1].end)
            for piece in run:
                chunk = self._undone(together[piece.offset - start : piece.end - start], piece)
                place(chunk, piece.plane, meaning, piece.part, self.window)
        return None

    def result(self) -> NDArray[np.floating[Any]]:
        """Return the window, or raise what went wrong."""
        if self.failures:
            raise self.failures[0]
        return self.window

    @contextmanager
    def _noting_failures(self) -> Iterator[None]:
        """Note what goes wrong: it is no news if the file was replaced meanwhile."""
        try:
            yield
        except SourceUnreadable as error:
            self.failures.append(error)
        except Undecodable:
            self.failures.append(damaged(self.state.path))

    def _runs(self) -> list[list[Piece]]:
        """The pieces to read, in the order of the file; those that are read together in one list."""
        runs: list[list[Piece]] = []
        for piece in sorted(self._pieces(), key=attrgetter("offset")):
            run = runs[-1] if runs else [piece]
            joins = not run[-1].cached and not piece.cached
            if runs and joins and piece.offset - run[-1].end <= GAP and piece.end - run[0].offset <= RUN:
                run.append(piece)
            else:
                runs.append([piece])
        return runs

    @cached_property
    def _fill(self) -> float:
        """The value of a chunk that was never written."""
        fill = self.index.fill
        return np.nan if fill is None else self.index.packing.unpack(fill, self.window.dtype.type)[0]

    def _pieces(self) -> Iterator[Piece]:
        index = self.index
        for chunk, part, complete in self.plan.parts:
            offset = int(index.offsets[chunk])
            if offset >= 0:
                yield self._piece(part, complete, offset, int(index.sizes[chunk]), int(index.masks[chunk]))
            else:  # it was never written
                box = tuple(slice(at, at + count) for at, count in zip(part.target, part.counts, strict=True))
                self.window[box] = self._fill

    def _piece(self, part: ChunkPart, complete: bool, offset: int, size: int, mask: int) -> Piece:
        applied = self.index.filters
        if mask:
            applied = tuple(name for bit, name in enumerate(applied) if not mask >> bit & 1)
        # Numbers are unpacked from their lanes, unless something else is to be undone after that.
        shuffled = applied[:1] == ("shuffle",)
        filters = applied[shuffled:]
        itemsize, numbers = self.index.dtype.itemsize, self.index.numbers
        if not applied:
            if (part.last + 1) * itemsize > size:
                raise Undecodable
            # As it is in the file: only the stretch that holds the part is read.
            offset, size = offset + part.first * itemsize, (part.last + 1 - part.first) * itemsize
            part = part._replace(first=0)
        elif not filters and size != numbers * itemsize:
            raise Undecodable
        plane = numbers if shuffled else 1
        return Piece(offset, offset + size, filters, plane, part, cached=bool(filters) and not complete)

    def _bytes(self, start: int, stop: int) -> Bytes:
        if self.index.inline is not None:
            return np.frombuffer(bytearray(self.index.inline[start:stop]), np.uint8)
        return self.open_file(self.state).read(start, stop)

    def _undone(self, stored: Bytes, piece: Piece) -> Bytes:
        itemsize = self.index.dtype.itemsize
        return undo(stored, piece.filters, self.index.numbers * itemsize, itemsize) if piece.filters else stored


INDEX_BYTES = 64 << 20  # where chunks lie: about 20 bytes each
MOST = 20_000  # chunks of one window: the library walks more of them faster
PLANNED = 40_000  # chunks of windows that were asked for last: about 500 bytes each
AT_ONCE = 64  # windows, so files that are open at the same time

Floats = NDArray[np.floating[Any]]
WindowRequest = tuple[str, Box]  # a file, and what is wanted of it


class StoredChunk(NamedTuple):
    """A chunk as it lies in its file."""

    chunks: Index  # of the variable in that file
    content: bytes | None  # None: it was never written
    mask: int  # bit i: it went around filter i


class BlobStore(Protocol):
    """A place that gives bytes."""

    def state(self, path: str) -> State:
        """The state of a file now."""

    def blob(self, state: State) -> Blob:
        """The file in that state; an error comes now or when it is read, if that is gone."""


class ChunkReader:
    """Reads what it can; what it leaves out is for the library."""

    def __init__(self, blobs: BlobStore, chunk_bytes: int, helpers: int) -> None:
        self._blobs = blobs
        self._indexes: ByteBoundedCache[Index | None] = ByteBoundedCache(
            INDEX_BYTES, lambda index: index.nbytes if index else 500
        )
        self._decoded: ByteBoundedCache[Bytes] = ByteBoundedCache(chunk_bytes, lambda chunk: chunk.nbytes)
        self._plans: ByteBoundedCache[WindowPlan | None] = ByteBoundedCache(
            PLANNED, lambda plan: plan.count if plan else 1
        )
        self._threads = ChunkThreadPool(helpers)

    def close(self) -> None:
        """End the threads."""
        self._threads.close()

    def index(self, path: str, name: str) -> tuple[State, Index | None]:
        """Return the state of a file now and the chunks of a variable in it; None if they are for the library."""
        state = self._blobs.state(path)
        with _Files(self._blobs) as files:
            return state, self._indexes.get((state, name), lambda: self._read_index(state, name, files))

    def read_bytes(self, state: State, start: int, stop: int) -> Bytes:
        """Read bytes of a file in a state, as they are stored."""
        with closing(self._blobs.blob(state)) as blob:
            return blob.read(start, stop)

    def windows(
        self, variable: Assets, requests: Sequence[WindowRequest], dtype: type[np.floating[Any]]
    ) -> list[Floats | None]:
        """Parts of a variable, each of one file, as (time, depth, y, x); None where the library is to read."""
        windows: dict[int, Floats | None] = {}
        for first in range(0, len(requests), AT_ONCE):
            left = dict(enumerate(requests[first : first + AT_ONCE], first))
            for _ in range(ATTEMPTS):
                windows |= self._attempt(variable, left, dtype)
                left = {number: request for number, request in left.items() if number not in windows}
                if not left:
                    break
            else:
                raise being_written(next(iter(left.values()))[0])
        return [windows[number] for number in range(len(requests))]

    def _attempt(
        self, variable: Assets, requests: dict[int, WindowRequest], dtype: type[np.floating[Any]]
    ) -> dict[int, Floats | None]:
        """Read windows; those of files that changed meanwhile are left out."""
        states = {path: self._blobs.state(path) for path, _ in requests.values()}
        readings: dict[int, WindowReading | None] = {}
        failures: dict[int, SourceUnreadable] = {}
        with _Files(self._blobs) as files:
            for number, (path, box) in requests.items():
                try:
                    readings[number] = self._reading(variable, states[path], box, dtype, files)
                except SourceUnreadable as error:
                    failures[number] = error
            away = [(reading, run) for reading in readings.values() if reading for run in reading.read_cached()]
            self._threads.each(lambda task: task[0].read(task[1]), away)
        # What was decoded of a state before is of that state, whatever the file is now.
        same = {path for path, state in states.items() if path not in files or self._blobs.state(path) == state}
        for number, failure in failures.items():
            if requests[number][0] in same:
                raise failure
        return {
            number: reading.result() if reading else None
            for number, reading in readings.items()
            if requests[number][0] in same
        }

    def _reading(
        self, variable: Assets, state: State, box: Box, dtype: type[np.floating[Any]], files: "_Files"
    ) -> WindowReading | None:
        index = self._indexes.get((state, variable.source), lambda: self._read_index(state, variable.source, files))
        if index is None:
            return None
        key = (index.dimensions, index.shape, index.chunks, box, *variable.dimensions, plane(variable))
        plan = self._plans.get(key, lambda: _plan(index, variable, box))
        if plan is None or plan.count > MOST:
            return None
        return WindowReading(
            state=state,
            variable=variable.source,
            index=index,
            plan=plan,
            open_file=files.open_file,
            window=np.empty(plan.shape, dtype),
            decoded=self._decoded,
        )

    def _read_index(self, state: State, name: str, files: "_Files") -> Index | None:
        index = read_index(files.open_file(state), name)
        if self._blobs.state(state.path) != state:
            raise being_written(state.path)  # and is not cached
        if index is not None and index.end > state.size:
            raise cut_short(state.path, state.size, index.end)
        return index


def _plan(index: Index, variable: Assets, box: Box) -> WindowPlan | None:
    selection = select(index.dimensions, index.shape, variable, box)
    return WindowPlan.of(index, selection) if selection else None


class _Files(ExitStack):
    """Files that are open for one request."""

    def __init__(self, blobs: BlobStore) -> None:
        super().__init__()
        self._blobs = blobs
        self._open_files: dict[str, Blob] = {}
        self._opening = Lock()  # several threads may ask

    def __contains__(self, path: str) -> bool:
        """Return whether a file was opened."""
        return path in self._open_files

    def open_file(self, state: State) -> Blob:
        """Open a file, or return it if it is open."""
        with self._opening:
            if state.path not in self._open_files:
                self._open_files[state.path] = self._blobs.blob(state)
                self.callback(self._open_files[state.path].close)
            return self._open_files[state.path]
