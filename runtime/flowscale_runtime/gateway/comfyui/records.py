"""A run as ComfyUI's queue, history and jobs show it: pure functions of its row, its bundle and its trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from flowscale_runtime.gateway.comfyui import messages

MEDIA = {"image": "images", "video": "video", "audio": "audio", "text": "text"}
_STATUS = {
    "queued": "pending",
    "running": "in_progress",
    "completed": "completed",
    "cancelled": "cancelled",
    "failed": "failed",
    "timed_out": "failed",
}
_LONGEST_TEXT = 1024


@dataclass(frozen=True, slots=True)
class Record:
    """A run with what is kept of it elsewhere: `bundle` the posted prompt, `trace` what nodes did, `files` its outputs."""

    row: Row[Any]
    bundle: dict[str, Any]
    trace: dict[str, Any]
    files: Sequence[Row[Any]] = ()


def listed(record: Record) -> list[Any]:
    """The five values of the queue: number, id, graph, extra data, output nodes."""
    row, bundle = record.row, record.bundle
    extra = {**bundle["traced"]["extra"], "create_time": row.created_at // 1000}
    if row.group_id:
        extra["client_id"] = row.group_id
    targets = [output["node_id"] for output in bundle["interface"]["outputs"]]
    return [-row.number if row.priority > 0 else row.number, row.id, bundle["graph"], extra, targets]


def entry(record: Record) -> dict[str, Any]:
    """One prompt of the history."""
    shown = outputs(record)
    return {
        "prompt": listed(record),
        "outputs": shown,
        "status": status(record),
        "meta": {node: place(record, node) for node in shown},
    }


def outputs(record: Record) -> dict[str, Any]:
    """What nodes show: as they said it, or where that is lost, by the files that are kept."""
    if "ui" in record.trace:
        shown: dict[str, Any] = record.trace["ui"]
        return shown
    found: dict[str, Any] = {}
    for file in record.files:
        if "filename" in (file.metadata or {}):
            kind = MEDIA.get(file.content_type.partition("/")[0], "files")
            named = {key: file.metadata[key] for key in ("filename", "subfolder", "type")}
            found.setdefault(file.node_id, {}).setdefault(kind, []).append(named)
    return found


def place(record: Record, node: str) -> dict[str, Any]:
    """Where a node belongs: itself, or for one that another expanded to, the node that it is shown as."""
    display, parent = record.trace.get("expanded", {}).get(node, (node, None))
    return {"node_id": node, "display_node": display, "parent_node": parent, "real_node_id": display}


def status(record: Record) -> dict[str, Any]:
    """How it ended, with the messages that clients were sent."""
    row = record.row
    done = row.state == "completed"
    started = {"prompt_id": row.id, "timestamp": (row.started_at or row.created_at) // 1000}
    cached = {**started, "nodes": record.trace.get("cached", [])}
    told = [["execution_start", started], ["execution_cached", cached], verdict(record)]
    return {"status_str": "success" if done else "error", "completed": done, "messages": told}


def verdict(record: Record) -> list[Any]:
    """The last message."""
    row, ended, ran = record.row, record.row.completed_at // 1000, record.trace.get("ran", [])
    if row.state == "completed":
        return ["execution_success", {"prompt_id": row.id, "timestamp": ended}]
    if row.state == "cancelled":
        return ["execution_interrupted", messages.interruption(row.id, None, None, ran, ended)]
    failed = record.trace.get("failure")
    return ["execution_error", messages.failure(row.id, row.error or {}, failed, ran, ended)]


def job(record: Record) -> dict[str, Any]:
    """The prompt as the jobs routes list it, without what there is nothing to say of."""
    row = record.row
    items = list(previews(outputs(record))) if row.state not in {"queued", "running"} else []
    told = {
        "id": row.id,
        "status": _STATUS[row.state],
        "priority": listed(record)[0],
        "create_time": row.created_at // 1000,
        "execution_start_time": row.started_at // 1000 if row.started_at else None,
        "execution_end_time": row.completed_at // 1000 if row.completed_at else None,
        "execution_error": verdict(record)[1] if row.state in {"failed", "timed_out"} else None,
        "outputs_count": len(items),
        "previewable_outputs_count": sum(rank < len(_RANKS) for rank, _ in items),
        "preview_output": min(items, key=lambda item: item[0])[1] if items else None,
        "workflow_id": workflow_id(record),
    }
    return {name: value for name, value in told.items() if value is not None}


def detailed(record: Record) -> dict[str, Any]:
    """The prompt as the route of one job shows it."""
    told = job(record)
    if record.row.state not in {"queued", "running"}:
        told |= {"outputs": outputs(record), "execution_status": status(record)}
    _, _, graph, extra, _ = listed(record)
    return {**told, "workflow": {"prompt": graph, "extra_data": extra}}


def workflow_id(record: Record) -> str | None:
    """The id of the workflow that the prompt was made of."""
    info = record.bundle["traced"]["extra"].get("extra_pnginfo")
    workflow = info.get("workflow") if isinstance(info, dict) else None
    found = workflow.get("id") if isinstance(workflow, dict) else None
    return found if isinstance(found, str) else None


_VISUAL = {"images": "images", "gifs": "video", "video": "video", "videos": "video", "3d": "3d"}
_RANKS = ("saved media", "temporary media", "saved text", "text")


def previews(shown: dict[str, Any]) -> Any:
    """Every item that nodes show, with its rank as the one that stands for all: saved pictures first."""
    for node, lists in shown.items():
        for kind, items in lists.items():
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict) and "filename" in item:
                    media = _VISUAL.get(kind, "audio" if kind == "audio" else kind)
                    yield _rank(kind, item), {**item, "nodeId": node, "mediaType": media}
                elif kind == "text" and isinstance(item, str):
                    yield 3, {"content": item[:_LONGEST_TEXT], "nodeId": node, "mediaType": "text"}


def _rank(kind: str, item: dict[str, Any]) -> int:
    saved = item.get("type", "output") == "output"
    if kind in _VISUAL or kind == "audio":
        return 0 if saved else 1
    return 2 if saved and kind == "text" else len(_RANKS)
