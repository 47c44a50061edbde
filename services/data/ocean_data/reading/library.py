"""Files of this machine through the NetCDF library."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
from netCDF4 import Dataset, Variable
from numpy.typing import NDArray

from ocean_common.dataset_uri import local
from ocean_core.cache import ByteBoundedCache
from ocean_data.reading.packing import ATTRIBUTES
from ocean_data.reading.state import State, cut_short, state_of
from ocean_data.reading.stored import Chunks, Variables

LIBRARY = Lock()  # held by whoever calls them, to read or to write


class Library:
    """All formats that the library knows."""

    def __init__(self, limit: int, lock: Lock) -> None:
        self._lock = lock
        self._files: ByteBoundedCache[tuple[State, Dataset]] = ByteBoundedCache(
            limit, lambda _: 1, on_evict=lambda entry: _close(entry[1])
        )

    def state(self, path: str) -> State:
        return state_of(path)

    @contextmanager
    def open_file(self, state: State) -> Iterator[Variables]:
        with self._lock:
            dataset = self._open(state)
            if dataset.data_model.startswith("NETCDF3"):
                _check_whole(dataset, state)
            yield lambda name: LibraryVariable(dataset[name])

    def _open(self, state: State) -> Dataset:
        entry = self._files.find(state.path, None)
        if entry is None or entry[0] != state:
            self._files.discard(state.path)  # closed before it is opened anew
            entry = state, _open(state)
            self._files.put(state.path, entry)
        return entry[1]

    def close(self) -> None:
        with self._lock:
            self._files.clear()


@dataclass(frozen=True)
class LibraryVariable:
    """A variable of an open dataset."""

    found: "Variable[Any]"

    @property
    def dimensions(self) -> tuple[str, ...]:
        return self.found.dimensions

    @property
    def shape(self) -> tuple[int, ...]:
        return self.found.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = np.dtype(self.found.dtype)
        return dtype

    @cached_property
    def attributes(self) -> dict[str, Any]:
        return {name: self.found.getncattr(name) for name in ATTRIBUTES if name in self.found.ncattrs()}

    @property
    def chunks(self) -> Chunks:
        chunks = self.found.chunking()
        if isinstance(chunks, list):
            return tuple(chunks)
        shape = self.found.shape
        unlimited = shape and self.found.group().dimensions[self.found.dimensions[0]].isunlimited()
        return (1, *shape[1:]) if unlimited else shape  # a record

    def read(self, index: tuple[slice, ...]) -> NDArray[Any]:
        return np.asarray(self.found[index] if index else self.found[...])


def _close(dataset: Dataset) -> None:
    dataset.close()


def _open(state: State) -> Dataset:
    dataset = Dataset(local(state.path))
    dataset.set_auto_maskandscale(False)
    return dataset


def _check_whole(dataset: Dataset, state: State) -> None:
    """Refuse a NetCDF-3 file that was cut: the library would read zeros beyond its end."""
    least = sum(
        int(np.prod(variable.shape)) * np.dtype(variable.dtype).itemsize for variable in dataset.variables.values()
    )
    if state.size < least:
        raise cut_short(state.path, state.size, least)
