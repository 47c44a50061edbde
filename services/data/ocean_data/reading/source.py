"""Reading of numbers, wherever they are: cached levels, windows, columns and coordinates, and the grids made of these.

Chunks that we can decode ourselves are read in threads (`chunks`); the rest is read by the library of its place. Which
of the two reads never changes a value. Each reading looks at the state of its file before and after, so that an answer
is never a mixture of an old and a new file.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import prod
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import assets
from ocean_common.contracts.assets import Assets, File, LandMask
from ocean_common.dataset_uri import Kind, kind_of
from ocean_core.cache import ByteBoundedCache
from ocean_core.cells import find_land, widen_cells
from ocean_core.errors import MessageError, SourceUnreadable
from ocean_core.packing import Encoding, Packing
from ocean_data.compute.depth import deepest_first
from ocean_data.grids import ROLES, arrange_coordinates
from ocean_data.grids.base import Cells, Coordinates
from ocean_data.plan.times import Axis, used_files
from ocean_data.reading.base import Depth
from ocean_data.reading.chunk_index import Index
from ocean_data.reading.chunks import ChunkReader, StoredChunk
from ocean_data.reading.files import (
    ATTEMPTS,
    Box,
    Library,
    Shape,
    State,
    StorageBackend,
    StoredFile,
    StoredVariable,
    being_written,
    changed,
    chunking,
    levels_of,
    plane,
    select,
    unreadable,
)
from ocean_data.reading.objects import Objects, Storage
from ocean_data.reading.opendap import OPeNDAP

BLOCK = 16  # cells: those of one block of the grid are read together
AT_ONCE = 4_000_000  # numbers in one reading
FACTS = 20_000  # variables in files whose precision and shapes of chunks are kept

T = TypeVar("T")
F = TypeVar("F", bound=np.floating[Any])


def bottom_of(variable: Assets, read: Callable[[int, NDArray[np.bool_] | None], NDArray[F]]) -> NDArray[F]:
    """Return the deepest value of every column, (y, x), from levels that are read of the cells that are still dry."""
    order = deepest_first(variable.depth) if variable.depth else [0]
    bottom = read(order[0], None)
    for depth in order[1:]:
        dry = np.isnan(bottom)
        if not dry.any():
            break
        bottom[dry] = read(depth, dry)[dry]
    return bottom


class CellBlock(NamedTuple):
    """Cells that lie together, at consecutive times of one file."""

    file: File
    box: Box
    rows: NDArray[np.intp]  # of the answer
    cells: NDArray[np.intp]  # of the answer
    inside: tuple[NDArray[np.intp], NDArray[np.intp]]  # where they are in the window


def find_file(variable: Assets, step: int | None) -> tuple[File, int]:
    """Return the file of a time step, and its position there."""
    if variable.steps is None or step is None:
        return variable.files[0], 0
    axis = Axis.of(variable.steps)
    return variable.files[int(axis.file[step])], int(axis.position[step])


def only(position: int) -> range:
    """Return one place along a dimension."""
    return range(position, position + 1)


def cell_blocks(
    variable: Assets, steps: Sequence[int] | None, levels: range, cells: Cells
) -> Iterator[list[CellBlock]]:
    """The windows that hold the cells, file by file; in one list those that are read together."""
    part: list[CellBlock] = []
    count = 0
    for block in _blocks(variable, steps, levels, cells):
        numbers = prod(map(len, block.box))
        if part and count + numbers > AT_ONCE:
            yield part
            part, count = [], 0
        part.append(block)
        count += numbers
    if part:
        yield part


def _blocks(variable: Assets, steps: Sequence[int] | None, levels: range, cells: Cells) -> Iterator[CellBlock]:
    together = _together(cells, plane(variable))
    for file, rows, positions in _runs(variable, steps):
        for indices, (y, x), inside in together:
            longest = max(1, AT_ONCE // (len(y) * len(x) * len(levels)))
            for first in range(0, len(rows), longest):
                part = slice(first, first + longest)
                times = range(int(positions[part][0]), int(positions[part][-1]) + 1)
                yield CellBlock(file, (times, levels, y, x), rows[part], indices, inside)


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
) -> list[tuple[NDArray[np.intp], tuple[range, range], tuple[NDArray[np.intp], NDArray[np.intp]]]]:
    """Cells that lie together: (indices in `cells`, rows and columns of the grid, places in these)."""
    y, x = np.divmod(cells.astype(np.intp), shape[-1])
    block = (y // BLOCK) * (shape[-1] // BLOCK + 1) + x // BLOCK
    order = np.argsort(block, kind="stable")
    groups = []
    for indices in np.split(order, np.flatnonzero(np.diff(block[order])) + 1):
        ys, xs = y[indices], x[indices]
        box = range(int(ys.min()), int(ys.max()) + 1), range(int(xs.min()), int(xs.max()) + 1)
        groups.append((indices, box, (ys - box[0].start, xs - box[1].start)))
    return groups


def mask_box(variable: Assets, land: LandMask, file: File, box: Box) -> tuple[File, Box]:
    """Return the part of a land mask that belongs to a part of a variable."""
    mask, (times, levels, y, x) = land.mask, box
    rows, columns = plane(mask)
    y, x = widen_cells(y, land.meaning, "y", rows), widen_cells(x, land.meaning, "x", columns)
    # A conversion is of the variable's values.
    file = msgspec.structs.replace(file, conversion=None)
    if mask.steps is None:
        file, times = mask.files[0], only(0)
    if mask.depth is None or variable.depth is None:
        levels = only(0)
    return file, (times, levels, y, x)


class StoredFacts(NamedTuple):
    """Facts of a variable in a file."""

    precision: type[np.floating]  # of its values
    chunks: Shape
    encoding: Encoding | None  # None: floats, or numbers that do not come back from their values


class _Replaced(Exception):
    """A file is not what it was before it was read."""


def _open_zarr(open_files: int, storage: Storage) -> dict[Kind, StorageBackend]:
    # Imported here: both libraries take a second and 30 MB, and most services have no such stores.
    from ocean_data.reading.zarr import Icechunk, Zarr  # noqa: PLC0415

    return {"zarr": Zarr(open_files, storage), "icechunk": Icechunk(open_files, storage)}


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
        storage = storage or Storage()
        library, objects = Library(open_files), Objects(storage)
        self._places: dict[Kind, StorageBackend] = {
            "file": library,
            "opendap": OPeNDAP(open_files, storage.timeout),
            "object": objects,
        }
        self._open_zarr = partial(_open_zarr, open_files, storage)
        self._opening = Lock()
        self._chunks: dict[Kind, ChunkReader] = {
            "file": ChunkReader(library, chunk_bytes, helpers),
            "object": ChunkReader(objects, chunk_bytes, helpers),
        }
        self._levels: ByteBoundedCache[NDArray[np.float32]] = ByteBoundedCache(level_bytes, lambda level: level.nbytes)
        self._facts: ByteBoundedCache[StoredFacts] = ByteBoundedCache(FACTS, lambda _: 1)

    def close(self) -> None:
        """Close all files."""
        for reader in self._chunks.values():
            reader.close()
        for opener in self._places.values():
            opener.close()

    def _place_of(self, path: str) -> StorageBackend:
        kind = kind_of(path)
        if kind not in self._places:
            with self._opening:
                if kind not in self._places:
                    self._places |= self._open_zarr()
        return self._places[kind]

    def as_indexed(self, variable: Assets, steps: Sequence[int] | None) -> bool:
        files = used_files(variable, steps)
        try:
            states = (self.signature(file.path) for file in files)
            return all(state[1:3] == (file.size, file.mtime_ns) for state, file in zip(states, files, strict=True))
        except SourceUnreadable:
            return False

    def signature(self, path: str) -> State:
        return self._place_of(path).state(path)

    def level(self, variable: Assets, step: int | None, depth: Depth) -> NDArray[np.float32]:
        """A level of a file as it is now; what is read while it is replaced is neither kept nor an answer."""
        file, position = find_file(variable, step)

        def read(state: State) -> NDArray[np.float32]:
            if depth == "bottom":
                level = bottom_of(variable, lambda below, _: self._read_level(variable, file, position, below))
            else:
                level = self._read_level(variable, file, position, depth)
            if self.signature(file.path) != state:
                raise _Replaced
            return level

        mask = variable.land and variable.land.mask
        for _ in range(ATTEMPTS):
            state = self.signature(file.path)
            land = mask and (self.signature(mask.files[0].path), mask.source)
            with suppress(_Replaced):
                return self._levels.get(
                    (state, land, file.conversion, variable.source, position, depth), partial(read, state)
                )
        raise being_written(file.path)

    def _read_level(self, variable: Assets, file: File, position: int, depth: int | None) -> NDArray[np.float32]:
        rows, columns = plane(variable)
        box = only(position), only(depth or 0), range(rows), range(columns)
        (window,) = self._windows(variable, [(file, box)], np.float32)
        level: NDArray[np.float32] = window[0, 0]
        return level

    def columns(
        self, variable: Assets, steps: Sequence[int] | None, depths: slice, cells: Cells
    ) -> NDArray[np.float64]:
        levels = levels_of(variable, depths)
        count = 1 if steps is None else len(steps)
        out = np.full((count, len(levels), cells.size), np.nan)
        for part in cell_blocks(variable, steps, levels, cells):
            windows = self._windows(variable, [(block.file, block.box) for block in part], np.float64)
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
        file, position = find_file(variable, step)
        y, x = (range(size)[part] for size, part in zip(plane(variable), box, strict=True))
        places = only(position), levels_of(variable, depths), y, x
        (window,) = self._windows(variable, [(file, places)], self._find_facts(variable, file).precision)
        cells: NDArray[np.floating] = window[0]
        return cells

    def precision(self, variable: Assets, steps: Sequence[int] | None) -> type[np.floating]:
        kinds = {self._find_facts(variable, file).precision for file in used_files(variable, steps)}
        return kinds.pop() if len(kinds) == 1 else np.float64

    def chunking(self, variable: Assets) -> Shape:
        return self._find_facts(variable, variable.files[0]).chunks

    def encodings(self, variable: Assets, steps: Sequence[int] | None) -> set[Encoding | None]:
        first, *others = used_files(variable, steps)
        encoding = self._find_facts(variable, first).encoding
        if encoding is None:
            return {None}
        return {encoding, *(self._find_facts(variable, file).encoding for file in others)}

    def _find_facts(self, variable: Assets, file: File) -> "StoredFacts":
        """Return what is known of a variable in a file without its values."""

        def take(opened: StoredFile) -> StoredFacts:
            stored = opened.find(variable.source)
            if stored.dimensions != tuple(dimension.name for dimension in variable.dimensions):
                raise changed(path)
            encoding = Encoding.from_attributes(stored.attributes, stored.dtype)
            return StoredFacts(stored.packing.working, chunking(stored, variable), encoding)

        path = file.path
        return self._facts.get((self.signature(path), variable.source), lambda: self.read(path, take))

    def coordinates(self, grid: assets.Grid) -> Coordinates:
        names = {role: getattr(grid, role) for role in ROLES}

        def take(opened: StoredFile) -> dict[str, NDArray[np.float64]]:
            return {role: _coordinate(opened.find(name)) for role, name in names.items() if name is not None}

        try:
            return arrange_coordinates(grid, self.read(grid.file, take))
        except (KeyError, ValueError) as error:
            raise changed(grid.file) from error

    def _windows(
        self, variable: Assets, wanted: Sequence[tuple[File, Box]], dtype: type[np.floating]
    ) -> list[NDArray[np.floating]]:
        """Parts of a variable as (time, depth, y, x), unpacked; NaN on land that a mask of the grid tells."""
        windows = self._ordered_windows(variable, wanted, dtype)
        if variable.land is not None:
            boxes = [mask_box(variable, variable.land, file, box) for file, box in wanted]
            different = list(dict.fromkeys(boxes))
            masks = dict(zip(different, self._ordered_windows(variable.land.mask, different, np.float32), strict=True))
            for window, box, (_, (_, _, y, x)) in zip(windows, boxes, wanted, strict=True):
                land = find_land(masks[box], variable.land.meaning, {"y": y, "x": x})
                window[np.broadcast_to(land, window.shape)] = np.nan
        return windows

    def _ordered_windows(
        self, variable: Assets, wanted: Sequence[tuple[File, Box]], dtype: type[np.floating]
    ) -> list[NDArray[np.floating]]:
        """Parts of a variable as (time, depth, y, x), unpacked, the levels from the surface down."""
        if variable.depth is None or not variable.depth.order:
            return self._stored_windows(variable, wanted, dtype)
        levels = [np.array(variable.depth.order)[box[1]] for _, box in wanted]  # in the files
        stored = [
            (file, (box[0], range(int(own.min()), int(own.max()) + 1), *box[2:]))
            for (file, box), own in zip(wanted, levels, strict=True)
        ]
        windows = self._stored_windows(variable, stored, dtype)
        return [window[:, own - own.min()] for window, own in zip(windows, levels, strict=True)]

    def _stored_windows(
        self, variable: Assets, wanted: Sequence[tuple[File, Box]], dtype: type[np.floating]
    ) -> list[NDArray[np.floating]]:
        """Parts of a variable as (time, depth, y, x), unpacked, in its unit, the levels as in the files."""
        kinds = [kind_of(file.path) for file, _ in wanted]
        windows: dict[int, NDArray[np.floating] | None] = {}
        for kind, reader in self._chunks.items():
            numbers = [number for number, own in enumerate(kinds) if own == kind]
            requests = [(wanted[number][0].path, wanted[number][1]) for number in numbers]
            windows.update(zip(numbers, reader.windows(variable, requests, dtype), strict=True))
        return [
            _convert_units(
                self._read_window(variable, file, box, dtype) if (window := windows.get(number)) is None else window,
                file.conversion,
            )
            for number, (file, box) in enumerate(wanted)
        ]

    def _read_window(self, variable: Assets, file: File, box: Box, dtype: type[np.floating]) -> NDArray[np.floating]:
        """A window whose chunks we cannot decode."""

        def take(opened: StoredFile) -> tuple[NDArray[Any], Packing]:
            stored = opened.find(variable.source)
            selection = select(stored.dimensions, stored.shape, variable, box)
            if selection is None:
                raise changed(file.path)
            return stored.read_window(selection), stored.packing

        raw, packing = self.read(file.path, take)
        return packing.unpack(raw, dtype)

    def index(self, path: str, name: str) -> Index | None:
        """Return the chunks of a variable in a file; None if only a library reads them."""
        reader = self._chunks.get(kind_of(path))
        return reader.index(path, name)[1] if reader else None

    def stored_chunk(self, path: str, name: str, position: tuple[int, ...]) -> StoredChunk | None:
        """Read a chunk as it lies in a file as it is now; None if only a library reads it."""
        reader = self._chunks.get(kind_of(path))
        if reader is None:
            return None
        for _ in range(ATTEMPTS):
            state, index = reader.index(path, name)
            if index is None or index.inline is not None:
                return None
            start, size, mask = (int(table[position]) for table in (index.offsets, index.sizes, index.masks))
            try:
                content = None if start < 0 else reader.read_bytes(state, start, start + size).tobytes()
            except SourceUnreadable:
                if self.signature(path) == state:
                    raise
                continue
            if self.signature(path) == state:
                return StoredChunk(index, content, mask)
        raise being_written(path)

    def read(self, path: str, take: Callable[[StoredFile], T]) -> T:
        """Take something from a file as it is now; once more if it was replaced meanwhile."""
        where = self._place_of(path)
        for _ in range(ATTEMPTS):
            before = where.state(path)
            try:
                with where.open_file(before) as opened:
                    taken = take(opened)
            except (OSError, RuntimeError, LookupError, ValueError, SourceUnreadable) as error:
                if where.state(path) != before:
                    continue
                if isinstance(error, SourceUnreadable):
                    raise
                if isinstance(error, MessageError):
                    raise unreadable(path, error.message) from error
                # The message of the library, without the path that it repeats.
                reason = error.strerror if isinstance(error, OSError) else None
                raise unreadable(path, reason or str(error)) from error
            if where.state(path) == before:
                return taken
        raise being_written(path)


def _convert_units(values: NDArray[F], conversion: tuple[float, float] | None) -> NDArray[F]:
    """Convert the values of a file to the unit of its variable, in place."""
    if conversion is not None:
        factor, offset = conversion
        values *= values.dtype.type(factor)
        values += values.dtype.type(offset)
    return values


def _coordinate(stored: StoredVariable) -> NDArray[np.float64]:
    # Files exist whose longitudes run from -180 to 180 with a valid_min of 0.
    packing = replace(stored.packing, low=-np.inf, high=np.inf)
    return packing.unpack(stored.read_all(), np.float64)  # type: ignore[return-value]
