"""Files that ComfyUI's clients know by name."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "place", "path", name=op.f("pk_files")),
    )
    op.create_index(op.f("ix_files_at"), "files", ["at"])
