"""Windows of variables, read from the chunks of their files by several threads.

A window is planned once (which chunks, which part of each), the chunks that lie together are read together, and each
is undone and unpacked into the window by one kernel. What is not plain is left to the NetCDF library.
"""

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from operator import attrgetter
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, Dimension
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import SourceUnreadable
from ocean_data.reading import netcdf3 as classic
from ocean_data.reading.blobs import Blob, Blobs, Bytes, LocalBlobs
from ocean_data.reading.hdf5.index import Index, index
from ocean_data.reading.hdf5.kernels import ChunkPart, KernelPacking, Undecodable, place, undo
from ocean_data.reading.state import State, being_written, cut_short, damaged
from ocean_data.reading.stored import ORDER, Picks, plane, roles_of

T = TypeVar("T")

LATE = 0.0005  # s: a helper that starts later than that has no core of its own, and costs more than it brings
REST = 0.1  # s without helpers after that


class ChunkThreadPool:
    """Helps the thread that asks. Who asks works too: it never waits for a thread that others keep busy."""

    def __init__(self, helpers: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._helpers = helpers
        self._clock = clock
        self._rested = clock()  # when helpers are requests again
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


Shape = tuple[int, int, int, int]
# Along one dimension: chunk, first place in it, first place in the window, count, and whether that is all of it.
Span = tuple[int, int, int, int, bool]


@dataclass(frozen=True, kw_only=True)
class ChunkSelection:
    """A chunk that a window needs."""

    chunk: tuple[int, ...]  # position in the grid of chunks
    share: ChunkPart
    complete: bool  # all of it that lies within the array is needed


@dataclass(frozen=True, kw_only=True)
class WindowPlan:
    """A window, and how it is put together."""

    shape: Shape  # (time, depth, y, x)
    spans: tuple[tuple[Span, ...], ...]  # per dimension of the file
    axes: tuple[int | None, ...]  # per role of ORDER: its dimension in the file
    strides: Shape
    steps: tuple[int, ...]  # like `strides`, by the dimensions of the file

    @property
    def count(self) -> int:
        """Number of chunks that it needs."""
        number = 1
        for spans in self.spans:
            number *= len(spans)
        return number

    @cached_property
    def selections(self) -> tuple[ChunkSelection, ...]:
        """The chunks, in the order of the file's dimensions."""
        return tuple(self._select_chunks())

    def _select_chunks(self) -> Iterator[ChunkSelection]:
        for spans in product(*self.spans):
            first = sum(span[1] * step for span, step in zip(spans, self.steps, strict=True))
            at = [(0, 1) if axis is None else (spans[axis][2], spans[axis][3]) for axis in self.axes]
            (t, nt), (d, nd), (y, ny), (x, nx) = at
            share = ChunkPart(first=first, strides=self.strides, target=(t, d, y, x), counts=(nt, nd, ny, nx))
            yield ChunkSelection(
                chunk=tuple(span[0] for span in spans), share=share, complete=all(span[4] for span in spans)
            )


def plan(index: Index, dimensions: Sequence[Dimension], picks: Picks, field: tuple[int, int]) -> WindowPlan | None:
    """WindowPlan a window from chunks; None if the file is not as the catalogue describes it.

    `field` is the size (y, x) of the complete grid.
    """
    roles = roles_of(dimensions)
    window_roles = [role for role in roles if role in ORDER]
    if index.dimensions != tuple(dimension.name for dimension in dimensions) or len(set(window_roles)) != len(
        window_roles
    ):
        return None
    ranges = []
    for role, size in zip(roles, index.shape, strict=True):
        pick = picks.get(role, slice(None)) if role in ORDER else slice(0, 1)
        start, stop = pick.start or 0, size if pick.stop is None else pick.stop
        if not 0 <= start < stop <= size or pick.step not in {None, 1}:
            return None
        ranges.append((start, stop))
    starts, stops = zip(*ranges, strict=True)
    axes = tuple(roles.index(role) if role in window_roles else None for role in ORDER)
    nt, nd, ny, nx = (1 if axis is None else stops[axis] - starts[axis] for axis in axes)
    if (ny, nx) != tuple(
        len(range(size)[picks.get(role, slice(None))]) for role, size in zip("yx", field, strict=True)
    ):
        return None
    steps = _steps(index.chunks)
    st, sd, sy, sx = (0 if axis is None else steps[axis] for axis in axes)
    return WindowPlan(
        shape=(nt, nd, ny, nx),
        spans=tuple(map(_spans, starts, stops, index.chunks, index.shape)),
        axes=axes,
        strides=(st, sd, sy, sx),
        steps=steps,
    )


def _steps(chunks: tuple[int, ...]) -> tuple[int, ...]:
    """Return the number of elements between neighbours along each dimension of a chunk."""
    steps = [1]
    for size in chunks[:0:-1]:
        steps.append(steps[-1] * size)
    return tuple(reversed(steps))


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
    size: int
    filters: tuple[str, ...]  # that are undone before it is unpacked
    plane: int  # see kernels.place
    share: ChunkPart
    cached: bool  # what is undone will serve the next window too

    @property
    def end(self) -> int:
        """End of its bytes in the file."""
        return self.offset + self.size


@dataclass(kw_only=True)
class WindowReading:
    """One window of one file, which is opened when its bytes are needed first."""

    state: State
    variable: str
    index: Index
    meaning: KernelPacking
    plan: WindowPlan
    open_file: Callable[[State], Blob]
    window: NDArray[np.floating[Any]]
    decoded: ByteBoundedCache[Bytes]
    failures: list[SourceUnreadable] = field(default_factory=list)

    def runs(self) -> list[list[Piece]]:
        """The pieces to read, those that lie together in one list; the disk is told of them all at once."""
        pieces = list(self._pieces())
        if len(pieces) == 1:
            return [pieces]
        return list(_together(sorted(pieces, key=attrgetter("offset")), _joins))

    def announce(self, runs: list[list[Piece]]) -> None:
        """Tell the disk of all that will be read at once."""
        if self.index.inline is None and runs:
            self.open_file(self.state).announce([(run[0].offset, run[-1].end) for run in runs])

    def is_cached(self, run: list[Piece]) -> bool:
        """Return whether pieces are cached and decoded already: not worth another thread."""
        return run[0].cached and (self.state, self.variable, run[0].offset) in self.decoded

    def read(self, run: list[Piece]) -> None:
        """Read pieces that lie together into the window."""
        if run[0].cached:
            (piece,) = run
            key = (self.state, self.variable, piece.offset)
            stored = self.decoded.get(key, lambda: self._undone(self._bytes(piece.offset, piece.end), piece))
            return place(stored, piece.plane, self.meaning, piece.share, self.window)
        together = self._bytes(run[0].offset, run[-1].end)
        for piece in run:
            stored = together[piece.offset - run[0].offset : piece.end - run[0].offset]
            place(self._undone(stored, piece), piece.plane, self.meaning, piece.share, self.window)
        return None

    @cached_property
    def _nothing(self) -> float:
        """The value of a chunk that was never written."""
        fill = self.index.fill
        return np.nan if fill is None else self.index.packing.unpack(fill, self.window.dtype.type)[0]

    def _pieces(self) -> Iterator[Piece]:
        offsets, sizes, masks = self.index.offsets, self.index.sizes, self.index.masks
        for selection in self.plan.selections:
            offset = int(offsets[selection.chunk])
            if offset >= 0:
                yield self._piece(selection, offset, int(sizes[selection.chunk]), int(masks[selection.chunk]))
            else:
                box = zip(selection.share.target, selection.share.counts, strict=True)
                self.window[tuple(slice(first, first + count) for first, count in box)] = self._nothing

    def _piece(self, selections: ChunkSelection, offset: int, size: int, mask: int) -> Piece:
        applied = self.index.filters
        if mask:
            applied = tuple(name for bit, name in enumerate(applied) if not mask >> bit & 1)
        # Numbers are unpacked from their lanes, unless something else is to be undone after that.
        shuffled = applied[:1] == ("shuffle",)
        filters, share = applied[shuffled:], selections.share
        itemsize, numbers = self.index.dtype.itemsize, self.index.numbers
        if not applied:
            last = share.first + sum(
                (count - 1) * step for count, step in zip(share.counts, share.strides, strict=True)
            )
            if (last + 1) * itemsize > size:
                raise Undecodable
            # As it is in the file: only the stretch that holds the share is read.
            offset, size = offset + share.first * itemsize, (last + 1 - share.first) * itemsize
            share = ChunkPart(first=0, strides=share.strides, target=share.target, counts=share.counts)
        elif not filters and size != numbers * itemsize:
            raise Undecodable
        return Piece(
            offset=offset,
            size=size,
            filters=filters,
            plane=numbers if shuffled else 1,
            share=share,
            cached=bool(filters) and not selections.complete,
        )

    def _bytes(self, start: int, stop: int) -> Bytes:
        if self.index.inline is not None:
            return np.frombuffer(bytearray(self.index.inline[start:stop]), np.uint8)
        return self.open_file(self.state).read(start, stop)

    def _undone(self, stored: Bytes, piece: Piece) -> Bytes:
        itemsize = self.index.dtype.itemsize
        return undo(stored, piece.filters, self.index.numbers * itemsize, itemsize) if piece.filters else stored


def _joins(last: Piece, piece: Piece, start: int) -> bool:
    """Return whether a piece is read together with the one before it; `start` is the first byte of that reading."""
    return not last.cached and not piece.cached and piece.offset - last.end <= GAP and piece.end - start <= RUN


def _together(pieces: list[Piece], joins: Callable[[Piece, Piece, int], bool]) -> Iterator[list[Piece]]:
    """Pieces in the order of the file, cut where they do not join."""
    run: list[Piece] = []
    for piece in pieces:
        if run and not joins(run[-1], piece, run[0].offset):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


ATTEMPTS = 3  # to read a file that is replaced meanwhile
MOST = 20_000  # chunks of one window: the library walks more of them faster
PLANNED = 40_000  # chunks of windows that were requests for last: about 500 bytes each
AT_ONCE = 64  # windows, so files that are open at the same time

Floats = NDArray[np.floating[Any]]
WindowRequest = tuple[str, Picks]  # a file, and what is selections of it
WindowPlans = dict[Hashable, WindowPlan | None]


@dataclass(frozen=True, kw_only=True)
class ChunkLayout:
    """Chunk index of a variable in one state of its file; empty if the library is to read it."""

    index: Index | None
    meaning: KernelPacking | None = None

    @property
    def nbytes(self) -> int:
        """Bytes cached."""
        return self.index.nbytes if self.index else 500


class ChunkReader:
    """Reads what it can; what it leaves out is for the library."""

    def __init__(
        self, index_bytes: int, chunk_bytes: int, helpers: int, library: Lock, blobs: Blobs | None = None
    ) -> None:
        self._blobs = blobs or LocalBlobs()
        self._layouts: ByteBoundedCache[ChunkLayout] = ByteBoundedCache(index_bytes, lambda layout: layout.nbytes)
        self._decoded: ByteBoundedCache[Bytes] = ByteBoundedCache(chunk_bytes, lambda chunk: chunk.nbytes)
        self._plans: ByteBoundedCache[WindowPlan | None] = ByteBoundedCache(
            PLANNED, lambda found: found.count if found else 1
        )
        self._threads = ChunkThreadPool(helpers)
        self._library = library  # h5py and netCDF4 may share one HDF5, which is not safe in threads

    def close(self) -> None:
        """End the threads."""
        self._threads.close()

    def windows(
        self, variable: Assets, requests: Sequence[WindowRequest], dtype: type[np.floating[Any]]
    ) -> list[Floats | None]:
        """Parts of a variable, each of one file, as (time, depth, y, x); None where the library is to read."""
        windows: dict[int, Floats | None] = {}
        for first in range(0, len(requests), AT_ONCE):
            left = dict(enumerate(requests[first : first + AT_ONCE], first))
            for _ in range(ATTEMPTS):
                windows |= self._attempt(variable, left, dtype)
                left = {place: one for place, one in left.items() if place not in windows}
                if not left:
                    break
            else:
                raise being_written(next(iter(left.values()))[0])
        return [windows[place] for place in range(len(requests))]

    def _attempt(
        self, variable: Assets, requests: dict[int, WindowRequest], dtype: type[np.floating[Any]]
    ) -> dict[int, Floats | None]:
        """Read windows; those of files that changed meanwhile are left out."""
        states = {path: self._blobs.state(path) for path, _ in requests.values()}
        readings_by_place: dict[int, WindowReading | SourceUnreadable | None] = {}
        with _Files(self._blobs) as files:
            for place, (path, picks) in requests.items():
                try:
                    readings_by_place[place] = self._reading(variable, states[path], picks, dtype, files)
                except SourceUnreadable as error:
                    readings_by_place[place] = error
            readings = [entry for entry in readings_by_place.values() if isinstance(entry, WindowReading)]
            away = [(reading, run) for reading in readings for run in _read_cached(reading)]
            self._threads.each(_read, away)
        # What was decoded of a state before is of that state, whatever the file is now.
        same = {path for path, state in states.items() if path not in files or self._blobs.state(path) == state}
        return {place: _outcome(one) for place, one in readings_by_place.items() if requests[place][0] in same}

    def _reading(
        self, variable: Assets, state: State, picks: Picks, dtype: type[np.floating[Any]], files: "_Files"
    ) -> WindowReading | None:
        layout = self._layouts.get((state, variable.source), lambda: self._read_layout(state, variable.source, files))
        chunk_index = layout.index
        if chunk_index is None or layout.meaning is None:
            return None
        key = (chunk_index.dimensions, chunk_index.shape, chunk_index.chunks, *_hashable_picks(picks))
        if key not in files.plans:
            field = plane(variable.grid)
            files.plans[key] = self._plans.get(
                (key, *variable.dimensions, field), lambda: plan(chunk_index, variable.dimensions, picks, field)
            )
        window_plan = files.plans[key]
        if window_plan is None or window_plan.count > MOST:
            return None
        return WindowReading(
            state=state,
            variable=variable.source,
            index=chunk_index,
            meaning=layout.meaning,
            plan=window_plan,
            open_file=files.open_file,
            window=np.empty(window_plan.shape, dtype),
            decoded=self._decoded,
        )

    def _read_layout(self, state: State, name: str, files: "_Files") -> ChunkLayout:
        blob = files.open_file(state)
        chunk_index = classic.index(blob, name) or index(blob, name, self._library)
        if self._blobs.state(state.path) != state:
            raise being_written(state.path)  # and is not cached
        if chunk_index is None:
            return ChunkLayout(index=None)
        if chunk_index.end > state.size:
            raise cut_short(state.path, state.size, chunk_index.end)
        return ChunkLayout(index=chunk_index, meaning=KernelPacking.of(chunk_index.packing, chunk_index.dtype))


def _hashable_picks(picks: Picks) -> Iterator[Hashable]:
    """Return the selection in a hashable form: slices cannot be a key."""
    return ((role, part.start, part.stop, part.step) for role, part in picks.items())


class _Files(ExitStack):
    """Files that are open for one request."""

    def __init__(self, blobs: Blobs) -> None:
        super().__init__()
        self.plans: WindowPlans = {}  # files of one series are alike: most of them share one
        self._blobs = blobs
        self._open_files: dict[str, Blob] = {}
        self._opening = Lock()  # threads of the crew may ask

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


def _read_cached(reading: WindowReading) -> list[list[Piece]]:
    """Read what is at hand into the window; the runs that are not."""
    with _noting_failures(reading):
        runs = reading.runs()
        away = [run for run in runs if not reading.is_cached(run)]
        reading.announce(away)
        if len(away) < len(runs):
            for run in runs:
                if run not in away:
                    _read((reading, run))
        return away
    return []


def _read(task: tuple[WindowReading, list[Piece]]) -> None:
    reading, run = task
    with _noting_failures(reading):
        reading.read(run)


@contextmanager
def _noting_failures(reading: WindowReading) -> Iterator[None]:
    """Note what goes wrong: it is no news if the file was replaced meanwhile."""
    try:
        yield
    except SourceUnreadable as error:
        reading.failures.append(error)
    except Undecodable:
        reading.failures.append(damaged(reading.state.path))


def _outcome(outcome: WindowReading | SourceUnreadable | None) -> Floats | None:
    """The window, None for the library, or the error."""
    if isinstance(outcome, SourceUnreadable):
        raise outcome
    if outcome is None:
        return None
    if outcome.failures:
        raise outcome.failures[0]
    return outcome.window
