"""Windows of variables, read from the chunks of their files."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.errors import SourceUnreadable
from ocean_core.cache import ByteBoundedCache
from ocean_data.reading import netcdf3 as classic
from ocean_data.reading.blobs import Blob, Blobs, Bytes, LocalBlobs
from ocean_data.reading.hdf5.crew import Crew
from ocean_data.reading.hdf5.filters import Undecodable
from ocean_data.reading.hdf5.index import Index, index
from ocean_data.reading.hdf5.kernels import Meaning
from ocean_data.reading.hdf5.read import Piece, Reading
from ocean_data.reading.hdf5.shares import Plan, plan
from ocean_data.reading.state import State, being_written, cut_short, damaged
from ocean_data.reading.windows import Picks, plane

ATTEMPTS = 3  # to read a file that is replaced meanwhile
MOST = 20_000  # chunks of one window: the library walks more of them faster
PLANNED = 40_000  # chunks of windows that were asked for last: about 500 bytes each
AT_ONCE = 64  # windows, so files that are open at the same time

Floats = NDArray[np.floating[Any]]
Asked = tuple[str, Picks]  # a file, and what is wanted of it
Plans = dict[Hashable, Plan | None]


@dataclass(frozen=True, kw_only=True)
class Laid:
    """What is kept of a variable in one state of its file; empty if it is one for the library."""

    index: Index | None
    meaning: Meaning | None = None

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        return self.index.nbytes if self.index else 500


class ChunkReader:
    """Reads what it can; what it leaves out is for the library."""

    def __init__(
        self, index_bytes: int, chunk_bytes: int, helpers: int, library: Lock, blobs: Blobs | None = None
    ) -> None:
        self._blobs = blobs or LocalBlobs()
        self._laid: ByteBoundedCache[Laid] = ByteBoundedCache(index_bytes, lambda laid: laid.nbytes)
        self._decoded: ByteBoundedCache[Bytes] = ByteBoundedCache(chunk_bytes, lambda chunk: chunk.nbytes)
        self._plans: ByteBoundedCache[Plan | None] = ByteBoundedCache(
            PLANNED, lambda found: found.count if found else 1
        )
        self._crew = Crew(helpers)
        self._library = library  # h5py and netCDF4 may share one HDF5, which is not safe in threads

    def close(self) -> None:
        """End the threads."""
        self._crew.close()

    def windows(self, variable: Assets, asked: Sequence[Asked], dtype: type[np.floating[Any]]) -> list[Floats | None]:
        """Parts of a variable, each of one file, as (time, depth, y, x); None where the library is to read."""
        found: dict[int, Floats | None] = {}
        for first in range(0, len(asked), AT_ONCE):
            left = dict(enumerate(asked[first : first + AT_ONCE], first))
            for _ in range(ATTEMPTS):
                found |= self._attempt(variable, left, dtype)
                left = {place: one for place, one in left.items() if place not in found}
                if not left:
                    break
            else:
                raise being_written(next(iter(left.values()))[0])
        return [found[place] for place in range(len(asked))]

    def _attempt(
        self, variable: Assets, asked: dict[int, Asked], dtype: type[np.floating[Any]]
    ) -> dict[int, Floats | None]:
        """Read windows; those of files that changed meanwhile are left out."""
        states = {path: self._blobs.state(path) for path, _ in asked.values()}
        made: dict[int, Reading | SourceUnreadable | None] = {}
        with _Files(self._blobs) as files:
            for place, (path, picks) in asked.items():
                try:
                    made[place] = self._reading(variable, states[path], picks, dtype, files)
                except SourceUnreadable as error:
                    made[place] = error
            readings = [one for one in made.values() if isinstance(one, Reading)]
            away = [(one, run) for one in readings for run in _away(one)]
            self._crew.each(_read, away)
        # What was decoded of a state before is of that state, whatever the file is now.
        same = {path for path, state in states.items() if path not in files or self._blobs.state(path) == state}
        return {place: _outcome(one) for place, one in made.items() if asked[place][0] in same}

    def _reading(
        self, variable: Assets, state: State, picks: Picks, dtype: type[np.floating[Any]], files: "_Files"
    ) -> Reading | None:
        laid = self._laid.get((state, variable.source), lambda: self._lay(state, variable.source, files))
        known = laid.index
        if known is None or laid.meaning is None:
            return None
        key = (known.dimensions, known.shape, known.chunks, *_said(picks))
        if key not in files.plans:
            field = plane(variable.grid)
            files.plans[key] = self._plans.get(
                (key, *variable.dimensions, field), lambda: plan(known, variable.dimensions, picks, field)
            )
        found = files.plans[key]
        if found is None or found.count > MOST:
            return None
        return Reading(
            state=state,
            variable=variable.source,
            index=known,
            meaning=laid.meaning,
            plan=found,
            opened=files.opened,
            window=np.empty(found.shape, dtype),
            decoded=self._decoded,
        )

    def _lay(self, state: State, name: str, files: "_Files") -> Laid:
        blob = files.opened(state)
        found = classic.index(blob, name) or index(blob, name, self._library)
        if self._blobs.state(state.path) != state:
            raise being_written(state.path)  # and is not kept
        if found is None:
            return Laid(index=None)
        if found.end > state.size:
            raise cut_short(state.path, state.size, found.end)
        return Laid(index=found, meaning=Meaning.of(found.packing, found.dtype))


def _said(picks: Picks) -> Iterator[Hashable]:
    """What is wanted, in words that can be compared: slices cannot be a key."""
    return ((role, part.start, part.stop, part.step) for role, part in picks.items())


class _Files(ExitStack):
    """Files that are open for one request."""

    def __init__(self, blobs: Blobs) -> None:
        super().__init__()
        self.plans: Plans = {}  # files of one series are alike: most of them share one
        self._blobs = blobs
        self._opened: dict[str, Blob] = {}
        self._opening = Lock()  # threads of the crew may ask

    def __contains__(self, path: str) -> bool:
        """Whether somebody has asked for the bytes of a file."""
        return path in self._opened

    def opened(self, state: State) -> Blob:
        """A file, opened by the first who asks."""
        with self._opening:
            if state.path not in self._opened:
                self._opened[state.path] = self._blobs.blob(state)
                self.callback(self._opened[state.path].close)
            return self._opened[state.path]


def _away(reading: Reading) -> list[list[Piece]]:
    """Read what is at hand into the window; the runs that are not."""
    with _told(reading):
        runs = reading.runs()
        away = [run for run in runs if not reading.at_hand(run)]
        reading.announce(away)
        if len(away) < len(runs):
            for run in runs:
                if run not in away:
                    _read((reading, run))
        return away
    return []


def _read(task: tuple[Reading, list[Piece]]) -> None:
    reading, run = task
    with _told(reading):
        reading.read(run)


@contextmanager
def _told(reading: Reading) -> Iterator[None]:
    """Note what goes wrong: it is no news if the file was replaced meanwhile."""
    try:
        yield
    except SourceUnreadable as error:
        reading.failures.append(error)
    except Undecodable:
        reading.failures.append(damaged(reading.state.path))


def _outcome(made: Reading | SourceUnreadable | None) -> Floats | None:
    """The window, None for the library, or the error."""
    if isinstance(made, SourceUnreadable):
        raise made
    if made is None:
        return None
    if made.failures:
        raise made.failures[0]
    return made.window
