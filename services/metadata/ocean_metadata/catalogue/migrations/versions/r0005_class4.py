"""Class 4: files of observed profiles beside what models say, and their profiles."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "class4",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.Text, nullable=False),
    )
    op.create_table(
        "class4_files",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("about", sa.LargeBinary),
        sa.Column("points", sa.LargeBinary),
    )
    op.create_table(
        "class4_profiles",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("file", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["kind", "file"], ["class4_files.kind", "class4_files.id"], ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Take them away."""
    for name in ("class4_profiles", "class4_files", "class4"):
        op.drop_table(name)
