"""Objects that nothing refers to any more, until they are deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "condemned",
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("object", name=op.f("pk_condemned")),
    )
    op.create_index(op.f("ix_condemned_at"), "condemned", ["at"])
