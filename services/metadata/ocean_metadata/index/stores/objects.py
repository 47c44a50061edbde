"""Object storage: `s3://bucket/key`, with the credentials and endpoint that the variables `AWS_…` tell."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import h5netcdf.legacyapi  # type: ignore[import-untyped]  # it has no types
import netCDF4
import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import HTTPStore, S3Store
from zarr.storage import ObjectStore

from ocean_metadata.index.reasons import Unreadable
from ocean_metadata.index.stores.files import as_stored

_CLASSIC = b"CDF"
_PATIENCE: Any = {"timeout": timedelta(seconds=10), "connect_timeout": timedelta(seconds=3), "allow_http": True}
_RETRIES: Any = {"max_retries": 1, "retry_timeout": timedelta(seconds=10)}

Bucket = HTTPStore | S3Store


def stamp(path: str) -> tuple[int, int]:
    """Size and time of the last change of an object."""
    store, key = _bucket(path)
    try:
        found = obstore.head(store, key)
    except (NotFoundError, FileNotFoundError) as error:
        raise FileNotFoundError(path) from error
    except BaseError as error:
        raise _unreadable(error) from error
    return found["size"], int(found["last_modified"].timestamp() * 1e9)


@contextmanager
def opened(path: str) -> Iterator[Any]:
    """Open a NetCDF file: of NetCDF-4 only the parts that are asked for are fetched, of the classic formats all."""
    store, key = _bucket(path)
    try:
        if bytes(obstore.get_range(store, key, start=0, length=len(_CLASSIC))) == _CLASSIC:
            with netCDF4.Dataset(key, memory=bytes(obstore.get(store, key).bytes())) as data:
                yield as_stored(data)
        else:
            with h5netcdf.legacyapi.Dataset(_Reader(obstore.open_reader(store, key)), "r") as data:
                yield data
    except BaseError as error:
        raise _unreadable(error) from error


def zarr_store(path: str) -> ObjectStore[Bucket]:
    """The store of a Zarr hierarchy."""
    return ObjectStore(_store(path), read_only=True)


class _Reader:
    """What h5py asks of a file, over an object."""

    def __init__(self, reader: "obstore.ReadableFile") -> None:
        self._reader = reader

    def read(self, size: int = -1) -> bytes:
        return bytes(self._reader.read(None if size < 0 else size))

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._reader.seek(offset, whence)

    def tell(self) -> int:
        return self._reader.tell()


def _bucket(path: str) -> tuple[Bucket, str]:
    """Who holds an object, and its name there."""
    folder, _, key = path.rpartition("/")
    return _store(folder), key


def _store(path: str) -> Bucket:
    if not path.startswith("s3://"):
        return HTTPStore.from_url(path, client_options=_PATIENCE, retry_config=_RETRIES)
    bucket, _, prefix = path.removeprefix("s3://").partition("/")
    return S3Store(bucket, prefix=prefix or None, client_options=_PATIENCE, retry_config=_RETRIES)


def _unreadable(error: BaseError) -> Unreadable:
    return Unreadable("it cannot be fetched: {line}", line=str(error).strip().splitlines()[0])
