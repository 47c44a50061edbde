"""Class 4 files in the catalogue's database: the index command writes them, and requests read them."""

import asyncio
import zlib
from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from ocean_common.contracts.observations import Class4Kind, Class4Profile
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import Message, ServiceUnavailable
from ocean_metadata.catalogue import database
from ocean_metadata.catalogue.database import answering, reading, save_revision
from ocean_metadata.class4.model import Class4Index, FileRecord, FileSummary, ProfilePoints
from ocean_metadata.class4.reading import FileReading
from ocean_metadata.code_version import code_version

_READER = "ocean_metadata.class4.reading"  # files are read again where its code has changed
_CACHE_BYTES = 32 * 2**20  # of points

FileKey = tuple[Class4Kind, str]
FileState = tuple[str, int, int]  # path, size, mtime_ns: as it was read


class Class4Store:
    """Class 4 files, for writing. Every method is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def file_states(self, *, with_broken: bool = True) -> dict[FileKey, FileState]:
        """Return the states of the files that need not be read again while they stay the same."""
        table = database.class4_files.c
        current = [table.format == code_version(_READER), *([] if with_broken else [table.reason.is_(None)])]
        query = sa.select(table.kind, table.id, table.path, table.size, table.mtime_ns).where(*current)
        with reading(self._engine) as connection:
            return {
                (kind, file): (path, size, mtime_ns) for kind, file, path, size, mtime_ns in connection.execute(query)
            }

    def replace(self, key: FileKey, path: str, result: FileReading) -> None:
        """Replace a file: readers see the old one or the new one."""
        (kind, file), (size, mtime_ns) = key, result.stamp
        row = {"kind": kind, "id": file, "path": path, "size": size, "mtime_ns": mtime_ns}
        reason = msgspec.json.encode(result.reason).decode() if result.reason else None
        row |= {"format": code_version(_READER), "reason": reason, "about": result.summary, "points": result.points}
        numbered = enumerate(result.profiles)
        profiles = [{"kind": kind, "file": file, "number": number, "content": text} for number, text in numbered]
        with self._engine.begin() as connection:
            _delete_file(connection, key)
            connection.execute(database.class4_files.insert(), row)
            if profiles:
                connection.execute(database.class4_profiles.insert(), profiles)
            _update_revision(connection)

    def remove_all_but(self, keys: Iterable[FileKey]) -> None:
        """Remove all files but these."""
        remaining, table = set(keys), database.class4_files.c
        with self._engine.begin() as connection:
            stored = {(kind, file) for kind, file in connection.execute(sa.select(table.kind, table.id))}
            for key in stored - remaining:
                _delete_file(connection, key)
            _update_revision(connection)


class Class4Repository:
    """Class 4 files, for reading: lists from memory, points and profiles from the database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.index = Class4Index()  # as of the last refresh
        self._points = ByteBoundedCache[ProfilePoints](_CACHE_BYTES, _points_size)

    async def revision(self, dataset: str) -> str:
        """Return the revision of all files: lists change with any of them."""
        del dataset
        return self.index.revision

    async def points(self, kind: Class4Kind, file: str) -> ProfilePoints:
        """Return the positions and errors of a file's profiles."""
        key = (self.index.revision, kind, file)
        return await asyncio.to_thread(self._points.get, key, lambda: self._read_points(kind, file))

    def refresh(self) -> bool:
        """Take the files of a new revision; return whether there was one. Blocks."""
        with reading(self._engine) as connection:
            revision = connection.execute(sa.select(database.class4.c.revision)).scalar() or ""
            if revision == self.index.revision:
                return False
            table = database.class4_files.c
            query = sa.select(table.kind, table.id, table.reason, table.about).order_by(table.kind, table.id)
            files = [_decode_record(*row) for row in connection.execute(query)]
        self.index = Class4Index(revision=revision, files={(file.kind, file.id): file for file in files})
        return True

    def _read_points(self, kind: Class4Kind, file: str) -> ProfilePoints:
        table = database.class4_files.c
        query = sa.select(table.points).where(table.kind == kind, table.id == file)
        return msgspec.msgpack.decode(self._read_content(query, file), type=ProfilePoints)

    async def profile(self, kind: Class4Kind, file: str, index: int) -> Class4Profile:
        """Return a profile of a file."""
        return await asyncio.to_thread(self._read_profile, kind, file, index)

    def _read_profile(self, kind: Class4Kind, file: str, index: int) -> Class4Profile:
        table = database.class4_profiles.c
        query = sa.select(table.content).where(table.kind == kind, table.file == file, table.number == index)
        return msgspec.msgpack.decode(zlib.decompress(self._read_content(query, file)), type=Class4Profile)

    def _read_content(self, query: sa.Select[Any], file: str) -> bytes:
        """Read a value of a file, which may have been replaced since the index was read."""
        with answering(self._engine) as connection:
            content: bytes | None = connection.execute(query).scalar()
        if content is None:
            raise ServiceUnavailable("the Class 4 file {file!r} is being renewed; try again", file=file, retry_after=1)
        return content


def _points_size(points: ProfilePoints) -> int:
    arrays = (points.latitude, points.longitude, points.error)
    return sum(len(array.data) for array in arrays) + sum(50 + len(name) for name in points.names)


def _decode_record(kind: Class4Kind, file: str, reason: str | None, summary: bytes | None) -> FileRecord:
    about = msgspec.msgpack.decode(summary, type=FileSummary) if summary is not None else FileSummary()
    message = msgspec.json.decode(reason, type=Message) if reason is not None else None
    return FileRecord(kind=kind, id=file, reason=message, about=about)


def _delete_file(connection: sa.Connection, key: FileKey) -> None:
    table = database.class4_files
    connection.execute(table.delete().where(table.c.kind == key[0], table.c.id == key[1]))  # cascades to profiles


def _update_revision(connection: sa.Connection) -> None:
    """Write the revision of all files, and notify the services."""
    table = database.class4_files.c
    columns = (table.kind, table.id, table.path, table.size, table.mtime_ns, table.format, table.reason)
    save_revision(connection, database.class4, sa.select(*columns).order_by(table.kind, table.id))
