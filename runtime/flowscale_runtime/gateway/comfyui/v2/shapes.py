"""Assets and jobs as this API shows them: pure functions of what is stored."""

import mimetypes
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from flowscale_runtime.gateway.comfyui.progress import Prompt
from flowscale_runtime.gateway.comfyui.records import Record, verdict
from flowscale_runtime.stores.values import SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS = {
    "queued": "queued",
    "running": "running",
    "completed": "succeeded",
    "cancelled": "canceled",
    "failed": "failed",
    "timed_out": "failed",
}
TERMINAL = frozenset({"succeeded", "canceled", "failed", "expired"})
LINK_LIFE = 24 * 3600 * SECOND
KEPT = 3650 * 24 * 3600 * SECOND
"""Jobs stay as long as their runs do; the API wants a day, so it is far away."""
_KINDS = ("image", "video", "audio", "text")


@dataclass(frozen=True, slots=True)
class Place:
    """Where this API is: `base` the address that the caller used, `prefix` what stands before its routes."""

    base: str
    prefix: str

    def path(self, rest: str) -> str:
        """A link relative to the host."""
        return f"{self.prefix}/{rest}"

    def url(self, rest: str) -> str:
        """A whole link."""
        return f"{self.base}{self.prefix}/{rest}"


def asset(row: Row[Any], place: Place, now: int, *, created_new: bool | None = None) -> dict[str, Any]:
    """An uploaded file."""
    shown = {
        "id": row.id,
        "hash": row.hash,
        "size_bytes": row.size,
        "content_type": row.content_type,
        "file_path": row.file_path,
        "created_at": moment(row.created_at),
        "url": place.url(f"assets/{row.id}/content"),
        "url_expires_at": moment(now + LINK_LIFE),
        "expires_at": None,
        "tags": row.tags or [],
    }
    return shown if created_new is None else {**shown, "created_new": created_new}


def output_asset(run: Row[Any], file: Row[Any], place: Place, now: int) -> dict[str, Any]:
    """A job's output as an asset."""
    shown = output(run, file, place, now)
    return {
        **{
            name: shown[name]
            for name in ("id", "hash", "size_bytes", "content_type", "url", "url_expires_at")
        },
        "file_path": shown["name"],
        "created_at": moment(run.completed_at or run.created_at),
        "expires_at": None,
        "job_id": run.id,
    }


def output(run: Row[Any], file: Row[Any], place: Place, now: int) -> dict[str, Any]:
    """A file that a job made. Its id says the job and which file of it."""
    name = (file.metadata or {}).get("filename") or file.filename
    id_ = output_id(run.id, file.position)
    return {
        "node_id": file.node_id,
        "name": name,
        "type": kind(name, file.content_type),
        "content_type": file.content_type,
        "size_bytes": file.size,
        "id": id_,
        "hash": None,
        "url": place.url(f"assets/{id_}/content"),
        "url_expires_at": moment(now + LINK_LIFE),
        "job_id": run.id,
    }


def output_id(run_id: str, position: int) -> str:
    """The asset id of a job's output."""
    return f"{run_id}-{position}"


def kind(name: str, content_type: str) -> str:
    """What an output is."""
    if name.endswith(".latent"):
        return "latent"
    major = content_type.partition("/")[0]
    return major if major in _KINDS else "file"


def job(record: Record, place: Place, now: int, live: Prompt | None, ahead: int | None) -> dict[str, Any]:
    """A job; `live` is what is known of it while it runs, `ahead` how many go before it while it waits."""
    row = record.row
    status = STATUS[row.state]
    return {
        "id": row.id,
        "status": status,
        "created_at": moment(row.created_at),
        "started_at": moment(row.started_at),
        "completed_at": moment(row.completed_at),
        "expires_at": moment(row.created_at + KEPT),
        "queue_position": ahead if status == "queued" else None,
        "progress": progress(live) if live and status == "running" else None,
        "outputs": [output(row, file, place, now) for file in record.files],
        "error": error(record) if status == "failed" else None,
        "metrics": {
            "queue_ms": _between(row.created_at, row.started_at),
            "execution_ms": _between(row.started_at, row.completed_at),
        },
        "metadata": labels(row),
        "urls": links(row.id, place),
    }


def summary(row: Row[Any]) -> dict[str, Any]:
    """A job in a list."""
    return {
        "id": row.id,
        "status": STATUS[row.state],
        "create_time": moment(row.created_at),
        "update_time": moment(row.completed_at or row.started_at or row.created_at),
        "deployment_id": row.deployment,
        "metadata": labels(row),
    }


def labels(row: Row[Any]) -> dict[str, str]:
    """The labels that the job was given."""
    return row.tags if isinstance(row.tags, dict) else {}


def links(job_id: str, place: Place) -> dict[str, str]:
    """Where a client goes on."""
    return {
        "self": place.path(f"jobs/{job_id}"),
        "events": place.path(f"jobs/{job_id}/events"),
        "cancel": place.path(f"jobs/{job_id}/cancel"),
    }


def progress(prompt: Prompt) -> dict[str, Any]:
    """How far a running job is: nodes that are done, and the part of the one that runs."""
    done = len(prompt.cached) + sum(state["state"] == "finished" for state in prompt.states.values())
    total = max(len(prompt.classes), done, 1)
    node = prompt.node
    state = prompt.states.get(node or "", {})
    running = state.get("state") == "running"
    value, most = (state["value"], state["max"]) if running else (0, 1)
    part = value / most if most else 0
    told: dict[str, Any] = {
        "value": min((done + part) / total, 1.0),
        "nodes_done": done,
        "nodes_total": total,
        "current_node": node if running else None,
        "current_node_class": prompt.classes.get(node or "") if running else None,
    }
    if running and most > 1:
        told |= {"step": int(value), "steps": int(most)}
        told["message"] = f"{told['current_node_class']} {int(value)}/{int(most)}"
    return told


def error(record: Record) -> dict[str, Any]:
    """Why a job failed: a node of it, or what ended it from outside."""
    told: Mapping[str, Any] = verdict(record)[1]
    of_node = told.get("node_id") is not None
    found = {
        "code": "node_execution_error" if of_node else str((record.row.error or {}).get("code", "")).lower(),
        "message": told.get("exception_message") or "",
        "node_id": told.get("node_id"),
        "class_type": told.get("node_type"),
        "traceback": "".join(told.get("traceback") or ()) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def media_type(given: str, name: str) -> str:
    """The type of an upload: as it is said, else by its name."""
    if given and given != "application/octet-stream":
        return given
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def moment(at: int | None) -> str | None:
    """A time in ISO 8601."""
    return None if at is None else datetime.fromtimestamp(at / SECOND, UTC).isoformat().replace("+00:00", "Z")


def _between(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else (end - start) // 1000
