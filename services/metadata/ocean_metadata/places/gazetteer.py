"""Places of a folder of KML files, read again when these change."""

import logging
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import get_args

import msgspec

from ocean_common.contracts.places import Area, PlaceGroup
from ocean_core.errors import NotFound
from ocean_core.messages import Message
from ocean_metadata.places.kml import MAX_BYTES, Kind, KmlUnreadable, Place, read_kml
from ocean_metadata.places.map_features import area_of

KINDS: tuple[Kind, ...] = get_args(Kind)
_SUFFIXES = (".kml", ".kmz")
_MAX_FILES = 500  # of a kind

_UNPACKING_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)  # RuntimeError: encrypted
_log = logging.getLogger(__name__)

FileState = tuple[int, int, int]  # size, time of the last change in ns, inode


class PlaceFile(msgspec.Struct, frozen=True, kw_only=True):
    """Places of a file."""

    id: str  # name of the file without its suffix
    name: str  # of its first folder
    places: list[Place]
    revision: str  # changes when the file does


class FileProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A file that cannot be served, or a place of it that is left out."""

    kind: Kind
    file: str
    reason: Message


class Gazetteer(msgspec.Struct, frozen=True, kw_only=True):
    """Files of each kind, and the problems with them."""

    files: dict[Kind, dict[str, PlaceFile]] = {}
    problems: list[FileProblem] = []

    def groups(self, kind: Kind) -> list[PlaceGroup]:
        """Return the files of a kind, sorted by name."""
        groups = [PlaceGroup(id=file.id, name=file.name) for file in self.files.get(kind, {}).values()]
        return sorted(groups, key=lambda group: (group.name.casefold(), group.id))

    def file(self, kind: Kind, name: str) -> PlaceFile:
        """Return the file of a kind with this id, or raise NotFound."""
        file = self.files.get(kind, {}).get(name)
        if file is None:
            raise NotFound(
                "there is no file of {kind}s {name!r}; see /api/v2.0/kml/{kind}", kind=kind, name=name[:80], field="id"
            )
        return file

    def area(self, key: str) -> Area:
        """Return the area of a key `group/name`, or raise NotFound."""
        group, _, name = key.partition("/")
        file = self.files.get("area", {}).get(group)
        place = next((place for place in file.places if place.name == name), None) if file else None
        if place is None:
            raise NotFound(
                "there is no area {key!r}: a key is group/name; see /api/v2.0/kml/area", key=key[:120], field="area"
            )
        return area_of(group, place)

    def revision(self, name: str) -> str:
        """Return the revision of a file `kind/id`, or of all files of a `kind`."""
        kind_name, _, file_id = name.partition("/")
        kind = next((kind for kind in KINDS if kind == kind_name), None)
        if kind is None:
            return ""
        if file_id:
            return self.file(kind, file_id).revision
        return " ".join(f"{file.id} {file.revision}" for file in self.files.get(kind, {}).values())


class _ReadFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was read last."""

    state: FileState
    file: PlaceFile | None
    problems: list[FileProblem]


class FolderGazetteer:
    """Places of `point/`, `line/` and `area/` in a folder, which need not exist yet."""

    def __init__(self, folder: str | None) -> None:
        self._folder = Path(folder) if folder else None
        self._files: dict[Path, _ReadFile] = {}
        self._current = Gazetteer()

    @property
    def current(self) -> Gazetteer:
        """The places as of the last refresh; never waits."""
        return self._current

    async def revision(self, dataset: str) -> str:
        """Return the revision of a file `kind/id` or of a `kind`, or raise NotFound."""
        return self._current.revision(dataset)

    def refresh(self) -> bool:
        """Read the files that have changed; return whether there were any. Blocks."""
        states = {(kind, path): state for kind in KINDS for path, state in self._find_files(kind)}
        if {path: state for (_, path), state in states.items()} == {
            path: file.state for path, file in self._files.items()
        }:
            return False
        files = {}
        for (kind, path), state in states.items():
            before = self._files.get(path)
            files[path] = before if before is not None and before.state == state else _read_file(kind, path, state)
        self._files, self._current = files, _collect(files, states)
        return True

    def _find_files(self, kind: Kind) -> list[tuple[Path, FileState]]:
        if self._folder is None:
            return []
        try:
            paths = sorted(self._folder.joinpath(kind).iterdir())
        except OSError:  # it does not exist, or may not be read
            return []
        files = []
        for path in paths:
            if path.suffix.lower() not in _SUFFIXES or path.name.startswith("."):
                continue
            try:
                status = path.stat()
            except OSError:  # it was removed this moment
                continue
            if path.is_file():  # reading from a pipe would never end
                files.append((path, (status.st_size, status.st_mtime_ns, status.st_ino)))
        if len(files) > _MAX_FILES:
            _log.warning("%s has %d files, of which %d are read", path.parent, len(files), _MAX_FILES)
        return files[:_MAX_FILES]


def _read_file(kind: Kind, path: Path, state: FileState) -> _ReadFile:
    """Read a file; a problem with it does not stop the others."""
    try:
        kml = read_kml(_read_content(path, state), kind, path.stem)
    except (KmlUnreadable, OSError, *_UNPACKING_ERRORS) as error:
        reason = _reason(error)
        _log.warning("%s is not served: %s", path, reason)
        return _ReadFile(state=state, file=None, problems=[FileProblem(kind=kind, file=path.name, reason=reason)])
    size, mtime_ns, inode = state
    file = PlaceFile(id=path.stem, name=kml.name, places=kml.places, revision=f"{size}-{mtime_ns}-{inode}")
    problems = [FileProblem(kind=kind, file=path.name, reason=reason) for reason in kml.problems]
    return _ReadFile(state=state, file=file, problems=problems)


def _reason(error: Exception) -> Message:
    if isinstance(error, KmlUnreadable):
        return error.message
    if isinstance(error, OSError):
        return Message(error.strerror.lower()) if error.strerror else Message("it cannot be read")
    return Message(str(error))


def _read_content(path: Path, state: FileState) -> bytes:
    """Read the KML of a file or archive; never more than is allowed, whatever size the archive claims."""
    if state[0] > MAX_BYTES:
        raise KmlUnreadable(
            "it has {content_count} bytes, and the limit is {max_bytes}", content_count=state[0], max_bytes=MAX_BYTES
        )
    if path.suffix.lower() == ".kml":
        with path.open("rb") as plain:
            return plain.read(MAX_BYTES + 1)
    with zipfile.ZipFile(path) as archive:
        names = sorted(
            (name for name in archive.namelist() if name.lower().endswith(".kml")),
            key=lambda name: (name.count("/"), name),
        )
        if not names:
            raise KmlUnreadable("the archive has no KML file")
        with archive.open("doc.kml" if "doc.kml" in names else names[0]) as packed:
            return packed.read(MAX_BYTES + 1)


def _collect(files: dict[Path, _ReadFile], states: dict[tuple[Kind, Path], FileState]) -> Gazetteer:
    by_kind: dict[Kind, dict[str, PlaceFile]] = {kind: {} for kind in KINDS}
    problems: list[FileProblem] = []
    for kind, path in states:
        problems += files[path].problems
        file = files[path].file
        if file is None:
            continue
        if file.id in by_kind[kind]:
            reason = Message("another file is served as {id!r}", id=file.id)
            problems.append(FileProblem(kind=kind, file=path.name, reason=reason))
        else:
            by_kind[kind][file.id] = file
    return Gazetteer(files=by_kind, problems=problems)
