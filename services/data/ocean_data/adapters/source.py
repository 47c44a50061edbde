"""Reads NetCDF files: what is open, decoded levels, and what is true when a file changes under the service.

Chunks that we can decode ourselves are read in threads (hdf5/); the rest goes through the library, which is not safe
in threads: one lock. Which of the two reads never changes a value. Each reading looks at the state of its file before
and after, so that an answer is never a mixture of an old and a new file.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from netCDF4 import Dataset, Variable
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, Dimension, File, Grid
from ocean_common.errors import SourceUnreadable
from ocean_common.places import local
from ocean_data.adapters import meshes
from ocean_data.adapters.hdf5.reader import ChunkReader
from ocean_data.adapters.kept import Kept
from ocean_data.adapters.packing import Packing
from ocean_data.adapters.state import State, being_written, changed, cut_short, state_of, unreadable
from ocean_data.adapters.windows import ORDER, Picks, plane, roles_of
from ocean_data.domain.depth import deepest_first
from ocean_data.domain.ports import Cells, Coordinates
from ocean_data.domain.time import Axis

T = TypeVar("T")

ATTEMPTS = 3  # to read a file that is replaced meanwhile
BLOCK = 16  # cells: those of one block of the grid are read together
AT_ONCE = 4_000_000  # numbers in one reading
INDEX_BYTES = 64 << 20  # where chunks lie: about 20 bytes each
FACTS = 20_000  # of variables in files: their precision and the shapes of their chunks


@dataclass(frozen=True, kw_only=True)
class Block:
    """Cells that lie together, at consecutive times of one file."""

    file: File
    picks: Picks
    rows: NDArray[np.intp]  # of the answer
    cells: NDArray[np.intp]  # of the answer
    inside: tuple[NDArray[np.intp], NDArray[np.intp]]  # where they are in the window
    count: int  # numbers in the window


class NetCDFSource:
    """NetCDF files on disk."""

    def __init__(self, open_files: int, level_bytes: int, *, chunk_bytes: int = 64 << 20, helpers: int = 1) -> None:
        self._limit = open_files
        self._open: OrderedDict[str, tuple[State, Dataset]] = OrderedDict()
        self._lock = Lock()
        self._chunks = ChunkReader(INDEX_BYTES, chunk_bytes, helpers, self._lock)
        self._levels: Kept[NDArray[np.float32]] = Kept(level_bytes, lambda level: level.nbytes)
        self._facts: Kept[Any] = Kept(FACTS, lambda _: 1)

    def close(self) -> None:
        """Close all files."""
        self._chunks.close()
        with self._lock:
            for _, dataset in self._open.values():
                dataset.close()
            self._open.clear()

    def as_indexed(self, variable: Assets, steps: Sequence[int] | None) -> bool:
        read = [0] if variable.steps is None or steps is None else np.unique(Axis.of(variable.steps).file[list(steps)])
        try:
            return all(_is_indexed(self.signature(variable.files[each].path), variable.files[each]) for each in read)
        except SourceUnreadable:
            return False

    def signature(self, path: str) -> State:
        return state_of(path)

    def level(self, variable: Assets, step: int | None, depth: int | None) -> NDArray[np.float32]:
        file, position = _place(variable, step)
        key = (self.signature(file.path), variable.source, position, depth)
        return self._levels.get(key, lambda: self._read_level(variable, file, position, depth))

    def bottom(self, variable: Assets, step: int | None) -> NDArray[np.float32]:
        file, position = _place(variable, step)
        key = (self.signature(file.path), variable.source, position, "bottom")
        return self._levels.get(key, lambda: self._read_bottom(variable, file, position))

    def _read_level(self, variable: Assets, file: File, position: int, depth: int | None) -> NDArray[np.float32]:
        picks = {"time": _only(position), "depth": _only(depth or 0)}
        (window,) = self._windows(variable, [(file, picks)], np.float32)
        level: NDArray[np.float32] = window[0, 0]
        return level

    def _read_bottom(self, variable: Assets, file: File, position: int) -> NDArray[np.float32]:
        order = deepest_first(variable.depth) if variable.depth else [0]
        found = self._read_level(variable, file, position, order[0])
        for depth in order[1:]:
            dry = np.isnan(found)
            if not dry.any():
                break
            found[dry] = self._read_level(variable, file, position, depth)[dry]
        return found

    def columns(
        self, variable: Assets, steps: Sequence[int] | None, depths: slice, cells: Cells
    ) -> NDArray[np.float64]:
        levels = range(len(variable.depth.values) if variable.depth else 1)[depths]
        count = 1 if steps is None else len(steps)
        out = np.full((count, len(levels), cells.size), np.nan)
        for part in _parts(_jobs(variable, steps, levels, cells)):
            windows = self._windows(variable, [(one.file, one.picks) for one in part], np.float64)
            for one, window in zip(part, windows, strict=True):
                out[np.ix_(one.rows, np.arange(len(levels)), one.cells)] = window[:, :, one.inside[0], one.inside[1]]
        return out

    def window(
        self, variable: Assets, step: int | None, depths: slice, box: tuple[slice, slice]
    ) -> NDArray[np.floating]:
        file, position = _place(variable, step)
        picks = {"time": _only(position), "depth": depths if variable.depth else _only(0), "y": box[0], "x": box[1]}
        (window,) = self._windows(variable, [(file, picks)], self.precision(variable))
        cells: NDArray[np.floating] = window[0]
        return cells

    def precision(self, variable: Assets) -> type[np.floating]:
        return self._kept_fact(variable, _precision)

    def chunking(self, variable: Assets) -> tuple[int, int, int, int]:
        return self._kept_fact(variable, _chunking)

    def _kept_fact(self, variable: Assets, look: Callable[[Assets, "Variable[Any]"], T]) -> T:
        """What the first file says of a variable, without its values."""
        path = variable.files[0].path
        key = (look.__name__, self.signature(path), variable.source)
        found: T = self._facts.get(key, lambda: self._read(path, lambda one: look(variable, one[variable.source])))
        return found

    def coordinates(self, grid: Grid) -> Coordinates:
        names = {"latitude": grid.latitude, "longitude": grid.longitude, "y_axis": grid.y_axis, "x_axis": grid.x_axis}
        names |= {role: getattr(grid, role) for role in meshes.ROLES}

        def take(dataset: Dataset) -> dict[str, NDArray[np.float64]]:
            return {role: _all(dataset[name]) for role, name in names.items() if name is not None}

        read = self._read(grid.file, take)
        if grid.kind == "triangles":
            return meshes.coordinates(read, grid)
        flat = grid.kind == "rectilinear"
        shapes = {"latitude": grid.shape, "longitude": grid.shape, "y_axis": grid.shape[:1], "x_axis": grid.shape[-1:]}
        if flat:
            shapes |= {"latitude": grid.shape[:1], "longitude": grid.shape[-1:]}
        shaped = {role: _shaped(values, shapes[role], grid.file) for role, values in read.items()}
        for role in {"y_axis", "x_axis"} & shaped.keys():
            shaped[role] = shaped[role] * grid.axis_factor
        return Coordinates(
            latitude=shaped.get("latitude"),
            longitude=shaped.get("longitude"),
            y_axis=shaped.get("y_axis"),
            x_axis=shaped.get("x_axis"),
        )

    def _windows(
        self, variable: Assets, asked: Sequence[tuple[File, Picks]], dtype: type[np.floating]
    ) -> list[NDArray[np.floating]]:
        """Parts of a variable as (time, depth, y, x), unpacked."""
        found = self._chunks.windows(variable, [(file.path, picks) for file, picks in asked], dtype)
        return [
            self._library(variable, *one, dtype) if window is None else window
            for one, window in zip(asked, found, strict=True)
        ]

    def _library(self, variable: Assets, file: File, picks: Picks, dtype: type[np.floating]) -> NDArray[np.floating]:
        """A window of a file whose chunks we cannot decode."""

        def take(dataset: Dataset) -> tuple[NDArray[Any], Packing]:
            found = dataset[variable.source]
            if dataset.data_model.startswith("NETCDF3"):
                _check_whole(dataset, file)
            return _cut(found, variable.dimensions, picks, file.path), Packing.of(found)

        raw, packing = self._read(file.path, take)
        ny, nx = plane(variable.grid)
        wanted = tuple(len(range(size)[picks.get(role, slice(None))]) for role, size in (("y", ny), ("x", nx)))
        if raw.shape[2:] != wanted or 0 in raw.shape:
            raise changed(file.path)
        return packing.unpack(raw, dtype)

    def _read(self, path: str, take: Callable[[Dataset], T]) -> T:
        """Take something from a file as it is now; once more if it was replaced meanwhile."""
        for _ in range(ATTEMPTS):
            before = self.signature(path)
            try:
                with self._lock:
                    taken = take(self._opened(before))
            except (OSError, RuntimeError, LookupError) as error:
                if self.signature(path) == before:
                    raise unreadable(path, _reason(error)) from error
                continue
            if self.signature(path) == before:
                return taken
        raise being_written(path)

    def _opened(self, state: State) -> Dataset:
        kept = self._open.pop(state.path, None)
        if kept is not None and kept[0] != state:
            kept[1].close()
            kept = None
        if kept is None:
            dataset = Dataset(local(state.path))
            dataset.set_auto_maskandscale(False)
            kept = (state, dataset)
        self._open[state.path] = kept
        while len(self._open) > self._limit:
            self._open.popitem(last=False)[1][1].close()
        return kept[1]


def _precision(_: Assets, found: "Variable[Any]") -> type[np.floating[Any]]:
    return Packing.of(found).working


def _chunking(variable: Assets, found: "Variable[Any]") -> tuple[int, int, int, int]:
    chunks = found.chunking() if found.chunking() not in (None, "contiguous") else None
    shape: list[int] = [*(chunks or found.shape)]
    if chunks is None and found.dimensions and found.group().dimensions[found.dimensions[0]].isunlimited():
        shape[0] = 1  # a record
    sizes = dict(zip(roles_of(variable.dimensions), shape, strict=True))
    return sizes.get("time", 1), sizes.get("depth", 1), sizes.get("y", 1), sizes.get("x", 1)


def _reason(error: Exception) -> str:
    """What the library says, without the path that it repeats."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _is_indexed(state: State, file: File) -> bool:
    return (state.size, state.mtime_ns) == (file.size, file.mtime_ns)


def _only(position: int) -> slice:
    return slice(position, position + 1)


def _place(variable: Assets, step: int | None) -> tuple[File, int]:
    """The file of a time step, and its position there."""
    if variable.steps is None or step is None:
        return variable.files[0], 0
    axis = Axis.of(variable.steps)
    return variable.files[int(axis.file[step])], int(axis.position[step])


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


def _jobs(variable: Assets, steps: Sequence[int] | None, levels: range, cells: Cells) -> Iterator[Block]:
    """The windows that hold the cells, file by file, none of them larger than it must be."""
    depth = slice(levels.start, levels.stop) if variable.depth else _only(0)
    blocks = _blocks(cells, plane(variable.grid))
    for file, rows, positions in _runs(variable, steps):
        for place, (y, x), inside in blocks:
            box = (y.stop - y.start) * (x.stop - x.start) * len(levels)
            longest = max(1, AT_ONCE // box)
            for first in range(0, len(rows), longest):
                part = slice(first, first + longest)
                time = slice(int(positions[part][0]), int(positions[part][-1]) + 1)
                picks = {"time": time, "depth": depth, "y": y, "x": x}
                count = box * len(rows[part])
                yield Block(file=file, picks=picks, rows=rows[part], cells=place, inside=inside, count=count)


def _parts(jobs: Iterator[Block]) -> Iterator[list[Block]]:
    """As many windows as are read together."""
    part: list[Block] = []
    count = 0
    for one in jobs:
        if part and count + one.count > AT_ONCE:
            yield part
            part, count = [], 0
        part.append(one)
        count += one.count
    if part:
        yield part


def _blocks(
    cells: Cells, shape: tuple[int, ...]
) -> list[tuple[NDArray[np.intp], tuple[slice, slice], tuple[NDArray[np.intp], NDArray[np.intp]]]]:
    """Cells that lie together: (indices in `cells`, box in the grid, places in that box)."""
    y, x = np.divmod(cells.astype(np.intp), shape[-1])
    block = (y // BLOCK) * (shape[-1] // BLOCK + 1) + x // BLOCK
    made = []
    for one in np.unique(block):
        place = np.flatnonzero(block == one)
        ys, xs = y[place], x[place]
        box = slice(int(ys.min()), int(ys.max()) + 1), slice(int(xs.min()), int(xs.max()) + 1)
        made.append((place, box, (ys - box[0].start, xs - box[1].start)))
    return made


def _cut(found: "Variable[Any]", dimensions: Sequence[Dimension], picks: Picks, path: str) -> NDArray[Any]:
    """Read a hyperslab and turn it into (time, depth, y, x), as it is in the file."""
    if found.dimensions != tuple(one.name for one in dimensions):
        raise changed(path)
    roles = roles_of(dimensions)
    index = tuple(slice(0, 1) if role not in ORDER else picks.get(role, slice(None)) for role in roles)
    for role, size, part in zip(roles, found.shape, index, strict=True):
        if part.stop is not None and part.stop > size and role in ORDER:
            raise changed(path)
    raw = np.asarray(found[index] if index else found[...])
    raw = raw.reshape([size for role, size in zip(roles, raw.shape, strict=True) if role in ORDER])
    kept = [role for role in roles if role in ORDER]
    raw = raw.transpose([kept.index(role) for role in ORDER if role in kept])
    return raw.reshape(
        [raw.shape[[r for r in ORDER if r in kept].index(role)] if role in kept else 1 for role in ORDER]
    )


def _check_whole(dataset: Dataset, file: File) -> None:
    """Refuse a NetCDF-3 file that was cut: the library would read zeros beyond its end."""
    now = state_of(file.path)
    least = sum(int(np.prod(one.shape)) * np.dtype(one.dtype).itemsize for one in dataset.variables.values())
    if now.size < least:
        raise cut_short(file.path, now.size, least)
    if now.size < file.size:  # cut within its last record, or another file: the next look at the files tells
        raise changed(file.path)


def _all(found: "Variable[Any]") -> NDArray[np.float64]:
    # Files exist whose longitudes run from -180 to 180 with a valid_min of 0.
    packing = replace(Packing.of(found), low=-np.inf, high=np.inf)
    return packing.unpack(np.asarray(found[...]), np.float64)  # type: ignore[return-value]


def _shaped(values: NDArray[np.float64], shape: tuple[int, ...], path: str) -> NDArray[np.float64]:
    """Coordinates without a time dimension. Their own order is what (y, x) means: nothing is to be turned."""
    while values.ndim > len(shape):
        values = values[0]
    if values.shape != shape:
        raise changed(path)
    return np.ascontiguousarray(values)
