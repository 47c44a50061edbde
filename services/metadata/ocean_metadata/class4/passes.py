"""One pass over the Class 4 files: what changed is read and replaced, file by file."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from tqdm import tqdm

from ocean_common.contracts.class4 import Class4Kind
from ocean_metadata.class4 import reading
from ocean_metadata.class4.names import file_name
from ocean_metadata.class4.store import Class4Store, Key
from ocean_metadata.index import folder, pool
from ocean_metadata.index.headers import check_whole
from ocean_metadata.index.reasons import BROKEN, Unreadable, why
from ocean_metadata.index.stores import opened, stamp

RETRY = 60.0  # s after which unreadable files are looked at again: what they are read by can change

_log = logging.getLogger(__name__)


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What became of reading a file, in the state in which it was found."""

    size: int
    mtime_ns: int
    found: reading.Encoded | None = None
    reason: str | None = None


class Each(Protocol):
    """How files are read: in another process, or in this one."""

    def __call__(
        self, function: Callable[[str], Read], paths: Sequence[str], stop: threading.Event, /
    ) -> Iterable[tuple[str, Read | None]]:
        """Call the function for each path until told to stop; None where it breaks the process."""


class Class4Indexer:
    """Keeps the Class 4 files of the catalogue true to their folders, one pass at a time."""

    def __init__(
        self,
        store: Class4Store,
        folders: Mapping[Class4Kind, Path | None],
        stop: threading.Event,
        retry: float = RETRY,
        each: Each = pool.each,
    ) -> None:
        self._store = store
        self._folders = folders
        self._stop = stop
        self._retry = retry
        self._each = each
        self._again = time.monotonic() + retry
        self._seen: object = None

    def run(self) -> int:
        """Make one pass; the number of files that were read."""
        paths = self._paths()
        stats = {key: _stat(path) for key, path in paths.items()}
        state = (paths, stats)
        again = time.monotonic() >= self._again
        if state == self._seen and not again:
            return 0
        known = self._store.known()
        if again:
            self._again = time.monotonic() + self._retry
            known = {key: one for key, one in known.items() if not one.broken}
        new = {paths[key]: key for key, one in stats.items() if known.get(key, ())[:3] != (paths[key], *one)}
        results = self._each(read_file, list(new), self._stop)
        read = 0
        for path, result in tqdm(results, "Class 4", len(new), disable=None if new else True, unit="file"):
            self._keep(new[path], path, result or Read(size=-1, mtime_ns=0, reason="it breaks the NetCDF library"))
            read += 1
        if not self._stop.is_set():
            self._store.finish(paths)
            self._seen = state
        return read

    def _paths(self) -> dict[Key, str]:
        """The files of each kind, by their names."""
        found: dict[Key, str] = {}
        for kind, root in self._folders.items():
            for path in folder.files(root) if root else []:
                name = file_name(Path(path).name)
                if name is not None and found.setdefault((kind, name.id), path) != path:
                    _log.debug("%s: another file of this name is served", path)
        return found

    def _keep(self, key: Key, path: str, result: Read) -> None:
        if result.reason:
            _log.warning("%s: %s", Path(path).name, result.reason)
        stat = (result.size, result.mtime_ns) if result.size >= 0 else _stat(path)
        self._store.replace(key, path, stat, result.found, result.reason)


def read_file(path: str) -> Read:
    """Read a file, or tell why that cannot be done."""
    try:
        before = stamp(path)
    except OSError as error:
        return Read(size=0, mtime_ns=0, reason=why(error))
    found = Read(size=before[0], mtime_ns=before[1])
    try:
        name = file_name(Path(path).name)
        if name is None:
            raise Unreadable("its name is not one of Class 4")
        check_whole(path, before[0])
        with opened(path) as data:
            encoded = reading.read(data, name)
        if stamp(path) != before:
            raise Unreadable("it is being written")
    except BROKEN as error:
        return msgspec.structs.replace(found, reason=why(error))
    return msgspec.structs.replace(found, found=encoded)


def _stat(path: str) -> tuple[int, int]:
    try:
        return stamp(path)
    except OSError:
        return 0, 0
