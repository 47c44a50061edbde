"""Zarr stores (v2 and v3) in folders and in object storage, and Icechunk repositories: all through zarr."""

import base64
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import icechunk
import numpy as np
import zarr
from obstore.exceptions import BaseError
from zarr.abc.store import Store
from zarr.core.metadata import ArrayV2Metadata
from zarr.storage import LocalStore, ObjectStore

from ocean_common.dataset_uri import ICECHUNK, ZARR_ROOTS, folder_stamp, is_remote, local, text_stamp
from ocean_core.cache import ByteBoundedCache, TTLCache
from ocean_core.errors import MessageError
from ocean_core.packing import PACKING_ATTRIBUTES
from ocean_data.reading.files import State, StoredFile, StoredVariable, unreadable
from ocean_data.reading.objects import AGAIN, Storage, storage_errors

RECENT = 2.0  # s that a state is taken for the state now
MAIN = "main"  # the branch that is read


class Zarr:
    """Plain Zarr stores."""

    def __init__(self, limit: int, storage: Storage) -> None:
        self._storage = storage
        self._states: TTLCache[State] = TTLCache(RECENT)
        self._groups: ByteBoundedCache[zarr.Group] = ByteBoundedCache(limit, lambda _: 1)

    def state(self, path: str) -> State:
        return self._states.get(path, lambda: self._head(path)) if is_remote(path) else _folder(path)

    def _head(self, path: str) -> State:
        with storage_errors(path):
            for name in ZARR_ROOTS[:-1]:
                try:
                    return self._storage.head(path, name)
                except FileNotFoundError:
                    continue
            return self._storage.head(path, ZARR_ROOTS[-1])

    @contextmanager
    def open_file(self, state: State) -> Iterator[StoredFile]:
        try:
            group = self._groups.get(state, lambda: zarr.open_group(self._store(state), mode="r"))
            yield StoredFile(
                find=lambda name: _zarr_variable(_find_array(group, name)),
                names=lambda: [name for name, _ in group.arrays()],
                attributes=lambda name: (
                    group.attrs.asdict() if name is None else _array_attributes(_find_array(group, name))
                ),
            )
        except BaseError as error:
            raise unreadable(state.path, "the object storage does not answer", retry_after=AGAIN) from error
        except icechunk.IcechunkError as error:
            raise OSError(str(error).splitlines()[0]) from error

    def _store(self, state: State) -> Store:
        if is_remote(state.path):
            return ObjectStore(self._storage.at(state.path), read_only=True)
        return LocalStore(local(state.path), read_only=True)

    def close(self) -> None:
        """Nothing stays open."""


class Icechunk(Zarr):
    """Icechunk repositories: each reading is of one snapshot."""

    def state(self, path: str) -> State:
        return self._states.get(path, lambda: self._head(path))

    def _head(self, path: str) -> State:
        try:
            snapshot = self._repository(path).lookup_branch(MAIN)
        except (icechunk.IcechunkError, ValueError) as error:
            raise unreadable(path, "it is no Icechunk repository, or does not answer", retry_after=AGAIN) from error
        return State(path, *text_stamp(snapshot), snapshot)

    def _store(self, state: State) -> Store:
        return self._repository(state.path).readonly_session(snapshot_id=str(state.mark)).store

    def _repository(self, path: str) -> icechunk.Repository:
        where = path.removeprefix(ICECHUNK)
        if not is_remote(path):
            return icechunk.Repository.open(icechunk.local_filesystem_storage(local(where)))
        parts, storage = urlsplit(where), self._storage
        return icechunk.Repository.open(
            icechunk.s3_storage(
                bucket=parts.netloc,
                prefix=parts.path.strip("/"),
                region="us-east-1" if storage.endpoint else None,  # of others it is only a word
                endpoint_url=storage.endpoint or None,
                allow_http=True,
                anonymous=storage.anonymous or None,
                access_key_id=storage.access_key or None,
                secret_access_key=storage.secret_key or None,
                from_env=None if storage.anonymous or storage.access_key else True,
                force_path_style=bool(storage.endpoint),
                network_stream_timeout_seconds=int(storage.timeout),
            )
        )


class NoArray(MessageError, LookupError):
    """A group of a store stands where an array should."""


def _find_array(group: zarr.Group, name: str) -> zarr.Array[Any]:
    found = group[name]
    if not isinstance(found, zarr.Array):
        raise NoArray("{name} is no array", name=name)
    return found


def _zarr_variable(found: zarr.Array[Any]) -> StoredVariable:
    """Describe an array with names for its dimensions, as xarray writes them."""
    if isinstance(found.metadata, ArrayV2Metadata):
        dimensions: Any = found.attrs.get("_ARRAY_DIMENSIONS", ())
    else:
        dimensions = (dimension or "" for dimension in found.metadata.dimension_names or ())
    return StoredVariable(
        dimensions=tuple(dimensions),
        shape=found.shape,
        dtype=np.dtype(found.dtype),
        attributes=_array_attributes(found),
        chunks=found.shards or found.chunks,
        read=lambda index: np.asarray(found[index or ()]),
    )


def _array_attributes(found: zarr.Array[Any]) -> dict[str, Any]:
    dtype, metadata = np.dtype(found.dtype), found.metadata
    attributes = {
        name: _typed(value, dtype) if name in PACKING_ATTRIBUTES else value
        for name, value in found.attrs.asdict().items()
        if name != "_ARRAY_DIMENSIONS"
    }
    if isinstance(metadata, ArrayV2Metadata) and metadata.fill_value is not None:
        # In v2 this is where xarray keeps the attribute; in v3 it is only what was never written.
        attributes.setdefault("_FillValue", metadata.fill_value)
    return attributes


def _folder(path: str) -> State:
    try:
        stat = Path(local(path)).stat()
        return State(path, *folder_stamp(path), (stat.st_dev, stat.st_ino))
    except OSError as error:
        raise unreadable(path, error.strerror) from error


def _typed(value: Any, dtype: np.dtype[Any]) -> Any:
    """An attribute as it was before it became JSON, which knows no types of numbers.

    A number that float32 holds exactly was one, or does as well as one.
    """
    if isinstance(value, str) and dtype.kind == "f":  # as xarray writes the fill of floats in v3
        try:
            return np.float64(struct.unpack("<d", base64.b64decode(value, validate=True))[0])
        except (ValueError, struct.error):
            return value
    array = np.asarray(value)
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            narrow = array.astype(np.float32)
        return narrow if np.array_equal(narrow, array, equal_nan=True) else array
    return value
