"""Brings files into the database: each once, a changed one in its own place, and none by half."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import msgspec

from ocean_common.contracts.observations import PlatformType
from ocean_metadata.observations.formats import Unreadable, is_readable, read, reading_version
from ocean_metadata.observations.records import Platform
from ocean_metadata.observations.store import Known, ObservationStore

_CASTS = 500  # in one transaction
_PIECE = 2**20  # bytes


class Stopped(Exception):
    """It was asked to stop; what is in is in."""


class Outcome(NamedTuple):
    """What became of a file."""

    path: Path
    stations: int | None  # None: nothing was to be done
    gone: int = 0  # stations that a corrected file does not have any more
    problem: str | None = None


def sources(paths: Iterable[Path]) -> list[Path]:
    """The files, and folders of tables, under some paths; in order."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir() and not is_readable(path):
            for each in sorted(path.rglob("*")):
                tables = any(is_readable(folder) for folder in each.parents if folder.is_relative_to(path))
                if is_readable(each) and not tables:
                    found[each.resolve()] = None
        else:
            found[path.resolve()] = None
    return list(found)


class Importer:
    """Imports files, one after the other."""

    def __init__(self, store: ObservationStore, stop: threading.Event, kind: PlatformType | None = None) -> None:
        self._store = store
        self._stop = stop
        self._kind: PlatformType | None = kind
        self._known = store.known()
        self._digests = {one.digest for one in self._known.values()}

    def bring(self, path: Path, tell: Callable[[int], object]) -> Outcome:
        """Import one file; ``tell`` hears of stations as they come in."""
        try:
            state = self._state(path)
            before = self._known.get(str(path))
            kind = self._kind or _kind(before)
            way = f"{reading_version()} {kind or ''}:"  # how it is read: in another way, it is imported again
            if before and (before.digest or "").startswith(way) and before[:2] == state[:2]:
                return Outcome(path, None)
            state = state._replace(digest=way + _digest(path))
            if before and before.digest == state.digest:
                self._store.touch(str(path), state)
                return Outcome(path, None)
            if before is None and state.digest in self._digests:
                return Outcome(path, None)  # a copy
            return self._read(path, kind, state, tell)
        except (Unreadable, OSError, RuntimeError, ValueError, IndexError, KeyError, AttributeError) as error:
            # What a broken file makes of a reader: the others are to come in all the same.
            return Outcome(path, None, problem=str(error) or type(error).__name__)

    def _read(self, path: Path, kind: PlatformType | None, state: Known, tell: Callable[[int], object]) -> Outcome:
        platforms = read(path, kind)
        first = next(platforms, None)
        if first is None:
            raise Unreadable("it has no station with a time and a place")
        source = self._store.begin(str(path))
        written: set[int] = set()
        for part in _parts([first], platforms):
            if self._stop.is_set():
                raise Stopped
            written |= set(self._store.write(source, part))
            tell(len(part.casts))
        gone = self._store.finish(source, state, written)
        self._known[str(path)] = state
        self._digests.add(state.digest)
        return Outcome(path, len(written), gone)

    def _state(self, path: Path) -> Known:
        stats = [one.stat() for one in _files(path)]
        return Known(sum(one.st_size for one in stats), max((one.st_mtime_ns for one in stats), default=0), None)


def _kind(before: Known | None) -> PlatformType | None:
    """What somebody once said that a file's platforms are."""
    told = (before.digest or "") if before else ""
    said = told.partition(":")[0].partition(" ")[2]
    return next((one for one in get_args(PlatformType) if one == said), None)


def _parts(*several: Iterable[Platform]) -> Iterator[Platform]:
    for platforms in several:
        for platform in platforms:
            for start in range(0, len(platform.casts), _CASTS):
                yield msgspec.structs.replace(platform, casts=platform.casts[start : start + _CASTS])


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def _digest(path: Path) -> str:
    found = hashlib.blake2b(digest_size=16)
    for one in _files(path):
        with one.open("rb") as file:
            while piece := file.read(_PIECE):
                found.update(piece)
    return found.hexdigest()
