"""Tables of the catalogue.

A dataset is one document (MessagePack of a `DatasetRecord`) in one row; its time steps are rows beside it, one for each
time axis. All of it is made from the data files: where another version of the software has written it in another
form, it is thrown away and indexed anew.
"""

import hashlib
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from ocean_metadata.catalogue.model import STEP_TYPES, DatasetRecord

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
