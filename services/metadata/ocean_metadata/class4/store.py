"""Class 4 files in the catalogue's database: for the index command to write, and for requests to read."""

import asyncio
import hashlib
import threading
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

import msgspec
import sqlalchemy as sa

from ocean_common.contracts.class4 import Class4Kind, Class4Profile
from ocean_common.errors import ServiceUnavailable
from ocean_metadata.catalogue import schema
from ocean_metadata.catalogue.database import AWAY, answering, reading, ring
from ocean_metadata.class4.index import Shelf
from ocean_metadata.class4.records import About, FileRecord, Points
from ocean_metadata.code_version import code_version

READING = "ocean_metadata.class4.passes"  # what is kept of a file is read again where its code has changed
KEPT = 64  # files whose points are kept in memory
Key = tuple[Class4Kind, str]


class Known(NamedTuple):
    """The state in which a file was read."""

    path: str
    size: int
    mtime_ns: int
    broken: bool


class Encoded(Protocol):
    """A file as it is kept: MessagePack, of profiles compressed."""

    @property
    def about(self) -> bytes:
        """An `About`."""

    @property
    def points(self) -> bytes:
        """Its `Points`."""

    @property
    def profiles(self) -> list[bytes]:
        """Each a `Class4Profile`, compressed."""


class Class4Store:
    """The files, for writing. Every method is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def known(self) -> dict[Key, Known]:
        """The files that need not be read again while they stay as they are."""
        table = schema.class4_files.c
        columns = (table.kind, table.id, table.path, table.size, table.mtime_ns, table.reason)
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(*columns).where(table.format == code_version(READING)))
            return {
                (kind, name): Known(path, size, mtime, broken=reason is not None)
                for kind, name, path, size, mtime, reason in rows
            }

    def replace(self, key: Key, path: str, stat: tuple[int, int], found: Encoded | None, reason: str | None) -> None:
        """Put a file in the place of what was there: readers see the old one or the new one."""
        kind, name = key
        row = {
            "kind": kind,
            "id": name,
            "path": path,
            "size": stat[0],
            "mtime_ns": stat[1],
            "format": code_version(READING),
        }
        told = {"reason": reason} if found is None else {"about": found.about, "points": found.points}
        profiles = [
            {"kind": kind, "file": name, "number": number, "content": content}
            for number, content in enumerate(found.profiles if found else [])
        ]
        with self._engine.begin() as connection:
            _remove(connection, key)
            connection.execute(schema.class4_files.insert(), row | told)
            if profiles:
                connection.execute(schema.class4_profiles.insert(), profiles)
            _sum_up(connection)

    def finish(self, keys: Iterable[Key]) -> None:
        """Forget all but these files."""
        kept, table = set(keys), schema.class4_files.c
        with self._engine.begin() as connection:
            gone = [
                (kind, name)
                for kind, name in connection.execute(sa.select(table.kind, table.id))
                if (kind, name) not in kept
            ]
            for key in gone:
                _remove(connection, key)
            _sum_up(connection)


class NoClass4:
    """No files at all."""

    shelf = Shelf()

    async def revision(self, dataset: str) -> str:
        return f"{dataset}{self.shelf.revision}"

    async def points(self, kind: Class4Kind, file: str) -> Points:
        raise _renewed(f"{kind}/{file}")

    async def profiles(self, kind: Class4Kind, file: str, numbers: Sequence[int]) -> list[Class4Profile]:
        raise _renewed(f"{kind}/{file}/{len(numbers)}")


class StoredClass4:
    """Answers about the files: lists from memory, points and profiles from the database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._shelf = Shelf()
        self._points: OrderedDict[tuple[str, str, str], Points] = OrderedDict()
        self._lock = threading.Lock()  # around what threads share: the kept points

    @property
    def shelf(self) -> Shelf:
        return self._shelf

    async def revision(self, dataset: str) -> str:
        del dataset  # of all files: lists change with any of them
        return self._shelf.revision

    async def points(self, kind: Class4Kind, file: str) -> Points:
        return await asyncio.to_thread(self._read_points, kind, file)

    async def profiles(self, kind: Class4Kind, file: str, numbers: Sequence[int]) -> list[Class4Profile]:
        return await asyncio.to_thread(self._read_profiles, kind, file, numbers)

    async def follow(self, strokes: AsyncIterator[bool]) -> None:
        """Take new files soon after they are written, for as long as the service lives."""
        async for due in strokes:
            with suppress(*AWAY):
                if due:
                    await asyncio.to_thread(self.refresh)

    def refresh(self) -> bool:
        """Look whether the files changed, and take what is new; blocks."""
        with reading(self._engine) as connection:
            revision = connection.execute(sa.select(schema.class4.c.revision)).scalar() or ""
            if revision == self._shelf.revision:
                return False
            table = schema.class4_files.c
            listed = sa.select(table.kind, table.id, table.reason, table.about).order_by(table.kind, table.id)
            files = [_record(*row) for row in connection.execute(listed)]
        self._shelf = Shelf(revision=revision, files={(one.kind, one.id): one for one in files})
        return True

    def _read_points(self, kind: Class4Kind, file: str) -> Points:
        key = (self._shelf.revision, kind, file)
        with self._lock:
            if key in self._points:
                self._points.move_to_end(key)
                return self._points[key]
        table = schema.class4_files.c
        with answering(self._engine) as connection:
            asked = sa.select(table.points).where(table.kind == kind, table.id == file)
            content = connection.execute(asked).scalar()
        if content is None:
            raise _renewed(file)
        found = msgspec.msgpack.decode(content, type=Points)
        with self._lock:
            self._points[key] = found
            while len(self._points) > KEPT:
                self._points.popitem(last=False)
        return found

    def _read_profiles(self, kind: Class4Kind, file: str, numbers: Sequence[int]) -> list[Class4Profile]:
        table = schema.class4_profiles.c
        asked = sa.select(table.number, table.content).where(
            table.kind == kind, table.file == file, table.number.in_(set(numbers))
        )
        with answering(self._engine) as connection:
            found = {number: zlib.decompress(content) for number, content in connection.execute(asked)}
        if not found.keys() >= set(numbers):
            raise _renewed(file)
        return [msgspec.msgpack.decode(found[number], type=Class4Profile) for number in numbers]


def _record(kind: Class4Kind, name: str, reason: str | None, about: bytes | None) -> FileRecord:
    told = msgspec.msgpack.decode(about, type=About) if about is not None else None
    return FileRecord(kind=kind, id=name, reason=reason, about=told)


def _renewed(file: str) -> ServiceUnavailable:
    """It was replaced this very moment: the next look knows."""
    return ServiceUnavailable("the Class 4 file {file!r} is being renewed; try again", file=file, retry_after=1)


def _remove(connection: sa.Connection, key: Key) -> None:
    profiles, files = schema.class4_profiles, schema.class4_files
    connection.execute(profiles.delete().where(profiles.c.kind == key[0], profiles.c.file == key[1]))
    connection.execute(files.delete().where(files.c.kind == key[0], files.c.id == key[1]))


def _sum_up(connection: sa.Connection) -> None:
    """The revision of all files."""
    table = schema.class4_files.c
    columns = (table.kind, table.id, table.path, table.size, table.mtime_ns, table.format, table.reason)
    rows = connection.execute(sa.select(*columns).order_by(table.kind, table.id)).all()
    revision = hashlib.blake2b(repr([tuple(row) for row in rows]).encode(), digest_size=12).hexdigest()
    if not connection.execute(schema.class4.update().values(revision=revision)).rowcount:
        connection.execute(schema.class4.insert(), {"id": 1, "revision": revision})
    ring(connection)
