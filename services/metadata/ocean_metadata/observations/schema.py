"""Database of observations, SQLite or PostgreSQL: its tables and how they are created.

::

    imports ◄── stations ──► platforms ◄── attributes
                   ▲
                   ├── samples  ──► datatypes     what was measured
                   └── holdings ──► datatypes     where and when each was measured: what searches read

`holdings` has a row for each station and datatype, and one with datatype 0 that stands for the station itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import DatabaseError

from ocean_metadata.catalogue.database import DatabaseUnusable, lock_transaction

metadata = sa.MetaData()

VERSION = "0001"  # of the tables: raise it with a migration where one of them changes
STATION_ITSELF = 0  # the datatype of the holding that stands for a station
_WRITE_LOCK = 11  # of the advisory locks of PostgreSQL

_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _references(target: str) -> sa.ForeignKey:
    return sa.ForeignKey(target, ondelete="CASCADE")


# The catalogue may be in the same database, with a version of its own. The column is that of Alembic.
versions = sa.Table("observations_version", metadata, sa.Column("version_num", sa.String(32), primary_key=True))

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("id", _WHOLE, primary_key=True),
    sa.Column("path", sa.Text, nullable=False, unique=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text),  # of the reader and of the content; null until the file is imported completely
    sa.Column("stations", sa.Integer, nullable=False),
)

datatypes = sa.Table(
    "datatypes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
)

platforms = sa.Table(
    "platforms",
    metadata,
    sa.Column("id", _WHOLE, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("first", sa.BigInteger),  # ms since 1970-01-01
    sa.Column("last", sa.BigInteger),
)

attributes = sa.Table(
    "attributes",
    metadata,
    sa.Column("platform", _WHOLE, _references("platforms.id"), primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Index("attributes_key", "key", "value"),
)

stations = sa.Table(
    "stations",
    metadata,
    sa.Column("id", _WHOLE, primary_key=True, autoincrement=False),
    sa.Column("platform", _WHOLE, _references("platforms.id"), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),
    sa.Column("latitude", sa.Double, nullable=False),
    sa.Column("longitude", sa.Double, nullable=False),  # from -180 to below 180
    sa.Column("name", sa.Text),
    sa.Column("grade", sa.SmallInteger, nullable=False),
    sa.Column("source", _WHOLE, _references("imports.id"), nullable=False),
    sa.UniqueConstraint("platform", "key"),
    # Tracks are read from it alone.
    sa.Index("stations_track", "platform", "time", "latitude", "longitude", "id"),
    sa.Index("stations_source", "source"),
)

samples = sa.Table(
    "samples",
    metadata,
    sa.Column("station", _WHOLE, _references("stations.id"), primary_key=True, autoincrement=False),
    sa.Column("datatype", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("depth", sa.Double, nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sqlite_with_rowid=False,
)

holdings = sa.Table(
    "holdings",
    metadata,
    sa.Column("station", _WHOLE, _references("stations.id"), primary_key=True, autoincrement=False),
    sa.Column("datatype", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("platform", _WHOLE, nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),  # of thinning
    sa.Column("time", sa.BigInteger, nullable=False),
    sa.Column("cell", sa.Integer, nullable=False),
    sa.Column("latitude", sa.Double, nullable=False),
    sa.Column("longitude", sa.Double, nullable=False),
    sa.Column("shallowest", sa.Double),  # m; null for the station itself
    sa.Column("deepest", sa.Double),
    sa.Index("holdings_time", "datatype", "level", "time"),
    sa.Index("holdings_cell", "datatype", "cell", "level", "time"),
    sa.Index("holdings_platform", "datatype", "platform", "level", "time"),
    sqlite_with_rowid=False,
)


def default_database(catalogue: str) -> str:
    """Return the database of observations where none is configured: in the catalogue's folder or database."""
    if "://" in catalogue:
        return catalogue
    folder, slash, _ = catalogue.rpartition("/")
    return f"{folder}{slash}observations.sqlite3"


def create_tables(engine: sa.Engine) -> None:
    """Create the tables that do not exist yet; safe while other processes do the same."""
    try:
        with write_transaction(engine) as connection:
            metadata.create_all(connection)
            version = connection.execute(sa.select(versions.c.version_num)).scalar()
            if version is None:
                connection.execute(versions.insert().values(version_num=VERSION))
            elif version != VERSION:
                raise DatabaseUnusable(f"the observations were imported by another version: {version}")
    except DatabaseError as error:
        raise DatabaseUnusable(f"the observations cannot be opened: {error.orig}") from error


@contextmanager
def write_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Begin a transaction that keeps other writers out: numbers of stations are given one after the other."""
    with engine.begin() as connection:
        lock_transaction(connection, _WRITE_LOCK)
        yield connection


def bulk_insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows at once: on PostgreSQL by COPY, which is the fastest there."""
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(table.insert(), rows)
        return
    names = list(rows[0])
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
    session = cast("psycopg.Connection", connection.connection.driver_connection)
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])
