"""What several gateways and workers share: a fair queue, secrets of the installation, who holds which objects."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from flowscale_runtime.stores.tables import BUSY, Json

revision = "0002"
down_revision = "0001"
CLAIMABLE = "state = 'queued' AND leader IS NULL AND delayed_until IS NULL"


def upgrade() -> None:
    # Code of the release before goes on working: new columns have defaults, and no column of its own changes.
    op.add_column("runs", sa.Column("flow", sa.String(), server_default="", nullable=False))
    op.add_column("runs", sa.Column("turn", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("runs", sa.Column("delayed_until", sa.BigInteger(), nullable=True))
    op.add_column("keys", sa.Column("weight", sa.Integer(), server_default="1", nullable=False))
    op.drop_index("ix_runs_queue", "runs")
    lane: list[str | sa.ColumnElement[Any]] = [
        "environment",
        "deployment",
        sa.literal_column("priority DESC"),
        "turn",
        "number",
    ]
    _index("ix_runs_lane", lane, CLAIMABLE)
    _index("ix_runs_turn", ["environment", "turn"], CLAIMABLE)
    _index("ix_runs_flow", ["environment", "flow", "turn"], "state = 'queued'")
    _index("ix_runs_delayed", ["delayed_until"], "state = 'queued' AND delayed_until IS NOT NULL")
    _index("ix_runs_expiring", ["expires_at"], "state = 'queued' AND expires_at IS NOT NULL")
    _index("ix_runs_ended", ["completed_at"], "completed_at IS NOT NULL")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE runs SET ({', '.join(f'{name} = {value}' for name, value in BUSY.items())})")
    op.create_table(
        "settings",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    op.create_table(
        "holdings",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "object", name=op.f("pk_holdings")),
    )
    op.create_table(
        "previews",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("node_id", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_previews")),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hosts", Json(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )


def _index(name: str, columns: Sequence[str | sa.ColumnElement[Any]], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "runs", columns, sqlite_where=condition, postgresql_where=condition)
