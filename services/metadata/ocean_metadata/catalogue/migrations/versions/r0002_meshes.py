"""How the table of a mesh is numbered and turned, and where its triangles' centres are."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _columns() -> list[sa.Column[object]]:
    # The defaults are for the rows that are there: they are built again by the next pass of the index.
    return [
        sa.Column("start_index", sa.Integer),
        sa.Column("corners_first", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("location", sa.Text, nullable=False, server_default="node"),
        sa.Column("face_latitude", sa.Text),
        sa.Column("face_longitude", sa.Text),
    ]


def upgrade() -> None:
    """Add the columns."""
    for column in _columns():
        op.add_column("placements", column)


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("placements") as table:
        for column in _columns():
            table.drop_column(column.name)
