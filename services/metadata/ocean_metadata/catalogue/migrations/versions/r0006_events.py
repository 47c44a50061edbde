"""What happened to datasets, for those who listen."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("dataset", "type")),
        sa.Column("revision", sa.Text),
        sa.Column("count", sa.Integer, nullable=False),
        *(sa.Column(name, sa.BigInteger) for name in ("first", "last")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("events")
