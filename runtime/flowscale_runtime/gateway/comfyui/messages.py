"""The frames of the WebSocket, as pure values."""

import struct
from typing import Any

import orjson

JPEG, PNG = 1, 2
PREVIEW, PREVIEW_WITH_FACTS = 1, 4


def text(kind: str, data: dict[str, Any]) -> str:
    """A text frame."""
    return orjson.dumps({"type": kind, "data": data}, option=orjson.OPT_NON_STR_KEYS).decode()


def status(remaining: int, sid: str | None = None) -> dict[str, Any]:
    """How many prompts run or wait."""
    told: dict[str, Any] = {"status": {"exec_info": {"queue_remaining": remaining}}}
    return told if sid is None else {**told, "sid": sid}


def preview(image: bytes) -> bytes:
    """A picture of what is being made."""
    return struct.pack(">II", PREVIEW, _kind(image)) + image


def preview_with_facts(image: bytes, facts: dict[str, Any]) -> bytes:
    """The same, saying which node of which prompt it is of."""
    kind = "image/png" if _kind(image) == PNG else "image/jpeg"
    head = orjson.dumps({**facts, "image_type": kind})
    return struct.pack(">II", PREVIEW_WITH_FACTS, len(head)) + head + image


def failure(
    prompt_id: str, error: dict[str, Any], failed: dict[str, Any] | None, ran: list[str], timestamp: int
) -> dict[str, Any]:
    """The data of `execution_error`: of a node where one failed, else of the run."""
    details = error.get("details") or {}
    told = failed or {
        "node_id": details.get("node_id"),
        "node_type": details.get("class_type"),
        "exception_message": error.get("message", ""),
        "exception_type": details.get("exception_type") or error.get("code", ""),
        "traceback": [],
        "current_inputs": {},
    }
    return {
        "prompt_id": prompt_id,
        "executed": ran,
        **told,
        "current_outputs": ran,
        "timestamp": timestamp,
    }


def interruption(
    prompt_id: str, node: str | None, node_type: str | None, ran: list[str], timestamp: int
) -> dict[str, Any]:
    """The data of `execution_interrupted`."""
    return {
        "prompt_id": prompt_id,
        "node_id": node,
        "node_type": node_type,
        "executed": ran,
        "timestamp": timestamp,
    }


def _kind(image: bytes) -> int:
    return PNG if image.startswith(b"\x89PNG") else JPEG
