"""One pass over the files: what changed is read, and its datasets are replaced."""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from tqdm import tqdm

from ocean_common import dataset_uri
from ocean_common.contracts.assets import File
from ocean_metadata.catalogue.model import Built
from ocean_metadata.catalogue.store import CatalogueWriter, Stat
from ocean_metadata.code_version import code_version
from ocean_metadata.index import configuration, folder, pool, stores
from ocean_metadata.index.assemble import assemble
from ocean_metadata.index.detail import Detail
from ocean_metadata.index.families import Named, families
from ocean_metadata.index.file_header import FileHeader
from ocean_metadata.index.grids import read_detail
from ocean_metadata.index.merging import prepare
from ocean_metadata.index.plan import Source, Wanted, wanted
from ocean_metadata.index.reasons import BROKEN, Unreadable, why
from ocean_metadata.index.spec import DatasetSpec
from ocean_metadata.index.stores import stamp

SETTLED = 30.0  # s after its last change in which an unreadable file is looked at again
RETRY = 60.0  # s after which every unreadable file is: what it may be read by can change, and the file does not
KEPT = 60.0  # s for which the state of what is elsewhere is taken for what it was
BATCH = 200  # headers kept at once: a command that is killed goes on from there

_log = logging.getLogger(__name__)


def reading_version() -> int:
    """Return the version of headers, details and datasets: with another one everything is read and built again."""
    return code_version(__name__, *stores.MODULES.values())


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Where the datasets come from: a configuration or a folder."""

    datasets: Path | None = None
    folder: Path | None = None
    stubs: Path | None = None
    workers: int = 0


class _KeptDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A detail, and what it was asked for."""

    asked: Wanted
    detail: Detail


class Indexer:
    """Keeps a catalogue true to its files, one pass at a time."""

    def __init__(self, store: CatalogueWriter, told: Told, stop: threading.Event, retry: float = RETRY) -> None:
        self._store = store
        self._told = told
        self._stop = stop
        self._retry = retry
        self._again = time.monotonic() + retry
        self._stamps = Stamps()
        self._failed: dict[str, tuple[Stat, str]] = {}
        self._seen: object = None  # the state of everything at the last pass
        self._specs: tuple[object, list[DatasetSpec]] = (None, [])

    def run(self) -> int:
        """Make one pass; the number of datasets that were replaced."""
        specs = self._configured()
        paths = (
            folder.files(self._told.folder) if self._told.folder else sorted({p for one in specs for p in one.paths})
        )
        known = self._store.file_states() if any(map(dataset_uri.is_remote, paths)) else {}
        stats = {path: self._stamps.now(path, known) for path in paths}
        state = (sorted(stats.items()), [msgspec.msgpack.encode(one) for one in specs])
        if state == self._seen and not self._young(stats):
            return 0
        self._read(stats)
        if self._stop.is_set():
            return 0
        if self._told.folder:
            specs = families(self._named(paths), str(self._told.folder))
        replaced = self._rebuild(specs, stats)
        if not self._stop.is_set():
            self._store.finish([one.id for one in specs], paths)
            self._seen = state
        return replaced

    def _configured(self) -> list[DatasetSpec]:
        """The configuration; its files are read again only when they changed, its patterns always."""
        if self._told.datasets is None:
            return []
        return configuration.load(self._told.datasets, self._told.stubs)

    def _young(self, stats: dict[str, Stat]) -> bool:
        """Whether a file that could not be read may be whole by now."""
        if self._failed and time.monotonic() >= self._again:
            return True
        now = time.time_ns()
        return any(now - stats[path][1] < SETTLED * 1e9 for path in self._failed if path in stats)

    def _read(self, stats: dict[str, Stat]) -> None:
        """Read the headers of new and changed files."""
        known = self._store.file_states()
        now = time.time_ns()
        settled = {path for path, (stat, _) in self._failed.items() if now - stat[1] >= SETTLED * 1e9}
        if time.monotonic() >= self._again:
            settled, self._again = set(), time.monotonic() + self._retry
        told = self._failed
        self._failed = {path: kept for path, kept in told.items() if path in settled and stats.get(path) == kept[0]}
        new = [path for path, stat in stats.items() if known.get(path) != stat and path not in self._failed]
        if not new:
            return
        batch: list[tuple[str, Stat, bytes]] = []
        for one in tqdm(
            pool.read_all(new, self._told.workers, self._stop), "headers", len(new), disable=None, unit="file"
        ):
            if one.header is None:
                self._failed[one.path] = (stats[one.path], one.reason or "")
                if told.get(one.path) != self._failed[one.path]:
                    _log.warning("%s: %s", os.path.basename(one.path), one.reason)  # noqa: PTH119  as in reasons
            else:
                batch.append((one.path, (one.size, one.mtime_ns), msgspec.msgpack.encode(one.header)))
                stats[one.path] = (one.size, one.mtime_ns)
            if len(batch) >= BATCH:
                self._store.save_headers(batch)
                batch = []
        self._store.save_headers(batch)

    def _named(self, paths: Sequence[str]) -> list[Named]:
        readable = [path for path in paths if path not in self._failed]
        kept = self._store.headers(readable)
        decoder = msgspec.msgpack.Decoder(FileHeader)
        return [Named(path, decoder.decode(kept[path][0]) if path in kept else None) for path in paths]

    def _rebuild(self, specs: Sequence[DatasetSpec], stats: dict[str, Stat]) -> int:
        """Replace the datasets whose configuration or files changed."""
        known = self._store.revisions()
        changed = [
            (position, one)
            for position, one in enumerate(specs)
            if known.get(one.id) != (self._revision(one, stats), position)
        ]
        for position, one in tqdm(changed, "datasets", disable=None, unit="dataset"):
            if self._stop.is_set():
                break
            self._store.replace(self._build(one, stats), position)
        return len(changed)

    def _revision(self, spec: DatasetSpec, stats: dict[str, Stat]) -> str:
        files = [(path, stats[path], self._failed.get(path, ("", ""))[1]) for path in spec.paths]
        content = repr((reading_version(), msgspec.msgpack.encode(spec), files))
        return hashlib.blake2b(content.encode(), digest_size=12).hexdigest()

    def _build(self, spec: DatasetSpec, stats: dict[str, Stat]) -> Built:
        kept = self._store.headers([path for path in spec.paths if path not in self._failed])
        sources = prepare(spec, [self._source(path, stats[path], kept.get(path)) for path in spec.paths])
        found: dict[int, _KeptDetail] = {}
        while missing := [
            one for one in wanted(spec, sources) if one.file not in found or found[one.file].asked != one
        ]:
            for one in missing:
                path, source = spec.paths[one.file], sources[one.file]
                try:
                    found[one.file] = self._detail(path, source, one, kept[path][1])
                except BROKEN as error:
                    # The header was whole, but what is behind it is not.
                    sources[one.file] = source._replace(header=None, reason=why(error))
        details = {number: each.detail for number, each in found.items()}
        return assemble(spec, sources, details, self._revision(spec, stats))

    def _source(self, path: str, stat: Stat, kept: tuple[bytes, bytes | None] | None) -> Source:
        file = File(path=path, size=stat[0], mtime_ns=stat[1])
        if kept is None:
            return Source(file, None, self._failed.get(path, ("", "it was not read"))[1])
        return Source(file, msgspec.msgpack.decode(kept[0], type=FileHeader), None)

    def _detail(self, path: str, source: Source, asked: Wanted, kept: bytes | None) -> _KeptDetail:
        if kept is not None:
            found = msgspec.msgpack.decode(kept, type=_KeptDetail)
            if found.asked == asked:
                return found
        assert source.header is not None  # noqa: S101  only files with a header are asked for
        given = path, source.header, asked
        detail = pool.alone(read_detail, *given) if dataset_uri.kind_of(path) in pool.RISKY else read_detail(*given)
        fresh = _KeptDetail(asked=asked, detail=detail)
        self._store.save_detail(path, msgspec.msgpack.encode(fresh))
        return fresh


class Stamps:
    """The state of files now; of what is elsewhere, of not long ago."""

    def __init__(self, kept: float = KEPT) -> None:
        self._kept = kept
        self._remote: dict[str, tuple[float, Stat]] = {}

    def now(self, path: str, known: Mapping[str, Stat]) -> Stat:
        """The state of a file; (0, 0) where there is none."""
        if dataset_uri.kind_of(path) == "file":
            return _stat(dataset_uri.local(path))
        if not dataset_uri.is_remote(path):
            return self._ask(path, (0, 0))
        told, found = self._remote.get(path, (-self._kept, (0, 0)))
        if time.monotonic() - told >= self._kept:
            # Who cannot be reached for a moment is not gone.
            found = self._ask(path, known.get(path, (0, 0)))
            self._remote[path] = time.monotonic(), found
        return found

    def _ask(self, path: str, otherwise: Stat) -> Stat:
        try:
            return stamp(path)
        except FileNotFoundError:
            return 0, 0
        except (OSError, Unreadable):
            return otherwise


def _stat(path: str) -> Stat:
    try:
        found = os.stat(path)  # noqa: PTH116  a Path for each of 100,000 files takes a second
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns
