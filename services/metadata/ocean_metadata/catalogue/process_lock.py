"""What only one process may do at a time: indexing a catalogue, and being the one that watches its files."""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ocean_metadata.catalogue.database import SCHEMA

What = Literal["indexing", "watching"]

_NUMBERS: dict[What, int] = {"indexing": 3, "watching": 4}  # of the advisory locks; the first two: catalogue/database
_LOOK = 0.1  # s between two looks whether a turn has come
_SILENCE = 10  # s after which a server asks whether the holder's machine is still there


class ProcessLock:
    """A right that ends with the process: an advisory lock of PostgreSQL, or a lock on a file beside that of SQLite."""

    def __init__(self, engine: sa.Engine, what: What) -> None:
        self._engine = engine
        self._what: What = what
        self._connection: sa.Connection | None = None
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Whether it is ours, from now on or since before."""
        if self._engine.dialect.name == "postgresql":
            return self._holds() or self._lock()
        return self._file is not None or self._lock_file()

    def give_back(self) -> None:
        """Let others have it."""
        if self._connection is not None:
            self._connection.invalidate()  # the lock ends with the session
            self._connection.close()
            self._connection = None
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def taken(self, stop: threading.Event) -> Iterator[bool]:
        """Wait for it, not beyond ``stop``; whether it is ours."""
        while not (ours := self.take()):
            if stop.wait(_LOOK):
                break
        try:
            yield ours
        finally:
            self.give_back()

    def _holds(self) -> bool:
        """Whether the session that has the lock is still there."""
        if self._connection is None:
            return False
        try:
            self._connection.execute(sa.select(1))
        except DBAPIError:
            self.give_back()
            return False
        return True

    def _lock(self) -> bool:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        number = _NUMBERS[self._what]
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(number, SCHEMA))).scalar_one():
            connection.close()
            return False
        for name in ("idle", "interval"):
            connection.exec_driver_sql(f"SET tcp_keepalives_{name} = {_SILENCE}")
        self._connection = connection
        return True

    def _lock_file(self) -> bool:
        database = Path(str(self._engine.url.database))
        file = database.with_name(f"{database.name}.{self._what}").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True
