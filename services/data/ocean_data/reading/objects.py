"""Files in object storage: ranges of their bytes, of one version each (If-Match), many at the same time."""

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import h5py
import numpy as np
import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import HTTPStore, ObjectStore, S3Store

from ocean_core.cache import ByteBoundedCache, TTLCache
from ocean_core.errors import Message
from ocean_data.reading.chunk_index import (
    attributes_of,
    dimensions_of,
    header_variable,
    is_variable,
    open_hdf5,
    read_header,
)
from ocean_data.reading.files import (
    LIBRARY,
    Bytes,
    Range,
    State,
    StoredFile,
    StoredVariable,
    being_written,
    cut_short,
    joined,
    unreadable,
)

AGAIN = 5  # s until it is worth asking a place again that did not answer
REASONS: dict[type[Exception], Message] = {
    FileNotFoundError: Message("it is not in the object storage"),
    PermissionDeniedError: Message("the object storage denies access"),
    UnauthenticatedError: Message("the object storage denies access"),
}


class Stale(OSError):
    """An object is no longer what it was when its state was asked for."""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Object storage."""

    endpoint: str = ""  # of an S3 service that is not Amazon's
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    anonymous: bool = False  # without credentials
    timeout: float = 10.0  # s

    def root(self, url: str) -> ObjectStore:
        """The bucket, or the server, of an address."""
        parts = urlsplit(url)
        return _root(self, f"{parts.scheme}://{parts.netloc}")

    def at(self, url: str) -> ObjectStore:
        """Return the store of the objects below an address."""
        return _root(self, url.rstrip("/"))

    def head(self, url: str, name: str = "") -> State:
        """The state of an object: `url`, or what is called `name` below it. FileNotFoundError if there is none."""
        key = "/".join(part for part in (key_of(url), name) if part)
        metadata = obstore.head(self.root(url), key)
        stamp = int(metadata["last_modified"].timestamp()) * 1_000_000_000
        return State(url, metadata["size"], stamp, metadata["e_tag"])


def key_of(url: str) -> str:
    """The name of an object in its bucket."""
    return urlsplit(url).path.strip("/")


@contextmanager
def storage_errors(path: str) -> Iterator[None]:
    """Raise what object storage cannot do as the error for callers."""
    try:
        yield
    except PreconditionError as error:
        raise Stale("it was replaced") from error
    except (BaseError, OSError) as error:
        reason = REASONS.get(type(error), Message("the object storage does not answer"))
        raise unreadable(path, reason, retry_after=AGAIN) from error


@lru_cache(maxsize=256)
def _root(storage: Storage, url: str) -> ObjectStore:
    limit = timedelta(seconds=storage.timeout)
    client: Any = {  # a ClientConfig, which exists for type checkers alone
        "timeout": limit,
        "connect_timeout": min(limit, timedelta(seconds=3)),
        "allow_http": True,
    }
    retry: Any = {
        "max_retries": 2,
        "retry_timeout": limit,
        "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
    }
    if not url.startswith("s3:"):
        return HTTPStore.from_url(url, client_options=client, retry_config=retry)
    config: Any = {"skip_signature": storage.anonymous}
    if storage.endpoint:
        config["endpoint"] = storage.endpoint
    if storage.access_key:
        config |= {"access_key_id": storage.access_key, "secret_access_key": storage.secret_key}
    return S3Store.from_url(url, config=config, client_options=client, retry_config=retry)


RECENT = 2.0  # s that a state is taken for the state now
AT_ONCE = 16  # requests
GAP = 256 * 1024  # bytes between two ranges that are read rather than asked for apart
BLOCK = 512 * 1024  # bytes: what describes a file is read in blocks of this size
BLOCKS = 32 << 20  # bytes of these that are kept


class Objects:
    """The objects of any bucket."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._states: TTLCache[State] = TTLCache(RECENT)
        self._blocks: ByteBoundedCache[bytes] = ByteBoundedCache(BLOCKS, len)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="objects")

    def state(self, path: str) -> State:
        return self._states.get(path, lambda: self._head(path))

    def _head(self, path: str) -> State:
        with storage_errors(path):
            return self._storage.head(path)

    def blob(self, state: State) -> "ObjectBlob":
        return ObjectBlob(state, self)

    @contextmanager
    def open_file(self, state: State) -> Iterator[StoredFile]:
        blob = self.blob(state)
        if (header := read_header(blob)) is not None:
            yield StoredFile(
                find=lambda name: header_variable(header.variables[name], blob),
                names=lambda: header.variables,
                attributes=lambda name: header.attributes if name is None else header.variables[name].attributes,
            )
            return
        with LIBRARY, closing(open_hdf5(blob)) as identifier:
            file = h5py.File(identifier)
            yield StoredFile(
                find=lambda name: _hdf5_variable(file[name]),
                names=lambda: [name for name, item in file.items() if is_variable(item)],
                attributes=lambda name: attributes_of(file if name is None else file[name]),
            )

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def fetch(self, state: State, start: int, stop: int) -> Bytes:
        """Bytes of an object in a state; Stale if it is in another."""
        options: obstore.GetOptions = {"range": (start, stop)}
        if state.mark is not None:
            options["if_match"] = cast(str, state.mark)
        try:
            with storage_errors(state.path):
                content = obstore.get(self._storage.root(state.path), key_of(state.path), options=options).bytes()
        except Stale:
            self._states.forget(state.path)
            raise
        return np.frombuffer(memoryview(content), np.uint8)

    def fetch_later(self, state: State, start: int, stop: int) -> Future[Bytes]:
        """The same, in a thread."""
        return self._pool.submit(self.fetch, state, start, stop)

    def block(self, state: State, number: int) -> bytes:
        """A block of an object, kept."""
        start = number * BLOCK
        stop = min(start + BLOCK, state.size)
        return self._blocks.get((state, number), lambda: self.fetch(state, start, stop).tobytes())


@dataclass
class ObjectBlob:
    """One object in one state. Ranges that are announced come together, and once."""

    state: State
    objects: Objects
    coming: list[tuple[Range, Future[Bytes]]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.state.size

    def announce(self, ranges: Sequence[Range]) -> None:
        self.coming = [(part, self.objects.fetch_later(self.state, *part)) for part in joined(ranges, GAP)]

    def read(self, start: int, stop: int) -> Bytes:
        try:
            content = self._fetched(start, stop)
        except Stale as error:
            raise being_written(self.state.path) from error
        if content.size < stop - start:
            raise cut_short(self.state.path, start + content.size, stop)
        return content.copy()  # to be written to

    def _fetched(self, start: int, stop: int) -> Bytes:
        for (first, last), future in self.coming:
            if first <= start and stop <= last:
                return future.result()[start - first : stop - first]
        return self.objects.fetch(self.state, start, stop)

    def file(self) -> BinaryIO | str:
        return cast(BinaryIO, RangeFile(self.state, self.objects))

    def close(self) -> None:
        for _, future in self.coming:
            future.cancel()
        self.coming = []


class RangeFile(io.RawIOBase):
    """An object as a library reads a file: block by block. Its position is that to which `seek` goes by nothing."""

    def __init__(self, state: State, objects: Objects) -> None:
        super().__init__()
        self._state = state
        self._objects = objects
        self._at = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._state.size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        into = memoryview(buffer).cast("B")
        count = max(0, min(len(into), self._state.size - self._at))
        position = 0
        while position < count:
            number, inside = divmod(self._at + position, BLOCK)
            part = self._objects.block(self._state, number)[inside : inside + count - position]
            into[position : position + len(part)] = part
            position += len(part)
        self._at += count
        return count


def _hdf5_variable(found: h5py.Dataset) -> StoredVariable:
    return StoredVariable(
        dimensions=dimensions_of(found.id) or _numbered_dimensions(found),
        shape=tuple(found.shape),
        dtype=found.dtype,
        attributes=attributes_of(found),
        chunks=tuple(found.chunks or found.shape),
        read=lambda index: np.asarray(found[index or ()]),
    )


def _numbered_dimensions(found: h5py.Dataset) -> tuple[str, ...]:
    """Dimensions of a coordinate variable, which has no scales: NetCDF numbers them."""
    numbers = found.attrs.get("_Netcdf4Coordinates", found.attrs.get("_Netcdf4Dimid"))
    if numbers is None:
        return (found.name.rpartition("/")[2],) if found.ndim == 1 else ()
    axes = {name: axis for name, axis in found.parent.items() if isinstance(axis, h5py.Dataset) and axis.is_scale}
    names = {int(axis.attrs.get("_Netcdf4Dimid", -1)): name for name, axis in axes.items()}
    return tuple(names.get(int(number), "") for number in np.atleast_1d(numbers))
