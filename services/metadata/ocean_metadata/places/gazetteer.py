"""Places of a folder of KML files, read again when these change."""

import logging
import lzma
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, get_args

from ocean_common.contracts.places import Area, PlaceGroup
from ocean_core.errors import Message, NotFound
from ocean_metadata.places.kml import MAX_BYTES, Kind, KmlUnreadable, Place, check_size, read_kml
from ocean_metadata.places.map_features import area_of

KINDS: tuple[Kind, ...] = get_args(Kind)
_SUFFIXES = (".kml", ".kmz")
_MAX_FILES = 500  # of a kind

_UNPACKING_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)  # RuntimeError: encrypted
_log = logging.getLogger(__name__)

FileState = tuple[int, int, int]  # size, time of the last change in ns, inode


class PlaceFile(NamedTuple):
    """A file as it was read last."""

    kind: Kind
    path: Path
    state: FileState
    name: str | None = None  # of its first folder; None: it cannot be served
    places: Sequence[Place] = ()
    problems: Sequence[Message] = ()

    @property
    def id(self) -> str:
        """Name of the file without its suffix."""
        return self.path.stem

    @property
    def revision(self) -> str:
        """Text that changes when the file does."""
        return "-".join(map(str, self.state))


class Gazetteer:
    """Places of `point/`, `line/` and `area/` in a folder, which need not exist yet, as of the last refresh."""

    def __init__(self, folder: str | None) -> None:
        self._folder = Path(folder) if folder else None
        self._read: list[PlaceFile] = []
        self._files: dict[tuple[Kind, str], PlaceFile] = {}  # those that are served, by kind and id
        self.problems: list[tuple[Kind, str, Message]] = []  # with files, by their names

    def groups(self, kind: Kind) -> list[PlaceGroup]:
        """Return the files of a kind, sorted by name."""
        groups = [PlaceGroup(id=file.id, name=file.name or "") for file in self._files_of(kind)]
        return sorted(groups, key=lambda group: (group.name.casefold(), group.id))

    def file(self, kind: Kind, name: str) -> PlaceFile:
        """Return the file of a kind with this id, or raise NotFound."""
        file = self._files.get((kind, name))
        if file is None:
            raise NotFound(
                "there is no file of {kind}s {name!r}; see /api/v2.0/kml/{kind}", kind=kind, name=name[:80], field="id"
            )
        return file

    def area(self, key: str) -> Area:
        """Return the area of a key `group/name`, or raise NotFound."""
        group, _, name = key.partition("/")
        file = self._files.get(("area", group))
        place = next((place for place in file.places if place.name == name), None) if file else None
        if place is None:
            raise NotFound(
                "there is no area {key!r}: a key is group/name; see /api/v2.0/kml/area", key=key[:120], field="area"
            )
        return area_of(group, place)

    async def revision(self, dataset: str) -> str:
        """Return the revision of a file `kind/id` or of all files of a `kind`, or raise NotFound."""
        kind_name, _, file_id = dataset.partition("/")
        kind = next(kind for kind in KINDS if kind == kind_name)
        if file_id:
            return self.file(kind, file_id).revision
        return " ".join(f"{file.id} {file.revision}" for file in self._files_of(kind))

    def refresh(self) -> bool:
        """Read the files that have changed; return whether there were any. Blocks."""
        found = [(kind, path, state) for kind in KINDS for path, state in self._find_files(kind)]
        before = {(file.kind, file.path, file.state): file for file in self._read}
        if found == list(before):
            return False
        self._read = [before.get(key) or _read_file(*key) for key in found]
        files: dict[tuple[Kind, str], PlaceFile] = {}
        problems = []
        for file in self._read:
            reasons = file.problems
            if file.name is not None and files.setdefault((file.kind, file.id), file) is not file:
                reasons = [*reasons, Message("another file is served as {id!r}", id=file.id)]
            problems += [(file.kind, file.path.name, reason) for reason in reasons]
        self._files, self.problems = files, problems
        return True

    def _files_of(self, kind: Kind) -> list[PlaceFile]:
        return [file for file in self._files.values() if file.kind == kind]

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


def _read_file(kind: Kind, path: Path, state: FileState) -> PlaceFile:
    """Read a file; a problem with it does not stop the others."""
    try:
        return PlaceFile(kind, path, state, *read_kml(_read_content(path, state), kind, path.stem))
    except (KmlUnreadable, OSError, *_UNPACKING_ERRORS) as error:
        reason = _reason(error)
        _log.warning("%s is not served: %s", path, reason)
        return PlaceFile(kind, path, state, problems=[reason])


def _reason(error: Exception) -> Message:
    if isinstance(error, KmlUnreadable):
        return error.message
    if isinstance(error, OSError):
        return Message(error.strerror.lower()) if error.strerror else Message("it cannot be read")
    return Message(str(error))


def _read_content(path: Path, state: FileState) -> bytes:
    """Read the KML of a file or archive; never more than is allowed, whatever size the archive claims."""
    check_size(state[0])
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
