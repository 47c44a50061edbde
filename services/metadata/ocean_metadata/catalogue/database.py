"""Connections to the catalogue's database, SQLite or PostgreSQL, and its tables brought up to date."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ocean_common.errors import ServiceUnavailable

_PATIENCE = 30  # s that a writer waits for another
_UPGRADING = 1  # of the locks by which processes on PostgreSQL take turns
SCHEMA = sa.text("current_schema()::regnamespace::oid::int")  # catalogues in other schemas have turns of their own
CHANNEL = "ocean_catalogue"  # of notices, in the whole database: each says of which schema it is
_CONSISTENT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


# What a database says that is away, is locked for a moment, or is asked by too many.
AWAY = (DBAPIError, PoolTimeout)

_log = logging.getLogger(__name__)


class DatabaseUnusable(Exception):
    """The database cannot be opened, or belongs to another version."""


def connect(database: str) -> sa.Engine:
    """Open a database: a path of SQLite, or the URL of one on PostgreSQL."""
    if "://" in database:
        return _connect_server(database)
    path = Path(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": _PATIENCE})
    sa.event.listen(engine, "connect", _configure)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _connect_server(database: str) -> sa.Engine:
    try:
        url = sa.make_url(database)
    except sa.exc.ArgumentError as error:
        raise DatabaseUnusable("it is not a URL, such as postgresql://user:password@host/database") from error
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise DatabaseUnusable("there are two kinds: the path of SQLite, and postgresql://user:password@host/database")
    return sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)


def shown(database: str) -> str:
    """A database as logs and messages may name it: without its password."""
    try:
        return sa.make_url(database).render_as_string() if "://" in database else database
    except sa.exc.ArgumentError:
        return "the database"


def _configure(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    """A writer takes its lock at once: two that read first and write then would both fail."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def reading(engine: sa.Engine) -> sa.Connection:
    """A connection that sees one state of the database, whatever is written meanwhile."""
    options = _CONSISTENT if engine.dialect.name == "postgresql" else {"reading": True}
    return engine.connect().execution_options(**options)


@contextmanager
def answering(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for reading what somebody asks for, who is told when the database is away."""
    try:
        with reading(engine) as connection:
            yield connection
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        _log.warning("the catalogue cannot be read: %s", error)
        raise ServiceUnavailable("the catalogue cannot be read now; try again in a few seconds") from error


def take_turns(connection: sa.Connection, turn: int) -> None:
    """Wait until no other transaction has this turn; SQLite's writers wait for each other as it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(turn, SCHEMA)))


def ring(connection: sa.Connection) -> None:
    """Tell all instances, as soon as the transaction is committed, that there is something new."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_notify(CHANNEL, sa.func.current_schema())))


def upgrade(engine: sa.Engine) -> None:
    """Bring the tables up to date; safe while others do the same."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "ocean_metadata.catalogue:migrations")
    try:
        with engine.begin() as connection:
            take_turns(connection, _UPGRADING)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise DatabaseUnusable(f"the catalogue was made by another version: {error}") from error
    except DatabaseError as error:
        raise DatabaseUnusable(f"the catalogue cannot be opened: {error.orig}") from error
