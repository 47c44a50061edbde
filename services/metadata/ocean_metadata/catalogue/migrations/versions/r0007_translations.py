"""What the configuration says in other languages than English."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
TABLES = ("datasets", "variables")


def upgrade() -> None:
    """Add the columns; the next pass of the index fills them."""
    for table in TABLES:
        column = sa.Column("translations", sa.JSON(none_as_null=True), nullable=False, server_default="{}")
        op.add_column(table, column)


def downgrade() -> None:
    """Take them away."""
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.drop_column("translations")
