"""Bytes in the ledger, and how large uploads are."""

import sqlalchemy as sa
from alembic import op

from flowscale_runtime.stores.tables import Json

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # What the release before writes has no bytes: it counts as nothing.
    op.add_column("ledger", sa.Column("bytes", sa.BigInteger(), nullable=True))
    op.add_column("ledger", sa.Column("team", sa.String(), nullable=True))
    op.add_column("ledger", sa.Column("tags", Json(), nullable=True))
    condition = sa.text("bytes IS NOT NULL")
    op.create_index(
        "ix_ledger_metered",
        "ledger",
        ["project", "at"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
    op.add_column("holdings", sa.Column("size", sa.BigInteger(), nullable=True))
    op.add_column("holdings", sa.Column("key_id", sa.String(), nullable=True))
