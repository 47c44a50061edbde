"""Connections to the database of observations, and its tables brought up to date."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from psycopg import sql
from sqlalchemy.exc import DatabaseError

from ocean_metadata.catalogue.database import DatabaseUnusable, connect, take_turns
from ocean_metadata.observations.schema import metadata

__all__ = ["beside", "connect", "in_memory", "lock_writers", "upgrade"]

_WRITING = 11  # of the locks by which processes on PostgreSQL take turns


def beside(catalogue: str) -> str:
    """Where observations are when nothing else is said: in the catalogue's folder, or in its database."""
    if "://" in catalogue:
        return catalogue
    folder, slash, _ = catalogue.rpartition("/")
    return f"{folder}{slash}observations.sqlite3"


def upgrade(engine: sa.Engine) -> None:
    """Bring the tables up to date; safe while others do the same."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "ocean_metadata.observations:migrations")
    try:
        with engine.begin() as connection:
            lock_writers(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise DatabaseUnusable(f"the observations were imported by another version: {error}") from error
    except DatabaseError as error:
        raise DatabaseUnusable(f"the observations cannot be opened: {error.orig}") from error


def lock_writers(connection: sa.Connection) -> None:
    """Until the transaction ends nobody else writes: numbers of stations are given one after the other."""
    take_turns(connection, _WRITING)


def append(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many rows at once: as PostgreSQL takes them soonest."""
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(table.insert(), rows)
        return
    names = list(rows[0])
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    copying = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
    session = cast("psycopg.Connection", connection.connection.driver_connection)
    with session.cursor() as cursor, cursor.copy(copying) as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def in_memory() -> sa.Engine:
    """A database that holds nothing, for a service that is given none."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    metadata.create_all(engine)
    return engine
