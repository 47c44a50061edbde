"""Database of the catalogue, SQLite or PostgreSQL: its tables, connections to it, and locks.

A dataset is one document (MessagePack of a `DatasetRecord`) in one row; its time steps are rows beside it, one for each
time axis. All of it is made from the data files: where another version of the software has written it in another
form, it is thrown away and indexed anew.
"""

import fcntl
import hashlib
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.schema import CreateTable

from ocean_core.errors import Message, ServiceUnavailable
from ocean_metadata.catalogue.model import STEP_TYPES, DatasetRecord

T = TypeVar("T")

_MAX_IDS = 500  # in one statement
_BUSY_TIMEOUT = 30  # s that a writer waits for another
_CREATE_LOCK = 1  # of the advisory locks of PostgreSQL; 2 is that of `store`
_PROCESS_LOCKS = {"indexing": 3, "watching": 4}
_RETRY_INTERVAL = 0.1  # s between two attempts at a lock of processes
_KEEPALIVE = 10  # s after which a server asks whether the holder's machine is still there
SCHEMA = sa.text("current_schema()::regnamespace::oid::int")  # catalogues in other schemas have locks of their own
_CONSISTENT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

# Errors of a database that is away, is locked for a moment, or has too many connections.
AWAY = (DBAPIError, PoolTimeout)

_UNAVAILABLE = Message("the catalogue cannot be read now; try again in a few seconds")

_log = logging.getLogger(__name__)


class DatabaseUnusable(Exception):
    """The database cannot be opened."""


metadata = sa.MetaData()

# Tables of the versions that had a table for each part of a dataset, and migrations.
FORMER_TABLES = ("placements", "grids", "depths", "times", "variables", "files", "problems", "alembic_version")

catalogue = sa.Table(
    "catalogue",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("revision", sa.Text, nullable=False),
)

# Form in which the tables are written: see `catalogue_format`.
catalogue_formats = sa.Table("catalogue_format", metadata, sa.Column("format", sa.Text, primary_key=True))

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("document", sa.LargeBinary, nullable=False),  # MessagePack of a DatasetRecord
)

time_steps = sa.Table(
    "time_steps",
    metadata,
    sa.Column("dataset", sa.Text, sa.ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("time", sa.Integer, primary_key=True, autoincrement=False),  # number of the time axis
    sa.Column("steps", sa.LargeBinary, nullable=False),  # of `StepArrays.encode`
)

# What was read of each file, so that an unchanged file costs a stat.
headers = sa.Table(
    "headers",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("format", sa.Integer, nullable=False),  # version of the code that read it
    sa.Column("header", sa.LargeBinary, nullable=False),  # MessagePack
    sa.Column("detail", sa.LargeBinary),
)

class4 = sa.Table(
    "class4",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("revision", sa.Text, nullable=False),
)

class4_files = sa.Table(
    "class4_files",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),  # file name without its ending
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("format", sa.Integer, nullable=False),  # version of the code that read it
    sa.Column("reason", sa.Text),  # why it cannot be served; then the other columns are empty
    sa.Column("about", sa.LargeBinary),  # MessagePack
    sa.Column("points", sa.LargeBinary),
)

# A profile holds all that a plot of it needs, so that no request opens a file.
class4_profiles = sa.Table(
    "class4_profiles",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # compressed MessagePack
    sa.ForeignKeyConstraint(["kind", "file"], ["class4_files.kind", "class4_files.id"], ondelete="CASCADE"),
)

# Changes of datasets, oldest first. Ids follow each other without gaps; only the newest events are stored.
events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),  # ms since 1970-01-01 UTC
    sa.Column("dataset", sa.Text, nullable=False),  # may no longer exist
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("revision", sa.Text),
    sa.Column("count", sa.Integer, nullable=False),  # of new time steps
    sa.Column("first", sa.BigInteger),  # s since 1970-01-01 UTC
    sa.Column("last", sa.BigInteger),
)


def catalogue_format() -> str:
    """Return a digest of the tables and of the fields of the documents in them."""
    tables = [str(CreateTable(table)) for table in metadata.sorted_tables]
    document = _without_descriptions(msgspec.json.schema(DatasetRecord))
    return hashlib.blake2b(repr((tables, document, STEP_TYPES)).encode(), digest_size=12).hexdigest()


def _without_descriptions(schema: Any) -> Any:
    """Remove docstrings from a JSON schema: they change without the data."""
    if isinstance(schema, dict):
        return {name: _without_descriptions(part) for name, part in schema.items() if name != "description"}
    return [_without_descriptions(part) for part in schema] if isinstance(schema, list) else schema


# Connections


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


def in_batches(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield as many ids at a time as a statement may name."""
    for start in range(0, len(ids), _MAX_IDS):
        yield ids[start : start + _MAX_IDS]


def select_by_ids(
    connection: sa.Connection, query: sa.Select[Any], column: sa.ColumnElement[Any], ids: Sequence[Any]
) -> Iterator[Any]:
    """Yield the rows of a query that have one of the ids in a column."""
    for batch in in_batches(ids):
        yield from connection.execute(query.where(column.in_(batch)))


def save_revision(connection: sa.Connection, table: sa.Table, rows: sa.Select[Any], *, create: bool = True) -> None:
    """Save a digest of selected rows in a table of one row; ``create``: also in an empty one."""
    content = repr([tuple(row) for row in connection.execute(rows)])
    revision = hashlib.blake2b(content.encode(), digest_size=12).hexdigest()
    exists = connection.execute(table.update().values(revision=revision)).rowcount
    if create and not exists:
        connection.execute(table.insert(), {"id": 1, "revision": revision})


def lock_transaction(connection: sa.Connection, number: int) -> None:
    """Wait until no other transaction has this lock; SQLite's writers wait for each other as it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number, SCHEMA)))


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
            if names := tables & {*FORMER_TABLES, *metadata.tables}:
                dropped = sa.MetaData()
                dropped.reflect(connection, only=list(names))
                dropped.drop_all(connection)
            metadata.create_all(connection)
            connection.execute(catalogue_formats.insert(), {"format": catalogue_format()})
    except DatabaseError as error:
        raise DatabaseUnusable(f"the catalogue cannot be opened: {error.orig}") from error


def _is_current(connection: sa.Connection) -> bool:
    if not sa.inspect(connection).has_table(catalogue_formats.name):
        return False
    stored = connection.execute(sa.select(catalogue_formats.c.format)).scalar_one_or_none()
    return stored == catalogue_format()


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
