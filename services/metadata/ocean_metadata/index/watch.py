"""Passes over the files of datasets: what changed is read, and its datasets are replaced."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
import sqlalchemy as sa
import structlog
from tqdm import tqdm

from ocean_common import dataset_uri
from ocean_common.contracts.assets import File
from ocean_core.errors import Message
from ocean_metadata.catalogue.database import AWAY, ProcessLock
from ocean_metadata.catalogue.model import DatasetRecord, StepArrays, list_notes
from ocean_metadata.catalogue.store import CatalogueWriter
from ocean_metadata.code_version import code_version
from ocean_metadata.index import build, grids, scan
from ocean_metadata.index.configuration import ConfigurationError, load_configuration
from ocean_metadata.index.families import group_files
from ocean_metadata.index.grids import DetailRequest, FileDetail, list_details, read_detail
from ocean_metadata.index.model import DatasetSpec, FileHeader
from ocean_metadata.index.selection import SourceFile, complete_headers
from ocean_metadata.index.storage import BROKEN, REMOTE, Stamp, Unreadable, describe_error

RECENT = 30.0  # s after the last change of an unreadable file in which it is read again in every pass
RETRY = 60.0  # s after which all unreadable files are read again: what reads them can change without the file
BATCH = 200  # headers stored at once: a command that is killed continues after them
IDLE_FACTOR = 10  # the pause after a pass is this many times its duration: many unchanged files cost little …
MAX_PAUSE = 10.0  # s … and changes are still noticed within seconds

# Modules whose output is stored; what configurations say is compared as it is.
READERS = (scan.__name__, REMOTE, grids.__name__, build.__name__)
NOT_READ = Message("it was not read")

_decode_header = msgspec.msgpack.Decoder(FileHeader).decode
_log = logging.getLogger(__name__)
_events = structlog.get_logger("ocean.index")


def reading_version() -> int:
    """Return the version of headers, details and datasets: with another one everything is read and built again."""
    return code_version(*READERS)


class DatasetIndexer:
    """Keeps the datasets of a catalogue equal to their files, one pass at a time."""

    def __init__(
        self,
        store: CatalogueWriter,
        stop: threading.Event,
        *,
        datasets: Path | None = None,
        folder: Path | None = None,
        stubs: Path | None = None,
        workers: int = 0,
        retry: float = RETRY,
    ) -> None:
        self._store = store
        self._stop = stop
        self._datasets = datasets  # a configuration, with its folder of stubs; else a folder of files
        self._folder = folder
        self._stubs = stubs
        self._workers = workers
        self._retry = retry
        self._next_retry = time.monotonic() + retry
        self._states = scan.FileStates()
        self._failed: dict[str, tuple[Stamp, Message]] = {}
        self._last_state: object = None  # of configuration and files in the last pass

    def run(self) -> int:
        """Make one pass; return how many datasets were replaced."""
        # The configuration is read in every pass, since the files of its patterns can change.
        specs = load_configuration(self._datasets, self._stubs) if self._datasets else []
        paths = sorted({path for spec in specs for path in spec.paths})
        if self._folder:
            paths = scan.list_files(self._folder)
        indexed = self._store.file_states() if any(map(dataset_uri.is_remote, paths)) else {}
        stats = {path: self._states.read(path, indexed) for path in paths}
        state = (sorted(stats.items()), [msgspec.msgpack.encode(spec) for spec in specs])
        if state == self._last_state and not self._must_retry(stats):
            return 0
        self._read_headers(stats)
        if self._stop.is_set():
            return 0
        if self._folder:
            stored = self._store.headers([path for path in paths if path not in self._failed])
            headers = {path: _decode_header(header) for path, (header, _) in stored.items()}
            specs = group_files(paths, headers, str(self._folder))
        replaced = self._rebuild(specs, stats)
        if not self._stop.is_set():
            self._store.finish({spec.id for spec in specs}, set(paths))
            self._last_state = state
        return replaced

    def _must_retry(self, stats: dict[str, Stamp]) -> bool:
        if self._failed and time.monotonic() >= self._next_retry:
            return True
        now = time.time_ns()
        return any(now - stats[path][1] < RECENT * 1e9 for path in self._failed if path in stats)

    def _read_headers(self, stats: dict[str, Stamp]) -> None:
        indexed = self._store.file_states()
        now = time.time_ns()
        settled = {path for path, (stat, _) in self._failed.items() if now - stat[1] >= RECENT * 1e9}
        if time.monotonic() >= self._next_retry:
            settled, self._next_retry = set(), time.monotonic() + self._retry
        before = self._failed
        self._failed = {
            path: entry for path, entry in before.items() if path in settled and stats.get(path) == entry[0]
        }
        new = [path for path, stat in stats.items() if indexed.get(path) != stat and path not in self._failed]
        if not new:
            return
        batch: list[tuple[str, Stamp, bytes]] = []
        results = scan.read_headers(new, self._workers, self._stop)
        for result in tqdm(results, "headers", len(new), disable=None, unit="file"):
            path = result.path
            if result.header is None:
                self._failed[path] = (stats[path], result.reason or NOT_READ)
                if before.get(path) != self._failed[path]:
                    _log.warning("%s: %s", path.rpartition("/")[2], result.reason)
            else:
                stats[path] = result.stat
                batch.append((path, stats[path], msgspec.msgpack.encode(result.header)))
            if len(batch) >= BATCH:
                self._store.save_headers(batch)
                batch = []
        self._store.save_headers(batch)

    def _rebuild(self, specs: Sequence[DatasetSpec], stats: dict[str, Stamp]) -> int:
        revisions = self._store.revisions()
        changed = [
            (position, spec)
            for position, spec in enumerate(specs)
            if revisions.get(spec.id) != (self._revision(spec, stats), position)
        ]
        for position, spec in tqdm(changed, "datasets", disable=None, unit="dataset"):
            if self._stop.is_set():
                break
            record, steps = self._build(spec, stats)
            for note in list_notes(record):
                _log.warning("%s: %s: %s", spec.id, note.name, note.text)
            self._store.replace(record, steps, position)
        return len(changed)

    def _revision(self, spec: DatasetSpec, stats: dict[str, Stamp]) -> str:
        files = [(path, stats[path], str(self._failed[path][1]) if path in self._failed else "") for path in spec.paths]
        content = repr((reading_version(), msgspec.msgpack.encode(spec), files))
        return hashlib.blake2b(content.encode(), digest_size=12).hexdigest()

    def _build(self, spec: DatasetSpec, stats: dict[str, Stamp]) -> tuple[DatasetRecord, list[StepArrays]]:
        stored = self._store.headers([path for path in spec.paths if path not in self._failed])
        sources = complete_headers(
            spec, [self._make_source(path, stats[path], stored.get(path)) for path in spec.paths]
        )
        details: dict[int, FileDetail] = {}
        while missing := [
            request
            for request in list_details(spec, sources)
            if request.file not in details or details[request.file].request != request
        ]:
            for request in missing:
                path, source = spec.paths[request.file], sources[request.file]
                try:
                    detail = self._read_detail(path, source, request, stored[path][1])
                    details[request.file] = detail
                    if detail.unreadable:
                        header = source.readable_header.with_reasons(detail.unreadable)
                        sources[request.file] = source._replace(header=header)
                except BROKEN as error:
                    # The header is readable, the coordinates are not.
                    sources[request.file] = source._replace(header=None, reason=describe_error(error))
        return build.DatasetBuilder(spec, sources, details).build(self._revision(spec, stats))

    def _make_source(self, path: str, stat: Stamp, stored: tuple[bytes, bytes | None] | None) -> SourceFile:
        file = File(path=path, size=stat[0], mtime_ns=stat[1])
        if stored is not None:
            return SourceFile(file, _decode_header(stored[0]), None)
        return SourceFile(file, None, self._failed[path][1] if path in self._failed else NOT_READ)

    def _read_detail(self, path: str, source: SourceFile, request: DetailRequest, stored: bytes | None) -> FileDetail:
        detail: FileDetail | None
        if stored is not None:
            detail = msgspec.msgpack.decode(stored, type=FileDetail)
            if detail.request == request:
                return detail
        read = partial(read_detail, header=source.readable_header, request=request)
        if dataset_uri.kind_of(path) == scan.RISKY:
            ((_, detail),) = scan.map_in_processes(read, [path], threading.Event())
        else:
            detail = read(path)
        if detail is None:
            raise Unreadable(scan.LIBRARY_FAILS)
        self._store.save_detail(path, msgspec.msgpack.encode(detail))
        return detail


class IndexWatcher:
    """Makes passes while this process holds the lock."""

    def __init__(
        self,
        passes: Sequence[Callable[[], int]],
        store: CatalogueWriter,
        engine: sa.Engine,
        stop: threading.Event,
    ) -> None:
        self._passes = passes  # over the files of a part of the catalogue; each returns how much it replaced
        self._store = store
        self._indexing = ProcessLock(engine, "indexing")  # no pass works with a file list from before another pass
        self._watching = ProcessLock(engine, "watching")  # one of several instances reads the files
        self._stop = stop
        self._duration = 0.0  # s

    def run_once(self) -> None:
        replaced = self._run_pass()
        seconds = round(self._duration, 2)
        _events.info("indexed", datasets=len(self._store.revisions()), replaced=replaced, seconds=seconds)

    def run_forever(self, interval: float) -> None:
        """Make a pass every ``interval`` seconds; the first must succeed, errors of later ones are logged."""
        last_error, is_first, is_waiting = "", True, False
        while not self._stop.is_set():
            try:
                if not self._watching.acquire():
                    if not is_waiting:
                        _events.info("another process watches the files")
                    is_waiting = True
                elif is_first:
                    self.run_once()
                    is_first = False
                elif replaced := self._run_pass():
                    _events.info("indexed", replaced=replaced)
                last_error = ""
            except (ConfigurationError, *AWAY, OSError) as error:
                if is_first and not is_waiting:
                    raise
                if str(error) != last_error:
                    last_error = str(error)
                    _events.warning("not indexed", reason=last_error)
            self._stop.wait(max(interval, min(IDLE_FACTOR * self._duration, MAX_PAUSE)))
        self._watching.release()

    def _run_pass(self) -> int:
        with self._indexing.held(self._stop) as is_ours:
            started = time.monotonic()
            replaced = sum(make_pass() for make_pass in self._passes) if is_ours else 0
            self._duration = time.monotonic() - started if not replaced else 0.0
        return replaced
