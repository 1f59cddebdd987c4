"""The tables of the data plane, one metadata for every dialect.

Times are integer microseconds since the epoch (UTC), money is integer micro-dollars, JSON is text made by `encode`.
"""

from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    literal_column,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Json(TypeDecorator[Any]):
    """A JSON value kept as text, the same in every dialect."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else encode(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


def encode(value: Any) -> str:
    """The JSON text of a value, as the tables keep it."""
    return orjson.dumps(value).decode()


# A queue leaves dead rows at its front: they are to be cleared away long before a fifth of the table is dead.
BUSY = {"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.01, "autovacuum_analyze_scale_factor": 0.02}
Serial = BigInteger().with_variant(Integer, "sqlite")

runs = Table(
    "runs",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    # the request, never changed
    Column("project", String, nullable=False),
    Column("team", String),
    Column("deployment", String, nullable=False),
    Column("workflow", String, nullable=False),
    Column("version", String, nullable=False),
    Column("release", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("key_id", String),
    Column("group_id", String),
    Column("batch_id", String),
    Column("retry_of", String),
    Column("copy_of", String),
    Column("traceparent", String),
    Column("tags", Json),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("inputs", Json, nullable=False),
    Column("output_names", Json, nullable=False),
    Column("suffix", String(10), nullable=False),
    Column("webhooks", Json, nullable=False),
    Column("cache_key", String),
    Column("timeout", Float, nullable=False),
    Column("memory", BigInteger),
    Column("concurrency", Integer),
    Column("gpu", String, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("budgets", Json, nullable=False),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    # the state
    Column("state", String(16), nullable=False),
    Column("leader", String(36)),
    Column("available_at", BigInteger, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("worker", String),
    Column("lease_until", BigInteger),
    Column("started_at", BigInteger),
    Column("completed_at", BigInteger),
    Column("seconds", Float),
    Column("cost", BigInteger),
    Column("cached", Boolean, nullable=False, server_default=false()),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("error", Json),
    Column("timings", Json),
    # the place in the queue
    Column("flow", String, nullable=False, server_default=""),
    Column("turn", BigInteger, nullable=False, server_default="0"),
    Column("delayed_until", BigInteger),
    postgresql_with=BUSY,
)

# Literals, not parameters: only then can a planner tell that the partial indexes below fit.
QUEUED = runs.c.state == literal_column("'queued'")
RUNNING = runs.c.state == literal_column("'running'")
DELAYED = QUEUED & runs.c.delayed_until.is_not(None)
CLAIMABLE = QUEUED & runs.c.leader.is_(None) & runs.c.delayed_until.is_(None)


def _where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """What makes an index partial in every dialect."""
    return {"sqlite_where": condition, "postgresql_where": condition}


Index(
    "ix_runs_lane",
    runs.c.environment,
    runs.c.deployment,
    runs.c.priority.desc(),
    runs.c.turn,
    runs.c.number,
    **_where(CLAIMABLE),
)
Index("ix_runs_turn", runs.c.environment, runs.c.turn, **_where(CLAIMABLE))
Index("ix_runs_flow", runs.c.environment, runs.c.flow, runs.c.turn, **_where(QUEUED))
Index("ix_runs_delayed", runs.c.delayed_until, **_where(DELAYED))
Index("ix_runs_expiring", runs.c.expires_at, **_where(QUEUED & runs.c.expires_at.is_not(None)))
Index("ix_runs_queued_in", runs.c.deployment, **_where(QUEUED))
Index("ix_runs_running", runs.c.deployment, **_where(RUNNING))
Index("ix_runs_ended", runs.c.completed_at, **_where(runs.c.completed_at.is_not(None)))
Index("ix_runs_listing", runs.c.project, runs.c.created_at)
Index("ix_runs_group_id", runs.c.group_id)
Index("ix_runs_batch_id", runs.c.batch_id)
Index("ix_runs_cache_key", runs.c.cache_key)
Index("ix_runs_leader", runs.c.leader, **_where(runs.c.leader.is_not(None)))
Index("ix_runs_suffix", runs.c.suffix)

attempts = Table(
    "attempts",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("fence", Integer, primary_key=True),
    Column("worker", String, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("exit", String),
    Column("log", Text),
    Column("trace", Json),  # what nodes did and showed, where the run was traced
)

run_outputs = Table(
    "run_outputs",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("node_id", String, nullable=False),
    Column("stem", String, nullable=False),
    Column("filename", String, nullable=False),
    Column("object", String, nullable=False),
    Column("content_type", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("metadata", Json),
)

events = Table(
    "events",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("type", String, nullable=False),
    Column("data", Json, nullable=False),
    Column("at", BigInteger, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("project", String, primary_key=True),
    Column("caller", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("body", String, nullable=False),
    Column("run_id", String(36), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),  # reserve | settle | egress | storage
    Column("amount", BigInteger, nullable=False),
    Column("seconds", Float),
    Column("gpu", String, nullable=False),
    Column("project", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("key_id", String),
    Column("run_id", String(36), nullable=False),
    Index("ix_ledger_project_at", "project", "at"),
    # what bytes were sent, or kept for so many seconds
    Column("bytes", BigInteger),
    Column("team", String),
    Column("tags", Json),
)
METERED = ledger.c.bytes.is_not(None)
Index("ix_ledger_metered", ledger.c.project, ledger.c.at, **_where(METERED))

balances = Table(
    "balances",
    metadata,
    Column(
        "budget", String, primary_key=True
    ),  # what runs refer to: the name, and the owner's before it if that is taken
    Column("period", BigInteger, primary_key=True),
    Column("project", String, nullable=False),
    Column("limit", BigInteger, nullable=False),
    Column("alerts", Json, nullable=False),
    Column("spent", BigInteger, nullable=False, server_default="0"),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("alerted", Integer, nullable=False, server_default="0"),
    # whose budget it is, and its name among theirs; unknown until the first run after the names alone were the key
    Column("owner", String),
    Column("name", String),
    UniqueConstraint("owner", "name", "period"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("group_id", String),
    Column("size", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("prefix", String, nullable=False),
    Column("name", String, nullable=False),
    Column("project", String, nullable=False),
    Column("role", String, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("deployments", Json),
    Column("rate", String),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("replaced_by", String(36)),
    Column("weight", Integer, nullable=False, server_default="1"),
    UniqueConstraint("project", "name", "created_at"),
)

assets = Table(
    "assets",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project", String, nullable=False),
    Column("hash", String, nullable=False),  # blake3:<hex>
    Column("object", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content_type", String, nullable=False),
    Column("file_path", String, nullable=False),
    Column("tags", Json),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_assets_project_hash", "project", "hash"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project", String, nullable=False),
    Column("run_id", String(36)),
    Column("event_type", String, nullable=False),
    Column("url", String, nullable=False),
    Column("secret", String),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),  # pending | delivered | dead
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("delivered_at", BigInteger),
    Column("last_error", String),
    Column("traceparent", String),
    Index("ix_outbox_due", "state", "next_at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("run_id", String(36), nullable=False, index=True),
    Column("key_id", String),
    Column("score", Float, nullable=False),
    Column("comment", Text),
    Column("at", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("project", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("details", Json),
    Index("ix_audit_project_at", "project", "at"),
)

seals = Table(
    "seals",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("first_id", BigInteger, nullable=False),
    Column("last_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

signatures = Table(
    "signatures",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

rates = Table(
    "rates",
    metadata,
    Column("who", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("amount", BigInteger, primary_key=True, autoincrement=False),
    Column("seconds", BigInteger, primary_key=True, autoincrement=False),
    Column("given", Json, nullable=False),  # permits by the number of their slot
    Column("until", BigInteger, nullable=False),
    postgresql_with=BUSY,
)

settings = Table(
    "settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

holdings = Table(
    "holdings",
    metadata,
    Column("project", String, primary_key=True),
    Column("object", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("size", BigInteger),
    Column("key_id", String),
)

files = Table(
    "files",
    metadata,
    Column("project", String, primary_key=True),
    Column("place", String(16), primary_key=True),
    Column("path", String, primary_key=True),
    Column("object", String(64), nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)

commits = Table(
    "commits",
    metadata,
    Column("token", String(32), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)

condemned = Table(
    "condemned",
    metadata,
    Column("object", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)

previews = Table(
    "previews",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("node_id", String, nullable=False),
    Column("content_type", String, nullable=False),
    Column("image", LargeBinary, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("name", String, primary_key=True),
    Column("hosts", Json, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
