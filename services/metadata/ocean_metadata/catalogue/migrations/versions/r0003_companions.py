"""What goes with a variable: its equation, components, levels, bathymetry and angle."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True)


def _columns() -> list[sa.Column[object]]:
    # The defaults are for the rows that are there: they are built again by the next pass of the index.
    return [
        sa.Column("equation", sa.Text),
        sa.Column("components", JSON, nullable=False, server_default="{}"),
        sa.Column("levels", JSON),
        sa.Column("bathymetry", sa.Text),
        sa.Column("angle", JSON, nullable=False, server_default="{}"),
        sa.Column("auxiliary", sa.Boolean, nullable=False, server_default=sa.false()),
    ]


def upgrade() -> None:
    """Add the columns."""
    for column in _columns():
        op.add_column("variables", column)


def downgrade() -> None:
    """Take them away."""
    op.execute("DELETE FROM variables WHERE auxiliary")  # nothing else keeps them from being asked for
    with op.batch_alter_table("variables") as table:
        for column in _columns():
            table.drop_column(column.name)
