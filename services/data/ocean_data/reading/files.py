"""Files as bytes (states, which tell one version from the next, ranges, errors) and the variables stored in them."""

import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, BinaryIO, NamedTuple, Protocol

import numpy as np
from netCDF4 import Dataset, Variable
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.dataset_uri import local
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import Message, SourceUnreadable
from ocean_core.packing import PACKING_ATTRIBUTES, Packing

ATTEMPTS = 3  # to read a file that is replaced meanwhile
NEAR = 64 * 1024  # bytes between two ranges of which the disk is told as one

Bytes = NDArray[np.uint8]
Range = tuple[int, int]  # first byte, and the one after the last


class State(NamedTuple):
    """A file, or what stands for one, as it is at one moment: made and compared many times in each request."""

    path: str
    size: int
    mtime_ns: int
    mark: Hashable = None  # what else tells it from another: device, inode and change, an ETag, a snapshot


class Blob(Protocol):
    """The bytes of one file in one state."""

    @property
    def size(self) -> int:
        """Number of bytes."""

    def announce(self, ranges: Sequence[Range]) -> None:
        """Tell which ranges will be read, in their order in the file."""

    def read(self, start: int, stop: int) -> Bytes:
        """Some bytes, to be written to if one likes; SourceUnreadable if there are fewer."""

    def file(self) -> BinaryIO | str:
        """For a library that opens a path, or a file object."""

    def close(self) -> None:
        """Nothing more will be read."""


class LocalBlob:
    """A file of this machine."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.size = state.size
        try:
            self._descriptor = os.open(local(state.path), os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise unreadable(state.path, error.strerror) from error
        if state_of(state.path, self._descriptor) != state:  # replaced since somebody looked
            self.close()
            raise being_written(state.path)

    def announce(self, ranges: Sequence[Range]) -> None:
        if not hasattr(os, "posix_fadvise"):  # macOS has none
            return
        for start, stop in joined(ranges, NEAR):
            os.posix_fadvise(self._descriptor, start, stop - start, os.POSIX_FADV_WILLNEED)

    def read(self, start: int, stop: int) -> Bytes:
        content = np.empty(stop - start, np.uint8)
        try:
            count = os.preadv(self._descriptor, [content.data], start)
        except OSError as error:
            raise unreadable(self._state.path, error.strerror) from error
        if count < content.size:
            raise cut_short(self._state.path, start + count, stop)
        return content

    def file(self) -> BinaryIO | str:
        return local(self._state.path)

    def close(self) -> None:
        os.close(self._descriptor)


def joined(ranges: Sequence[Range], gap: int) -> list[Range]:
    """Ranges in their order, those with at most `gap` bytes between them as one."""
    merged: list[Range] = []
    for start, stop in ranges:
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def state_of(path: str, descriptor: int | None = None) -> State:
    """The state of a file of this machine now; of the one that is open, if there is a descriptor."""
    try:
        stat = os.stat(local(path) if descriptor is None else descriptor)  # noqa: PTH116  a Path costs more than the call, and this is asked for every file
    except OSError as error:
        raise unreadable(path, error.strerror) from error
    # Whoever writes can set the time of the last change of the content, but not that of the file.
    return State(path, stat.st_size, stat.st_mtime_ns, (stat.st_dev, stat.st_ino, stat.st_ctime_ns))


def name_of(path: str) -> str:
    """Return the public name of a file, without folders, hosts and the query after a `?`."""
    return path.partition("?")[0].rstrip("/").rpartition("/")[2]


def unreadable(path: str, reason: str | Message | None, *, retry_after: int | None = None) -> SourceUnreadable:
    """Make the error of a file that cannot be read."""
    cause = Message(reason) if isinstance(reason, str) else reason
    return SourceUnreadable(
        "{name} cannot be read: {reason}", name=name_of(path), reason=cause, retry_after=retry_after
    )


def being_written(path: str) -> SourceUnreadable:
    """Make the error of a file that changes faster than it can be read."""
    return SourceUnreadable("{name} is being written; try again in a few seconds", name=name_of(path), retry_after=2)


def cut_short(path: str, size: int, least: int) -> SourceUnreadable:
    """Make the error of a file whose end is missing."""
    return SourceUnreadable(
        "{name} is cut short: {size} bytes, at least {minimum} are announced",
        name=name_of(path),
        size=size,
        minimum=least,
    )


def damaged(path: str) -> SourceUnreadable:
    """Make the error of a file whose bytes are not those that were written."""
    return SourceUnreadable("{name} is damaged: some of its bytes are not those that were written", name=name_of(path))


def changed(path: str) -> SourceUnreadable:
    """Make the error of a file that is not what the catalogue knows."""
    return SourceUnreadable(
        "{name} was replaced by a file of another form; it is read again in a few seconds",
        name=name_of(path),
        retry_after=5,
    )


# Variables as they are stored, wherever that is: windows of them, and what their packed numbers mean

ORDER = ("time", "depth", "y", "x")  # the dimensions of a window, whatever their order in the file

Shape = tuple[int, int, int, int]  # by ORDER
Box = tuple[range, range, range, range]  # what is wanted along each of ORDER; one of a dimension that is not there


@dataclass(frozen=True, kw_only=True)
class StoredVariable:
    """A variable of an open file: its numbers as they are stored."""

    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attributes: dict[str, Any]  # those of PACKING_ATTRIBUTES that it has, in their own types
    chunks: tuple[int, ...]  # shape of the part that is read at once
    read: Callable[[tuple[slice, ...]], NDArray[Any]]  # a slice with start and stop for every dimension

    @property
    def packing(self) -> Packing:
        """The meaning of its numbers."""
        return Packing.from_attributes(self.attributes, self.dtype)

    def read_all(self) -> NDArray[Any]:
        """All numbers as they are stored."""
        return self.read(tuple(slice(0, size) for size in self.shape))

    def read_window(self, selection: "Selection") -> NDArray[Any]:
        """Read a hyperslab and turn it into (time, depth, y, x), as it is stored."""
        raw = self.read(tuple(map(slice, selection.starts, selection.stops)))
        used = [axis for axis in selection.axes if axis is not None]
        others = [axis for axis in range(raw.ndim) if axis not in used]
        return raw.transpose(used + others).reshape(selection.shape)


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """An open file: its variables by name, and all attributes.

    ``find``: LookupError for a variable that is not there. ``attributes``: those of a variable, or of the file.
    """

    find: Callable[[str], StoredVariable]
    names: Callable[[], Iterable[str]]
    attributes: Callable[[str | None], dict[str, Any]]


class StorageBackend(Protocol):
    """One kind of place where files are."""

    def state(self, path: str) -> State:
        """The state of a file now, or not long ago; SourceUnreadable if there is none."""

    def open_file(self, state: State) -> AbstractContextManager[StoredFile]:
        """Open a file in this state.

        OSError, RuntimeError, LookupError or ValueError, then or while they are read, if it is broken or changed.
        """

    def close(self) -> None:
        """Close what is open."""


class Selection(NamedTuple):
    """The part of a stored variable that makes a window."""

    starts: tuple[int, ...]  # along each dimension of the file
    stops: tuple[int, ...]
    axes: tuple[int | None, ...]  # of each of ORDER: its dimension in the file
    shape: Shape  # of the window


def select(dimensions: tuple[str, ...], shape: tuple[int, ...], variable: Assets, box: Box) -> Selection | None:
    """Find a box in a stored variable of some dimensions; None if it is not as the catalogue describes it."""
    # The cells of a mesh are one row.
    roles = ["x" if known.role in {"node", "face"} else known.role for known in variable.dimensions]
    axes = tuple(roles.index(role) if role in roles else None for role in ORDER)
    starts, stops = [0] * len(roles), [1] * len(roles)  # of a dimension without a role: the first
    for axis, part in zip(axes, box, strict=True):
        if axis is not None:
            starts[axis], stops[axis] = part.start, part.stop
    if (
        dimensions != tuple(known.name for known in variable.dimensions)
        or sum(role in ORDER for role in roles) > sum(axis is not None for axis in axes)
        or not all(start < stop <= size for start, stop, size in zip(starts, stops, shape, strict=True))
        or any(axis is not None and shape[axis] != size for axis, size in zip(axes[2:], plane(variable), strict=True))
    ):
        return None
    time, depth, y, x = (1 if axis is None else len(part) for axis, part in zip(axes, box, strict=True))
    return Selection(tuple(starts), tuple(stops), axes, (time, depth, y, x))


def plane(variable: Assets) -> tuple[int, int]:
    """Return rows and columns of the grid of a variable; the cells of a mesh are one row."""
    shape = variable.grid.shape
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[-1])


def levels_of(variable: Assets, depths: slice) -> range:
    """Return some depth levels of a variable; the only one of a variable without depth."""
    return range(len(variable.depth.values))[depths] if variable.depth else range(1)


def chunking(found: StoredVariable, variable: Assets) -> Shape:
    """Return the shape of the part that is read at once, as (time, depth, y, x)."""
    roles = [known.role for known in variable.dimensions]
    sizes = dict(zip(roles, map(int, found.chunks), strict=True))
    along = sizes.get("x", sizes.get("node", sizes.get("face", 1)))
    return sizes.get("time", 1), sizes.get("depth", 1), sizes.get("y", 1), along


# Files of this machine through the NetCDF library

LIBRARY = Lock()  # held by whoever calls it, or h5py, to read or to write: they may share one HDF5


class Library:
    """All formats that the library knows."""

    def __init__(self, limit: int) -> None:
        self._files: ByteBoundedCache[tuple[State, Dataset]] = ByteBoundedCache(limit, lambda _: 1, on_evict=_close)

    def state(self, path: str) -> State:
        return state_of(path)

    def blob(self, state: State) -> LocalBlob:
        return LocalBlob(state)

    @contextmanager
    def open_file(self, state: State) -> Iterator[StoredFile]:
        with LIBRARY:
            dataset = self._open(state)
            if dataset.data_model.startswith("NETCDF3"):
                _check_whole(dataset, state)
            yield StoredFile(
                find=lambda name: _library_variable(dataset[name]),
                names=lambda: dataset.variables,
                attributes=lambda name: _library_attributes(dataset if name is None else dataset[name]),
            )

    def _open(self, state: State) -> Dataset:
        entry = self._files.find(state.path, None)
        if entry is None or entry[0] != state:
            self._files.discard(state.path)  # closed before it is opened anew
            entry = state, Dataset(local(state.path))
            entry[1].set_auto_maskandscale(False)
            self._files.put(state.path, entry)
        return entry[1]

    def close(self) -> None:
        with LIBRARY:
            self._files.clear()


def _close(entry: tuple[State, Dataset]) -> None:
    entry[1].close()


def _library_variable(found: "Variable[Any]") -> StoredVariable:
    def read(index: tuple[slice, ...]) -> NDArray[Any]:
        return np.asarray(found[index] if index else found[...])

    shape, chunks = found.shape, found.chunking()
    records = shape and found.group().dimensions[found.dimensions[0]].isunlimited()
    return StoredVariable(
        dimensions=found.dimensions,
        shape=shape,
        dtype=np.dtype(found.dtype),
        attributes={name: found.getncattr(name) for name in PACKING_ATTRIBUTES if name in found.ncattrs()},
        chunks=tuple(chunks) if isinstance(chunks, list) else (1, *shape[1:]) if records else shape,
        read=read,
    )


def _library_attributes(holder: "Dataset | Variable[Any]") -> dict[str, Any]:
    return {name: holder.getncattr(name) for name in holder.ncattrs()}


def _check_whole(dataset: Dataset, state: State) -> None:
    """Refuse a NetCDF-3 file that was cut: the library would read zeros beyond its end."""
    least = sum(
        int(np.prod(variable.shape)) * np.dtype(variable.dtype).itemsize for variable in dataset.variables.values()
    )
    if state.size < least:
        raise cut_short(state.path, state.size, least)
