"""Reading of numbers, wherever they are: cached levels, windows, columns and coordinates, and the grids made of these.

Chunks that we can decode ourselves are read in threads (hdf5/); the rest is read by the libraries of its place
(places/). Which of the two reads never changes a value. Each reading looks at the state of its file before and after,
so that an answer is never a mixture of an old and a new file.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import assets
from ocean_common.contracts.assets import Assets, File, Grid
from ocean_common.dataset_uri import Kind, kind_of
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import SourceUnreadable
from ocean_core.messages import Message, MessageError
from ocean_data.compute.depth import deepest_first
from ocean_data.compute.field import tile_stencil
from ocean_data.grids import ROLES, arrange_coordinates, build, require_grid
from ocean_data.grids.base import Cells, Coordinates
from ocean_data.grids.base import Grid as GridOfCells
from ocean_data.plan.times import Axis
from ocean_data.ports import Source, TileMap, TileStencil
from ocean_data.reading import stored
from ocean_data.reading.blobs import LocalBlobs
from ocean_data.reading.hdf5.chunks import ChunkReader
from ocean_data.reading.library import LIBRARY, Library
from ocean_data.reading.objects import Objects, Storage
from ocean_data.reading.opendap import OPeNDAP
from ocean_data.reading.packing import Packing
from ocean_data.reading.state import State, being_written, changed, unreadable
from ocean_data.reading.stored import Picks, StorageBackend, StoredVariable, Variables, packing_of, plane
from ocean_data.reading.zarr import Icechunk, Zarr

BLOCK = 16  # cells: those of one block of the grid are read together
AT_ONCE = 4_000_000  # numbers in one reading


class CellBlock(NamedTuple):
    """Cells that lie together, at consecutive times of one file."""

    file: File
    picks: Picks
    rows: NDArray[np.intp]  # of the answer
    cells: NDArray[np.intp]  # of the answer
    inside: tuple[NDArray[np.intp], NDArray[np.intp]]  # where they are in the window
    numbers: int  # in the window


def only(position: int) -> slice:
    """One place along a dimension."""
    return slice(position, position + 1)


def place(variable: Assets, step: int | None) -> tuple[File, int]:
    """The file of a time step, and its position there."""
    if variable.steps is None or step is None:
        return variable.files[0], 0
    axis = Axis.of(variable.steps)
    return variable.files[int(axis.file[step])], int(axis.position[step])


def cell_blocks(
    variable: Assets, steps: Sequence[int] | None, levels: range, cells: Cells
) -> Iterator[list[CellBlock]]:
    """The windows that hold the cells, file by file; in one list those that are read together."""
    part: list[CellBlock] = []
    count = 0
    for job in _jobs(variable, steps, levels, cells):
        if part and count + job.numbers > AT_ONCE:
            yield part
            part, count = [], 0
        part.append(job)
        count += job.numbers
    if part:
        yield part


def _jobs(variable: Assets, steps: Sequence[int] | None, levels: range, cells: Cells) -> Iterator[CellBlock]:
    depth = slice(levels.start, levels.stop) if variable.depth else only(0)
    together = _together(cells, plane(variable.grid))
    for file, rows, positions in _runs(variable, steps):
        for indices, (y, x), inside in together:
            box = (y.stop - y.start) * (x.stop - x.start) * len(levels)
            longest = max(1, AT_ONCE // box)
            for first in range(0, len(rows), longest):
                part = slice(first, first + longest)
                time = slice(int(positions[part][0]), int(positions[part][-1]) + 1)
                picks = {"time": time, "depth": depth, "y": y, "x": x}
                yield CellBlock(
                    file=file, picks=picks, rows=rows[part], cells=indices, inside=inside, numbers=box * len(rows[part])
                )


def _runs(variable: Assets, steps: Sequence[int] | None) -> list[tuple[File, NDArray[np.intp], NDArray[np.intp]]]:
    """The steps by file and consecutive positions: (file, indices in `steps`, positions)."""
    if variable.steps is None or steps is None:
        return [(variable.files[0], np.array([0]), np.array([0]))]
    axis = Axis.of(variable.steps)
    files, positions = axis.file[list(steps)], axis.position[list(steps)].astype(np.intp)
    # By file first, so that each is opened once, however the steps are spread.
    order = np.lexsort((positions, files))
    breaks = np.flatnonzero((np.diff(files[order]) != 0) | (np.diff(positions[order]) != 1)) + 1
    return [(variable.files[int(files[run[0]])], run, positions[run]) for run in np.split(order, breaks) if run.size]


def _together(
    cells: Cells, shape: tuple[int, int]
) -> list[tuple[NDArray[np.intp], tuple[slice, slice], tuple[NDArray[np.intp], NDArray[np.intp]]]]:
    """Cells that lie together: (indices in `cells`, box in the grid, places in that box)."""
    y, x = np.divmod(cells.astype(np.intp), shape[-1])
    block = (y // BLOCK) * (shape[-1] // BLOCK + 1) + x // BLOCK
    order = np.argsort(block, kind="stable")
    groups = []
    for indices in np.split(order, np.flatnonzero(np.diff(block[order])) + 1):
        ys, xs = y[indices], x[indices]
        box = slice(int(ys.min()), int(ys.max()) + 1), slice(int(xs.min()), int(xs.max()) + 1)
        groups.append((indices, box, (ys - box[0].start, xs - box[1].start)))
    return groups


T = TypeVar("T")

ATTEMPTS = 3  # to read a file that is replaced meanwhile
INDEX_BYTES = 64 << 20  # where chunks lie: about 20 bytes each
FACTS = 20_000  # of variables in files: their precision and the shapes of their chunks


class _Replaced(Exception):
    """A file is not what it was before it was read."""


class NetCDFSource:
    """Variables of files and of all that stands for files."""

    def __init__(
        self,
        open_files: int,
        level_bytes: int,
        *,
        chunk_bytes: int = 64 << 20,
        helpers: int = 1,
        storage: Storage | None = None,
    ) -> None:
        lock, storage = LIBRARY, storage or Storage()
        objects = Objects(storage, lock)
        self._places: dict[Kind, StorageBackend] = {
            "file": Library(open_files, lock),
            "zarr": Zarr(open_files, storage),
            "icechunk": Icechunk(open_files, storage),
            "opendap": OPeNDAP(open_files, storage.timeout),
            "object": objects,
        }
        self._chunks: dict[Kind, ChunkReader] = {
            "file": ChunkReader(INDEX_BYTES, chunk_bytes, helpers, lock, LocalBlobs()),
            "object": ChunkReader(INDEX_BYTES, chunk_bytes, helpers, lock, objects),
        }
        self._levels: ByteBoundedCache[NDArray[np.float32]] = ByteBoundedCache(level_bytes, lambda level: level.nbytes)
        self._facts: ByteBoundedCache[Any] = ByteBoundedCache(FACTS, lambda _: 1)

    def close(self) -> None:
        """Close all files."""
        for reader in self._chunks.values():
            reader.close()
        for opener in self._places.values():
            opener.close()

    def as_indexed(self, variable: Assets, steps: Sequence[int] | None) -> bool:
        read = {0} if variable.steps is None or steps is None else Axis.of(variable.steps).files(steps)
        files = variable.files
        try:
            return all(_is_indexed(self.signature(files[number].path), files[number]) for number in read)
        except SourceUnreadable:
            return False

    def signature(self, path: str) -> State:
        return self._places[kind_of(path)].state(path)

    def level(self, variable: Assets, step: int | None, depth: int | None) -> NDArray[np.float32]:
        file, position = place(variable, step)
        subject = (variable.source, position, depth)
        return self._cached_level(file.path, subject, lambda: self._read_level(variable, file, position, depth))

    def bottom(self, variable: Assets, step: int | None) -> NDArray[np.float32]:
        file, position = place(variable, step)
        subject = (variable.source, position, "bottom")
        return self._cached_level(file.path, subject, lambda: self._read_bottom(variable, file, position))

    def _cached_level(
        self, path: str, subject: Hashable, read: Callable[[], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """A level of a file as it is now; what is read while it is replaced is neither kept nor an answer."""
        for _ in range(ATTEMPTS):
            state = self.signature(path)

            def steady(state: State = state) -> NDArray[np.float32]:
                level = read()
                if self.signature(path) != state:
                    raise _Replaced
                return level

            with suppress(_Replaced):
                return self._levels.get((state, subject), steady)
        raise being_written(path)

    def _read_level(self, variable: Assets, file: File, position: int, depth: int | None) -> NDArray[np.float32]:
        picks = {"time": only(position), "depth": only(depth or 0)}
        (window,) = self._windows(variable, [(file, picks)], np.float32)
        level: NDArray[np.float32] = window[0, 0]
        return level

    def _read_bottom(self, variable: Assets, file: File, position: int) -> NDArray[np.float32]:
        order = deepest_first(variable.depth) if variable.depth else [0]
        bottom = self._read_level(variable, file, position, order[0])
        for depth in order[1:]:
            dry = np.isnan(bottom)
            if not dry.any():
                break
            bottom[dry] = self._read_level(variable, file, position, depth)[dry]
        return bottom

    def columns(
        self, variable: Assets, steps: Sequence[int] | None, depths: slice, cells: Cells
    ) -> NDArray[np.float64]:
        levels = range(len(variable.depth.values) if variable.depth else 1)[depths]
        count = 1 if steps is None else len(steps)
        out = np.full((count, len(levels), cells.size), np.nan)
        for part in cell_blocks(variable, steps, levels, cells):
            windows = self._windows(variable, [(block.file, block.picks) for block in part], np.float64)
            for block, window in zip(part, windows, strict=True):
                values = window[:, :, block.inside[0], block.inside[1]]
                if block.cells.size == cells.size and (block.rows.size == 1 or (np.diff(block.rows) == 1).all()):
                    out[block.rows[0] : block.rows[-1] + 1] = values  # most of a series: one stretch of the answer
                else:
                    out[np.ix_(block.rows, np.arange(len(levels)), block.cells)] = values
        return out

    def window(
        self, variable: Assets, step: int | None, depths: slice, box: tuple[slice, slice]
    ) -> NDArray[np.floating]:
        file, position = place(variable, step)
        picks = {"time": only(position), "depth": depths if variable.depth else only(0), "y": box[0], "x": box[1]}
        (window,) = self._windows(variable, [(file, picks)], self.precision(variable))
        cells: NDArray[np.floating] = window[0]
        return cells

    def precision(self, variable: Assets) -> type[np.floating]:
        return self._fact("precision", variable, lambda found: packing_of(found).working)

    def chunking(self, variable: Assets) -> tuple[int, int, int, int]:
        return self._fact("chunking", variable, lambda found: stored.chunking(found, variable.dimensions))

    def _fact(self, name: str, variable: Assets, look: Callable[[StoredVariable], T]) -> T:
        """Return a fact about a variable from its first file, without its values."""
        path = variable.files[0].path
        key = (name, self.signature(path), variable.source)
        fact: T = self._facts.get(key, lambda: self._read(path, lambda one: look(one(variable.source))))
        return fact

    def coordinates(self, grid: Grid) -> Coordinates:
        names = {role: getattr(grid, role) for role in ROLES}

        def take(variables: Variables) -> dict[str, NDArray[np.float64]]:
            return {role: _all(variables(name)) for role, name in names.items() if name is not None}

        variables = self._read(grid.file, take)
        try:
            return arrange_coordinates(grid, variables)
        except (KeyError, ValueError) as error:
            raise changed(grid.file) from error

    def _windows(
        self, variable: Assets, asked: Sequence[tuple[File, Picks]], dtype: type[np.floating]
    ) -> list[NDArray[np.floating]]:
        """Parts of a variable as (time, depth, y, x), unpacked."""
        windows: list[NDArray[np.floating] | None] = [None] * len(asked)
        by_kind: dict[Kind, list[int]] = {}
        for number, (file, _) in enumerate(asked):
            by_kind.setdefault(kind_of(file.path), []).append(number)
        for kind, numbers in by_kind.items():
            if kind in self._chunks:
                requests = [(asked[number][0].path, asked[number][1]) for number in numbers]
                for number, window in zip(numbers, self._chunks[kind].windows(variable, requests, dtype), strict=True):
                    windows[number] = window
        return [
            self._library(variable, *one, dtype) if window is None else window
            for one, window in zip(asked, windows, strict=True)
        ]

    def _library(self, variable: Assets, file: File, picks: Picks, dtype: type[np.floating]) -> NDArray[np.floating]:
        """A window whose chunks we cannot decode."""

        def take(variables: Variables) -> tuple[NDArray[Any], Packing]:
            stored_variable = variables(variable.source)
            return stored.cut(stored_variable, variable.dimensions, picks, file.path), packing_of(stored_variable)

        raw, packing = self._read(file.path, take)
        ny, nx = plane(variable.grid)
        shape = tuple(len(range(size)[picks.get(role, slice(None))]) for role, size in (("y", ny), ("x", nx)))
        if raw.shape[2:] != shape or 0 in raw.shape:
            raise changed(file.path)
        return packing.unpack(raw, dtype)

    def _read(self, path: str, take: Callable[[Variables], T]) -> T:
        """Take something from a file as it is now; once more if it was replaced meanwhile."""
        where = self._places[kind_of(path)]
        for _ in range(ATTEMPTS):
            before = where.state(path)
            try:
                with where.open_file(before) as variables:
                    taken = take(variables)
            except (OSError, RuntimeError, LookupError, ValueError, SourceUnreadable) as error:
                if where.state(path) != before:
                    continue
                if isinstance(error, SourceUnreadable):
                    raise
                raise unreadable(path, _reason(error)) from error
            if where.state(path) == before:
                return taken
        raise being_written(path)


def _reason(error: Exception) -> str | Message:
    """Return the message of the library, without the path that it repeats."""
    if isinstance(error, MessageError):
        return error.message
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _is_indexed(state: State, file: File) -> bool:
    return (state.size, state.mtime_ns) == (file.size, file.mtime_ns)


def _all(found: StoredVariable) -> NDArray[np.float64]:
    # Files exist whose longitudes run from -180 to 180 with a valid_min of 0.
    packing = replace(packing_of(found), low=-np.inf, high=np.inf)
    return packing.unpack(stored.whole(found), np.float64)  # type: ignore[return-value]


class GridStore:
    """Grids and index maps, each kind bounded in bytes."""

    def __init__(self, source: Source, grid_bytes: int, map_bytes: int) -> None:
        self._source = source
        self._grids: ByteBoundedCache[GridOfCells] = ByteBoundedCache(grid_bytes, lambda grid: grid.nbytes)
        self._maps: ByteBoundedCache[TileStencil] = ByteBoundedCache(map_bytes, lambda kept: kept.nbytes)

    def grid(self, grid: assets.Grid) -> GridOfCells:
        require_grid(grid)
        key = (grid.id, self._source.signature(grid.file))
        return self._grids.get(key, lambda: build(grid, lambda: self._source.coordinates(grid)))

    def tile(self, grid: assets.Grid, asked: TileMap) -> TileStencil:
        require_grid(grid)
        key = (grid.id, self._source.signature(grid.file), asked)
        return self._maps.get(key, lambda: tile_stencil(self.grid(grid), asked))
