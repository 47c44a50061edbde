"""Files of this machine through the NetCDF library."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import numpy as np
from netCDF4 import Dataset, Variable
from numpy.typing import NDArray

from ocean_common.dataset_uri import local
from ocean_core.cache import ByteBoundedCache
from ocean_core.packing import PACKING_ATTRIBUTES
from ocean_data.reading.files import LocalBlob, State, StoredVariable, Variables, cut_short, state_of

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
    def open_file(self, state: State) -> Iterator[Variables]:
        with LIBRARY:
            dataset = self._open(state)
            if dataset.data_model.startswith("NETCDF3"):
                _check_whole(dataset, state)
            yield lambda name: _library_variable(dataset[name])

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


def _check_whole(dataset: Dataset, state: State) -> None:
    """Refuse a NetCDF-3 file that was cut: the library would read zeros beyond its end."""
    least = sum(
        int(np.prod(variable.shape)) * np.dtype(variable.dtype).itemsize for variable in dataset.variables.values()
    )
    if state.size < least:
        raise cut_short(state.path, state.size, least)
