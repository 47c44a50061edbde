"""Indexes Class 4 files: in each pass, files that changed are read and replaced, one by one."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tqdm import tqdm

from ocean_common.contracts.observations import Class4Kind
from ocean_metadata.class4.model import parse_file_name
from ocean_metadata.class4.reading import FileReading, read_class4_file
from ocean_metadata.class4.store import Class4Store, FileKey
from ocean_metadata.index.scan import LIBRARY_FAILS, list_files, map_in_processes
from ocean_metadata.index.storage import read_stamp

_RETRY = 60.0  # s after which unreadable files are read again: the libraries that read them can change

ReadEach = Callable[..., Iterable[tuple[str, FileReading | None]]]

_log = logging.getLogger(__name__)


class Class4Indexer:
    """Keeps the Class 4 files of the catalogue equal to their folders, one pass at a time.

    ``read_each`` calls a function for each path until the event is set; None where that ends the process.
    """

    def __init__(
        self,
        store: Class4Store,
        folders: Mapping[Class4Kind, Path | None],
        stop: threading.Event,
        retry: float = _RETRY,
        read_each: ReadEach = map_in_processes,
    ) -> None:
        self._store = store
        self._folders = folders
        self._stop = stop
        self._retry = retry
        self._read_each = read_each
        self._next_retry = time.monotonic() + retry
        self._last_state: object = None

    def run(self) -> int:
        """Make one pass; return the number of files that were read."""
        paths = self._find_paths()
        stats = {key: _stat(path) for key, path in paths.items()}
        state = (paths, stats)
        retry = time.monotonic() >= self._next_retry
        if state == self._last_state and not retry:
            return 0
        if retry:
            self._next_retry = time.monotonic() + self._retry
        states = self._store.file_states(with_broken=not retry)
        changed = {paths[key]: key for key, stat in stats.items() if states.get(key) != (paths[key], *stat)}
        readings = self._read_each(read_class4_file, list(changed), self._stop)
        count = 0
        for path, reading in tqdm(readings, "Class 4", len(changed), disable=None if changed else True, unit="file"):
            result = reading or FileReading(stamp=_stat(path), reason=LIBRARY_FAILS)
            if result.reason:
                _log.warning("%s: %s", Path(path).name, result.reason)
            self._store.replace(changed[path], path, result)
            count += 1
        if not self._stop.is_set():
            self._store.remove_all_but(paths)
            self._last_state = state
        return count

    def _find_paths(self) -> dict[FileKey, str]:
        """Return the files of each kind, by their ids."""
        paths: dict[FileKey, str] = {}
        for kind, root in self._folders.items():
            for path in list_files(root) if root else []:
                is_class4 = parse_file_name(Path(path).name) is not None
                if is_class4 and paths.setdefault((kind, Path(path).stem), path) != path:
                    _log.debug("%s: another file of this name is served", path)
        return paths


def _stat(path: str) -> tuple[int, int]:
    try:
        return read_stamp(path)
    except OSError:
        return 0, 0
