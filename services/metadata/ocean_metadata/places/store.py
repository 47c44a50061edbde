"""Places of a folder of KML files, read again when these change."""

import logging
import lzma
import zipfile
import zlib
from pathlib import Path

import msgspec

from ocean_common.contracts.places import PlaceProblem
from ocean_metadata.places import kml
from ocean_metadata.places.gazetteer import KINDS, Gazetteer, PlaceFile
from ocean_metadata.places.kml import MAX_BYTES, Kind, KmlUnreadable

ENDINGS = (".kml", ".kmz")
MAX_FILES = 500  # of a kind

_UNPACKING = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)  # RuntimeError: encrypted
_log = logging.getLogger(__name__)

Stamp = tuple[int, int, int]  # size, time of the last change in ns, number of the file


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was read last."""

    stamp: Stamp
    file: PlaceFile | None
    problems: list[PlaceProblem]


class FolderGazetteer:
    """The places of `point/`, `line/` and `area/` in a folder; it need not be there yet."""

    def __init__(self, folder: str | None) -> None:
        self._folder = Path(folder) if folder else None
        self._known: dict[Path, _Known] = {}
        self._now = Gazetteer()

    @property
    def now(self) -> Gazetteer:
        return self._now

    async def revision(self, dataset: str) -> str:
        return self._now.revision(dataset)

    def refresh(self) -> bool:
        """Look whether files have changed, and read those; blocks."""
        found = {(kind, path): stamp for kind in KINDS for path, stamp in self._files(kind)}
        if {path: stamp for (_, path), stamp in found.items()} == {
            path: one.stamp for path, one in self._known.items()
        }:
            return False
        known = {}
        for (kind, path), stamp in found.items():
            before = self._known.get(path)
            known[path] = before if before is not None and before.stamp == stamp else _read(kind, path, stamp)
        self._known, self._now = known, _gathered(known, found)
        return True

    def _files(self, kind: Kind) -> list[tuple[Path, Stamp]]:
        if self._folder is None:
            return []
        try:
            paths = sorted(self._folder.joinpath(kind).iterdir())
        except OSError:  # not there, or not for us
            return []
        found = []
        for path in paths:
            if path.suffix.lower() not in ENDINGS or path.name.startswith("."):
                continue
            try:
                status = path.stat()
            except OSError:  # it has just gone
                continue
            if path.is_file():  # not a pipe, that would never end
                found.append((path, (status.st_size, status.st_mtime_ns, status.st_ino)))
        if len(found) > MAX_FILES:
            _log.warning("%s has %d files, of which %d are read", path.parent, len(found), MAX_FILES)
        return found[:MAX_FILES]


def _read(kind: Kind, path: Path, stamp: Stamp) -> _Known:
    """Read a file; what is wrong with it is told, and stops nothing else."""
    try:
        read = kml.read(_content(path, stamp), kind, path.stem)
    except (KmlUnreadable, OSError, *_UNPACKING) as error:
        reason = (error.strerror or "it cannot be read").lower() if isinstance(error, OSError) else str(error)
        _log.warning("%s is not served: %s", path, reason)
        return _Known(stamp=stamp, file=None, problems=[PlaceProblem(kind=kind, file=path.name, reason=reason)])
    problems = [PlaceProblem(kind=kind, file=path.name, reason=one) for one in read.problems]
    size, changed, number = stamp
    file = PlaceFile(id=path.stem, name=read.name, places=read.places, revision=f"{size}-{changed}-{number}")
    return _Known(stamp=stamp, file=file, problems=problems)


def _content(path: Path, stamp: Stamp) -> bytes:
    """The KML of a file, or of an archive; never more than is allowed, whatever sizes are told."""
    if stamp[0] > MAX_BYTES:
        raise KmlUnreadable("it has {time} bytes, and the limit is {max_bytes}", time=stamp[0], max_bytes=MAX_BYTES)
    if path.suffix.lower() == ".kml":
        with path.open("rb") as plain:
            return plain.read(MAX_BYTES + 1)
    with zipfile.ZipFile(path) as archive:
        names = sorted(
            (one for one in archive.namelist() if one.lower().endswith(".kml")), key=lambda one: (one.count("/"), one)
        )
        if not names:
            raise KmlUnreadable("the archive has no KML file")
        with archive.open("doc.kml" if "doc.kml" in names else names[0]) as packed:
            return packed.read(MAX_BYTES + 1)


def _gathered(known: dict[Path, _Known], found: dict[tuple[Kind, Path], Stamp]) -> Gazetteer:
    files: dict[Kind, dict[str, PlaceFile]] = {kind: {} for kind in KINDS}
    problems: list[PlaceProblem] = []
    for kind, path in found:
        one = known[path]
        problems += one.problems
        if one.file is None:
            continue
        if one.file.id in files[kind]:
            reason = f"another file is served as {one.file.id!r}"
            problems.append(PlaceProblem(kind=kind, file=path.name, reason=reason))
        else:
            files[kind][one.file.id] = one.file
    return Gazetteer(files=files, problems=problems)
