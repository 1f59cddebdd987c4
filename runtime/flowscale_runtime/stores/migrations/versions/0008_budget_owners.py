"""Whose a budget is: two tenants may give theirs the same name."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # Code of the release before goes on finding rows by `budget` and `period`: it never sees two of them.
    with op.batch_alter_table("balances") as table:
        table.add_column(sa.Column("owner", sa.String(), nullable=True))
        table.add_column(sa.Column("name", sa.String(), nullable=True))
        table.create_unique_constraint(op.f("uq_balances_owner_name_period"), ["owner", "name", "period"])
