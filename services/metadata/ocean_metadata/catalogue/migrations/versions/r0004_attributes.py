"""What the files say of themselves: their global attributes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the next pass of the index fills it."""
    column = sa.Column("attributes", sa.JSON(none_as_null=True), nullable=False, server_default="{}")
    op.add_column("datasets", column)


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("datasets") as table:
        table.drop_column("attributes")
