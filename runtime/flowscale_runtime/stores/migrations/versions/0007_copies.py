"""Runs that are copies of others, for a version that is tried without answering anybody."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("runs", sa.Column("copy_of", sa.String()))
