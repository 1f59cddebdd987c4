"""The trace that a run belongs to, for its worker and for its webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("runs", sa.Column("traceparent", sa.String()))
    op.add_column("outbox", sa.Column("traceparent", sa.String()))
