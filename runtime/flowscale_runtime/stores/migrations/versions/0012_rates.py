"""Permits of rates that hold for all gateways."""

import sqlalchemy as sa
from alembic import op

from flowscale_runtime.stores.tables import BUSY, Json

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "rates",
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("given", Json(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who", "name", "amount", "seconds", name=op.f("pk_rates")),
        postgresql_with=BUSY,
    )
