"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(target: str) -> sa.ForeignKey:
    return sa.ForeignKey(target, ondelete="CASCADE")


def _number(name: str, target: str) -> sa.Column[int]:
    return sa.Column(name, WHOLE, _to(target), primary_key=True, autoincrement=False)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "imports",
        sa.Column("id", WHOLE, primary_key=True),
        sa.Column("path", sa.Text, nullable=False, unique=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text),
        sa.Column("stations", sa.Integer, nullable=False),
    )
    op.create_table(
        "datatypes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
    )
    op.create_table(
        "platforms",
        sa.Column("id", WHOLE, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("first", sa.BigInteger),
        sa.Column("last", sa.BigInteger),
    )
    op.create_table(
        "attributes",
        _number("platform", "platforms.id"),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Index("attributes_key", "key", "value"),
    )
    _stations()
    _samples()


def _stations() -> None:
    op.create_table(
        "stations",
        sa.Column("id", WHOLE, primary_key=True, autoincrement=False),
        sa.Column("platform", WHOLE, _to("platforms.id"), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("latitude", sa.Double, nullable=False),
        sa.Column("longitude", sa.Double, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("grade", sa.SmallInteger, nullable=False),
        sa.Column("source", WHOLE, _to("imports.id"), nullable=False),
        sa.UniqueConstraint("platform", "key"),
        sa.Index("stations_track", "platform", "time", "latitude", "longitude", "id"),
        sa.Index("stations_source", "source"),
    )


def _samples() -> None:
    op.create_table(
        "samples",
        _number("station", "stations.id"),
        sa.Column("datatype", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("depth", sa.Double, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holdings",
        _number("station", "stations.id"),
        sa.Column("datatype", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("platform", WHOLE, nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("cell", sa.Integer, nullable=False),
        sa.Column("latitude", sa.Double, nullable=False),
        sa.Column("longitude", sa.Double, nullable=False),
        sa.Column("shallowest", sa.Double),
        sa.Column("deepest", sa.Double),
        sa.Index("holdings_time", "datatype", "level", "time"),
        sa.Index("holdings_cell", "datatype", "cell", "level", "time"),
        sa.Index("holdings_platform", "datatype", "platform", "level", "time"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take them away."""
    for name in ("holdings", "samples", "stations", "attributes", "platforms", "datatypes", "imports"):
        op.drop_table(name)
