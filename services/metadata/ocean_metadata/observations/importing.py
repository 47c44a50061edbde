"""Imports files: each once, a changed one in place of what it was, and none by half."""

import hashlib
import threading
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import NamedTuple, get_args

import msgspec

from ocean_common.contracts.observations import PlatformType
from ocean_metadata.code_version import code_version
from ocean_metadata.observations.formats.decoding import UnreadableFile
from ocean_metadata.observations.formats.readers import is_readable, read_platforms
from ocean_metadata.observations.store import ImportState, ObservationStore

_READERS = "ocean_metadata.observations.formats.readers"  # files are imported again where their code has changed
_CASTS = 500  # in one transaction


class ImportStopped(Exception):
    """The import was asked to stop; what is imported stays."""


class ImportResult(NamedTuple):
    """Outcome of importing a file."""

    stations: int | None  # None: nothing had to be done
    problem: str | None = None


def find_sources(paths: Iterable[Path]) -> list[Path]:
    """Return the files, and folders of tables, under some paths; in order."""
    sources: list[Path] = []
    for path in paths:
        if path.is_dir() and not is_readable(path):
            for candidate in sorted(path.rglob("*")):
                in_tables = any(is_readable(folder) for folder in candidate.parents if folder.is_relative_to(path))
                if is_readable(candidate) and not in_tables:
                    sources.append(candidate.resolve())
        else:
            sources.append(path.resolve())
    return list(dict.fromkeys(sources))


class Importer:
    """Imports files, one after the other."""

    def __init__(self, store: ObservationStore, stop: threading.Event, platform_type: PlatformType | None) -> None:
        self._store = store
        self._stop = stop
        self._platform_type: PlatformType | None = platform_type
        self._states = store.imported_files()
        self._digests = {state.digest for state in self._states.values()}

    def import_file(self, path: Path, report_progress: Callable[[int], object]) -> ImportResult:
        """Import one file; ``report_progress`` is called with the number of stations as they are written."""
        try:
            stats = [file.stat() for file in _files(path)]
            state = ImportState(sum(stat.st_size for stat in stats), max(stat.st_mtime_ns for stat in stats), "")
            before = self._states.get(str(path))
            platform_type = self._platform_type or _digest_platform_type(before)
            prefix = f"{code_version(_READERS)} {platform_type or ''}:"
            if before and before.digest.startswith(prefix) and before[:2] == state[:2]:
                return ImportResult(None)
            state = state._replace(digest=prefix + _hash_content(path))
            if before and before.digest == state.digest:
                self._store.update_state(str(path), state)
                return ImportResult(None)
            if before is None and state.digest in self._digests:
                return ImportResult(None)  # a copy
            return self._read_and_write(path, platform_type, state, report_progress)
        except (UnreadableFile, OSError, RuntimeError, ValueError, IndexError, KeyError, AttributeError) as error:
            # Readers of a broken file may raise any of these; the other files are to be imported all the same.
            return ImportResult(None, problem=str(error) or type(error).__name__)

    def _read_and_write(
        self,
        path: Path,
        platform_type: PlatformType | None,
        state: ImportState,
        report_progress: Callable[[int], object],
    ) -> ImportResult:
        platforms = read_platforms(path, platform_type)
        first = next(platforms, None)
        if first is None:
            raise UnreadableFile("it has no station with a time and a place")
        source = self._store.begin_import(str(path))
        stations: set[int] = set()
        for platform in chain([first], platforms):
            for start in range(0, len(platform.casts), _CASTS):
                if self._stop.is_set():
                    raise ImportStopped
                part = msgspec.structs.replace(platform, casts=platform.casts[start : start + _CASTS])
                stations |= set(self._store.write_platform(source, part))
                report_progress(len(part.casts))
        self._store.finish_import(source, state, stations)
        self._states[str(path)] = state
        self._digests.add(state.digest)
        return ImportResult(len(stations))


def _digest_platform_type(state: ImportState | None) -> PlatformType | None:
    """Return the platform type that an operator once gave for a file."""
    text = state.digest.partition(":")[0].partition(" ")[2] if state else ""
    return next((platform_type for platform_type in get_args(PlatformType) if platform_type == text), None)


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def _hash_content(path: Path) -> str:
    digests = []
    for source in _files(path):
        with source.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return " ".join(digests)
