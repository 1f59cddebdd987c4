"""Runs as the wire shows them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from flowscale_runtime.gateway.links import Links
from flowscale_runtime.stores.bus import Live
from flowscale_runtime.stores.values import SECOND, TERMINAL
from flowscale_runtime.tracing.spans import trace_of


def run(
    row: Row[Any], outputs: Sequence[Row[Any]], live: Live | None, links: Links, base: str
) -> dict[str, Any]:
    """The run object of the contract."""
    return {
        "_id": row.id,
        "run_id": row.id,
        "number": row.number,
        "team_id": row.team,
        "workflow_id": row.deployment,
        "version": row.version,
        "release": row.release,
        "group_id": row.group_id,
        "batch_id": row.batch_id,
        "retry_of": row.retry_of,
        "status": row.state,
        "progress": progress(row, live),
        "inputs": [_input(entry, links, base, row.id) for entry in row.inputs],
        "output_names": list(row.output_names.values()),
        "outputs": [output(each, links, base) for each in outputs],
        "error": row.error,
        "tags": row.tags,
        "priority": row.priority,
        "cached": row.cached,
        "attempts": row.fence if row.state == "running" else None,
        "created_at": moment(row.created_at),
        "started_at": moment(row.started_at),
        "completed_at": moment(row.completed_at),
        "execution_time": row.seconds,
        "cost": row.cost / 1e6 if row.cost is not None else None,
        "gpu": row.gpu,
        "trace_id": trace_of(row.traceparent),
    }


def output(row: Row[Any], links: Links, base: str) -> dict[str, Any]:
    """One output file."""
    return {
        "filename": row.filename,
        "s3_key": row.object,
        "url": links.url(base, row.object, row.filename, row.content_type, row.run_id),
        "content_type": row.content_type,
        "size": row.size,
        "metadata": row.metadata,
    }


def progress(row: Row[Any], live: Live | None) -> float:
    """How far a run is, in per cent."""
    if row.state == "completed":
        return 100.0
    return live.progress if live and row.state not in TERMINAL else 0.0


def moment(microseconds: int | None) -> str | None:
    """A time as ISO 8601 in UTC."""
    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds / SECOND, UTC).isoformat().replace("+00:00", "Z")


def _input(entry: dict[str, Any], links: Links, base: str, run_id: str) -> dict[str, Any]:
    shown = {"path": entry["path"], "value": entry["value"], "s3_key": None, "url": None}
    if files := entry.get("files"):
        first = files[0]
        shown["s3_key"] = first["object"]
        shown["url"] = links.url(base, first["object"], first["filename"], first["content_type"], run_id)
    return shown
