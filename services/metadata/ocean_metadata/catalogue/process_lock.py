"""Locks between processes: one at a time indexes a catalogue, and one watches its files."""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ocean_metadata.catalogue.database import SCHEMA

LockName = Literal["indexing", "watching"]

_NUMBERS: dict[LockName, int] = {
    "indexing": 3,
    "watching": 4,
}  # of the advisory locks
_RETRY_INTERVAL = 0.1  # s between two attempts
_KEEPALIVE = 10  # s after which a server asks whether the holder's machine is still there


class ProcessLock:
    """Lock that ends with the process: an advisory lock of PostgreSQL, or a lock on a file beside SQLite's."""

    def __init__(self, engine: sa.Engine, name: LockName) -> None:
        self._engine = engine
        self._name = name
        self._connection: sa.Connection | None = None
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        """Try to acquire the lock; return whether this process has it now."""
        if self._engine.dialect.name == "postgresql":
            return self._is_session_alive() or self._lock_in_session()
        return self._file is not None or self._lock_file()

    def release(self) -> None:
        """Release the lock."""
        if self._connection is not None:
            self._connection.invalidate()  # the lock ends with the session
            self._connection.close()
            self._connection = None
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def held(self, stop: threading.Event) -> Iterator[bool]:
        """Hold the lock in a ``with`` block; yield False where ``stop`` was set before it was free."""
        while not (acquired := self.acquire()):
            if stop.wait(_RETRY_INTERVAL):
                break
        try:
            yield acquired
        finally:
            self.release()

    def _is_session_alive(self) -> bool:
        """Return whether the session that has the lock is still there."""
        if self._connection is None:
            return False
        try:
            self._connection.execute(sa.select(1))
        except DBAPIError:
            self.release()
            return False
        return True

    def _lock_in_session(self) -> bool:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        number = _NUMBERS[self._name]
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(number, SCHEMA))).scalar_one():
            connection.close()
            return False
        for name in ("idle", "interval"):
            connection.exec_driver_sql(f"SET tcp_keepalives_{name} = {_KEEPALIVE}")
        self._connection = connection
        return True

    def _lock_file(self) -> bool:
        database = Path(str(self._engine.url.database))
        file = database.with_name(f"{database.name}.{self._name}").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True
