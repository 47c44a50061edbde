"""Connections to the catalogue's database, SQLite or PostgreSQL, the creation of its tables, and locks."""

import fcntl
import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ocean_core.errors import Message, ServiceUnavailable
from ocean_metadata.catalogue import schema

_BUSY_TIMEOUT = 30  # s that a writer waits for another
_CREATE_LOCK = 1  # of the advisory locks of PostgreSQL; 2 is that of `store`
_PROCESS_LOCKS = {"indexing": 3, "watching": 4}
_RETRY_INTERVAL = 0.1  # s between two attempts at a lock of processes
_KEEPALIVE = 10  # s after which a server asks whether the holder's machine is still there
SCHEMA = sa.text("current_schema()::regnamespace::oid::int")  # catalogues in other schemas have locks of their own
CHANNEL = "ocean_catalogue"  # of notifications, in the whole database: their payload is the schema
_CONSISTENT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

# Errors of a database that is away, is locked for a moment, or has too many connections.
AWAY = (DBAPIError, PoolTimeout)

_UNAVAILABLE = Message("the catalogue cannot be read now; try again in a few seconds")

_log = logging.getLogger(__name__)


class DatabaseUnusable(Exception):
    """The database cannot be opened."""


def connect(database: str) -> sa.Engine:
    """Open a database: a path of SQLite, or the URL of one on PostgreSQL."""
    if "://" not in database:
        path = Path(database)
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_TIMEOUT})
        sa.event.listen(engine, "connect", _configure)
        sa.event.listen(engine, "begin", _begin)
        return engine
    try:
        url = sa.make_url(database)
    except sa.exc.ArgumentError as error:
        raise DatabaseUnusable("it is not a URL, such as postgresql://user:password@host/database") from error
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise DatabaseUnusable("there are two kinds: the path of SQLite, and postgresql://user:password@host/database")
    return sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)


def shown(database: str) -> str:
    """Return the name of a database for logs and messages, without its password."""
    try:
        return sa.make_url(database).render_as_string() if "://" in database else database
    except sa.exc.ArgumentError:
        return "the database"


def _configure(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    """Begin a transaction. A writer takes its lock at once: two that read first and write then would both fail."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def reading(engine: sa.Engine) -> sa.Connection:
    """Connect to one state of the database, whatever is written meanwhile."""
    options = _CONSISTENT if engine.dialect.name == "postgresql" else {"reading": True}
    return engine.connect().execution_options(**options)


@contextmanager
def answering(engine: sa.Engine, unavailable: Message = _UNAVAILABLE) -> Iterator[sa.Connection]:
    """Connect for reading on behalf of a request; ServiceUnavailable where the database is away."""
    try:
        with reading(engine) as connection:
            yield connection
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        _log.warning("%s: %s", unavailable, error)
        raise ServiceUnavailable(unavailable) from error


def save_revision(connection: sa.Connection, table: sa.Table, rows: sa.Select[Any], *, create: bool = True) -> None:
    """Save a digest of selected rows in a table of one row, and notify all instances; ``create``: also an empty one."""
    content = repr([tuple(row) for row in connection.execute(rows)])
    revision = hashlib.blake2b(content.encode(), digest_size=12).hexdigest()
    exists = connection.execute(table.update().values(revision=revision)).rowcount
    if create and not exists:
        connection.execute(table.insert(), {"id": 1, "revision": revision})
    if create or exists:
        notify_listeners(connection)


def lock_transaction(connection: sa.Connection, number: int) -> None:
    """Wait until no other transaction has this lock; SQLite's writers wait for each other as it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number, SCHEMA)))


def notify_listeners(connection: sa.Connection) -> None:
    """Notify all instances, as soon as the transaction is committed, that there is something new."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_notify(CHANNEL, sa.func.current_schema())))


def create_tables(engine: sa.Engine) -> None:
    """Create the tables; those that another version wrote in another form are dropped first. Safe in parallel."""
    try:
        with engine.begin() as connection:
            lock_transaction(connection, _CREATE_LOCK)
            if _is_current(connection):
                return
            tables = set(sa.inspect(connection).get_table_names())
            if "catalogue" in tables:
                _log.warning("the catalogue was written by another version of the software: it is indexed anew")
            # Only those of any version of the catalogue: others may share the database.
            if names := tables & {*schema.FORMER_TABLES, *schema.metadata.tables}:
                dropped = sa.MetaData()
                dropped.reflect(connection, only=list(names))
                dropped.drop_all(connection)
            schema.metadata.create_all(connection)
            connection.execute(schema.catalogue_formats.insert(), {"format": schema.catalogue_format()})
    except DatabaseError as error:
        raise DatabaseUnusable(f"the catalogue cannot be opened: {error.orig}") from error


def _is_current(connection: sa.Connection) -> bool:
    if not sa.inspect(connection).has_table(schema.catalogue_formats.name):
        return False
    stored = connection.execute(sa.select(schema.catalogue_formats.c.format)).scalar_one_or_none()
    return stored == schema.catalogue_format()


# Locks between processes: one at a time indexes a catalogue, and one watches its files


class ProcessLock:
    """Lock that ends with the process: an advisory lock of PostgreSQL, or a lock on a file beside SQLite's."""

    def __init__(self, engine: sa.Engine, name: Literal["indexing", "watching"]) -> None:
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
        number = _PROCESS_LOCKS[self._name]
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
