"""Zarr and Icechunk stores, and objects in object storage, with the interface of a `netCDF4.Dataset`.

Credentials and endpoint of object storage come from the environment variables `AWS_…`.
"""

import base64
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import h5netcdf.legacyapi  # type: ignore[import-untyped]  # it has no types
import icechunk
import netCDF4
import numpy as np
import obstore
import zarr
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import HTTPStore, S3Store
from zarr.errors import BaseZarrError, GroupNotFoundError
from zarr.storage import ObjectStore

from ocean_common import dataset_uri
from ocean_metadata.index.storage import TIMEOUT, Stamp, Unreadable, read_as_stored

_NETCDF3 = b"CDF"
_BRANCH = "main"  # of Icechunk repositories
_CLIENT: Any = {"timeout": timedelta(seconds=TIMEOUT), "connect_timeout": timedelta(seconds=3), "allow_http": True}
_RETRIES: Any = {"max_retries": 1, "retry_timeout": timedelta(seconds=TIMEOUT)}

Bucket = HTTPStore | S3Store


@contextmanager
def _storage_errors(path: str) -> Iterator[None]:
    try:
        yield
    except (NotFoundError, GroupNotFoundError) as error:
        raise FileNotFoundError(path) from error
    except BaseError as error:
        raise Unreadable("it cannot be fetched: {error}", error=_first_line(error)) from error
    except icechunk.IcechunkError as error:
        raise Unreadable("its Icechunk repository cannot be opened: {error}", error=_first_line(error)) from error
    except BaseZarrError as error:
        raise Unreadable("its Zarr metadata are invalid: {error}", error=error) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def read_stamp(path: str) -> Stamp:
    """Return what changes when an object or store changes; raise OSError or Unreadable if it does not exist."""
    kind = dataset_uri.kind_of(path)
    if kind == "object":
        return _read_object_stamp(path)
    if kind == "icechunk":
        with _storage_errors(path):
            return dataset_uri.text_stamp(_open_repository(path).lookup_branch(_BRANCH))
    if not dataset_uri.is_remote(path):
        return dataset_uri.folder_stamp(path)
    for name in dataset_uri.ZARR_ROOTS:
        try:
            return _read_object_stamp(f"{path.rstrip('/')}/{name}")
        except FileNotFoundError:
            continue
    raise FileNotFoundError(path)


@contextmanager
def open_dataset(path: str) -> Iterator[Any]:
    """Open an object or store."""
    kind = dataset_uri.kind_of(path)
    with _storage_errors(path):
        if kind == "object":
            yield from _open_object(path)
            return
        store: Any = dataset_uri.local(path)
        if kind == "icechunk":
            store = _open_repository(path).readonly_session(_BRANCH).store
        elif dataset_uri.is_remote(path):
            store = ObjectStore(_open_store(path), read_only=True)
        yield ZarrDataset(zarr.open_group(store, mode="r"))


# Object storage


def _read_object_stamp(path: str) -> Stamp:
    store, key = _split_object(path)
    with _storage_errors(path):
        status = obstore.head(store, key)
    return status["size"], int(status["last_modified"].timestamp() * 1e9)


def _open_object(path: str) -> Iterator[Any]:
    """Open a NetCDF file: parts of NetCDF-4 are fetched when they are read, a classic file is fetched whole."""
    store, key = _split_object(path)
    if bytes(obstore.get_range(store, key, start=0, length=len(_NETCDF3))) == _NETCDF3:
        with read_as_stored(netCDF4.Dataset(key, memory=bytes(obstore.get(store, key).bytes()))) as data:
            yield data
    else:
        with h5netcdf.legacyapi.Dataset(_ObjectFile(obstore.open_reader(store, key)), "r") as data:
            yield data


class _ObjectFile:
    """File interface of an object: h5py takes nothing but bytes."""

    def __init__(self, reader: "obstore.ReadableFile") -> None:
        self._reader = reader
        self.seek, self.tell = reader.seek, reader.tell

    def read(self, size: int = -1) -> bytes:
        return bytes(self._reader.read(None if size < 0 else size))


def _split_object(path: str) -> tuple[Bucket, str]:
    folder, _, key = path.rpartition("/")
    return _open_store(folder), key


def _open_store(path: str) -> Bucket:
    if not path.startswith("s3://"):
        return HTTPStore.from_url(path, client_options=_CLIENT, retry_config=_RETRIES)
    bucket, _, prefix = path.removeprefix("s3://").partition("/")
    return S3Store(bucket, prefix=prefix or None, client_options=_CLIENT, retry_config=_RETRIES)


# Icechunk


def _open_repository(path: str) -> icechunk.Repository:
    if not dataset_uri.is_remote(path):
        return icechunk.Repository.open(icechunk.local_filesystem_storage(dataset_uri.local(path)))
    address = urlsplit(path.removeprefix(dataset_uri.ICECHUNK))
    if address.scheme != "s3":
        raise Unreadable("it is an Icechunk repository, which must be in a folder or in object storage (s3://)")
    return icechunk.Repository.open(
        icechunk.s3_storage(
            bucket=address.netloc,
            prefix=address.path.strip("/"),
            allow_http=True,
            from_env=True,
            force_path_style=True,
            network_stream_timeout_seconds=TIMEOUT,
        )
    )


# Zarr


class _Attributed:
    """Object with the attributes of a NetCDF dataset or variable."""

    def __init__(self, attributes: dict[str, Any]) -> None:
        self._attributes = attributes

    def ncattrs(self) -> list[str]:
        return list(self._attributes)

    def getncattr(self, name: str) -> Any:
        return self._attributes[name]


class ZarrVariable(_Attributed):
    """Array with the interface of a NetCDF variable."""

    def __init__(self, name: str, array: "zarr.Array[Any]") -> None:
        self.name = name
        self.shape = array.shape
        self.dtype = array.dtype if np.dtype(array.dtype).kind in "iufbSU" else "str"
        attributes = dict(array.attrs)
        names: Any = attributes.pop("_ARRAY_DIMENSIONS", None) or getattr(array.metadata, "dimension_names", None)
        names = names or [None] * len(self.shape)
        self.dimensions = tuple(dimension or f"{name}_{axis}" for axis, dimension in enumerate(names))
        self._array = array
        super().__init__(_with_fill_value(attributes, array))

    def __getitem__(self, index: Any) -> Any:
        # A scalar has only the empty index.
        return self._array[index if self.shape else ()]


class ZarrDataset(_Attributed):
    """Group with the interface of a NetCDF dataset."""

    def __init__(self, group: zarr.Group) -> None:
        super().__init__(dict(group.attrs))
        try:
            self.variables = {name: ZarrVariable(name, array) for name, array in sorted(group.arrays())}
        except KeyError as error:
            raise Unreadable("its Zarr metadata are invalid: {error}", error=error) from error
        self.groups = sorted(group.group_keys())
        self.dimensions = _dimension_lengths(self.variables)


def _dimension_lengths(variables: Mapping[str, ZarrVariable]) -> dict[str, range]:
    """Return dimensions as ranges of their length."""
    dimensions: dict[str, range] = {}
    for variable in variables.values():
        for name, size in zip(variable.dimensions, variable.shape, strict=True):
            if len(dimensions.setdefault(name, range(size))) != size:
                raise Unreadable(
                    "its dimension {name} has two lengths: {first} and {second}",
                    name=name,
                    first=len(dimensions[name]),
                    second=size,
                )
    return dimensions


def _with_fill_value(attributes: dict[str, Any], array: "zarr.Array[Any]") -> dict[str, Any]:
    """Add `_FillValue` as NetCDF has it: apart from attributes in version 2, floats in base 64 in version 3."""
    fill = attributes.get("_FillValue")
    if fill is None and array.metadata.zarr_format == 2 and array.fill_value is not None:
        return {**attributes, "_FillValue": np.asarray(array.fill_value)[()]}
    if isinstance(fill, str) and np.dtype(array.dtype).kind == "f":
        (number,) = struct.unpack("<d", base64.standard_b64decode(fill))
        return {**attributes, "_FillValue": number}
    return attributes
