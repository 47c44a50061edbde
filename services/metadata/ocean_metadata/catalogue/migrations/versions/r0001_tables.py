"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True)


def _key(*others: sa.Column[Any]) -> list[sa.Column[Any]]:
    dataset = sa.Column("dataset", sa.Text, sa.ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    return [dataset, *others]


def _number(name: str = "number") -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _maybe(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table("catalogue", _number("id"), *_text("revision"))
    op.create_table(
        "datasets",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        *_text("revision", "state", "name"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        *_maybe("reason", "quantum", "help", "attribution", "model_class", "group", "subgroup", "time_dim_units"),
        sa.Column("default_location", JSON),
        sa.Column("bounds", JSON),
        sa.Column("time", sa.Integer),
    )
    stat = [sa.Column(name, sa.BigInteger, nullable=False) for name in ("size", "mtime_ns")]
    op.create_table("files", *_key(_number()), *_text("path"), *stat)
    op.create_table("problems", *_key(_number()), *_maybe("file", "variable"), *_text("reason"))
    op.create_table(
        "grids",
        sa.Column("id", sa.Text, primary_key=True),
        *_text("kind"),
        sa.Column("shape", JSON, nullable=False),
        sa.Column("bounds", JSON),
    )
    _make_parts()


def _make_parts() -> None:
    """What a dataset consists of."""
    op.create_table(
        "placements",
        *_key(_number()),
        sa.Column("grid", sa.Text, sa.ForeignKey("grids.id"), nullable=False),
        *_text("file"),
        *_maybe("latitude", "longitude", "y_axis", "x_axis", "connectivity", "footprint"),
        sa.Column("axis_factor", sa.Float, nullable=False),
        sa.Column("mapping", JSON),
    )
    op.create_table("depths", *_key(_number()), *_text("name", "kind"), sa.Column("values", JSON, nullable=False))
    op.create_table(
        "times",
        *_key(_number()),
        *_text("units", "calendar"),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("first", "last")),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "time_steps",
        *_key(_number("time"), _number("file")),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("raw", "seconds", "position")),
    )
    op.create_table(
        "variables",
        *_key(_number()),
        *_text("key", "source", "name", "units"),
        *_maybe("standard_name", "long_name"),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("zero_centered", "hidden", "vector")),
        *(sa.Column(name, JSON, nullable=False) for name in ("scale", "categories", "attributes", "dimensions")),
        sa.Column("interpolation", JSON),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("file", "grid")),
        *(sa.Column(name, sa.Integer) for name in ("depth", "time")),
        sa.UniqueConstraint("dataset", "key"),
    )
    op.create_table(
        "headers",
        sa.Column("path", sa.Text, primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("size", "mtime_ns")),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("header", sa.LargeBinary, nullable=False),
        sa.Column("detail", sa.LargeBinary),
    )


def downgrade() -> None:
    """Drop them: the catalogue can always be made again from the files."""
    for table in (
        "headers", "variables", "time_steps", "times", "depths", "placements", "grids", "problems", "files", "datasets",
        "catalogue",
    ):  # fmt: skip
        op.drop_table(table)
