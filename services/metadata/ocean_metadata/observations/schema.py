"""The tables of observations. Where they change, a migration in `migrations/versions` says how.

::

    imports ◄── stations ──► platforms ◄── attributes
                   ▲
                   ├── samples  ──► datatypes     what was measured
                   └── holdings ──► datatypes     where and when each was measured: what searches read

`holdings` has a row for each station and datatype, and one with datatype 0 that stands for the station itself.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

VERSIONS = "observations_version"  # not Alembic's own name: the catalogue may be in the same database
ANYTHING = 0  # the datatype of the holding that stands for the station itself

_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(target: str) -> sa.ForeignKey:
    return sa.ForeignKey(target, ondelete="CASCADE")


imports = sa.Table(
    "imports",
    metadata,
    sa.Column("id", _WHOLE, primary_key=True),
    sa.Column("path", sa.Text, nullable=False, unique=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text),  # how it was read, and of its content; null until it is in completely
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
    sa.Column("platform", _WHOLE, _to("platforms.id"), primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Index("attributes_key", "key", "value"),
)

stations = sa.Table(
    "stations",
    metadata,
    sa.Column("id", _WHOLE, primary_key=True, autoincrement=False),
    sa.Column("platform", _WHOLE, _to("platforms.id"), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),
    sa.Column("latitude", sa.Double, nullable=False),
    sa.Column("longitude", sa.Double, nullable=False),  # from -180 to below 180
    sa.Column("name", sa.Text),
    sa.Column("grade", sa.SmallInteger, nullable=False),
    sa.Column("source", _WHOLE, _to("imports.id"), nullable=False),
    sa.UniqueConstraint("platform", "key"),
    # Tracks are read from it alone.
    sa.Index("stations_track", "platform", "time", "latitude", "longitude", "id"),
    sa.Index("stations_source", "source"),
)

samples = sa.Table(
    "samples",
    metadata,
    sa.Column("station", _WHOLE, _to("stations.id"), primary_key=True, autoincrement=False),
    sa.Column("datatype", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("depth", sa.Double, nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sqlite_with_rowid=False,
)

holdings = sa.Table(
    "holdings",
    metadata,
    sa.Column("station", _WHOLE, _to("stations.id"), primary_key=True, autoincrement=False),
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
