"""What a WebSocket of ComfyUI tells of one prompt, passed on as our own progress and previews."""

import json
import struct
import time
from typing import Any

from flowscale_runtime.engines.teller import Teller

PREVIEW = 1  # the kind of binary frame that holds a picture
_HEAD = struct.Struct(">II")


class Hearing:
    """Listens for one prompt; `seconds` are those that each node took."""

    def __init__(self, prompt_id: str, nodes: int, teller: Teller) -> None:
        self._prompt_id, self._nodes, self._teller = prompt_id, nodes, teller
        self._node: str | None = None
        self._since = 0.0
        self.seconds: dict[str, float] = {}

    def take(self, frame: str | bytes) -> bool:
        """Whether this frame was the last one of the prompt."""
        if isinstance(frame, bytes):
            self._picture(frame)
            return False
        message = json.loads(frame)
        kind, data = message.get("type"), message.get("data") or {}
        if data.get("prompt_id") != self._prompt_id:
            return False
        if kind == "execution_start":
            self._teller.started(self._nodes, ())
        elif kind == "execution_cached":
            self._teller.started(self._nodes, tuple(data.get("nodes", ())))
        elif kind == "executing":
            self._turn(data.get("display_node") or data.get("node"))
            return data.get("node") is None
        elif kind == "progress" and self._node:
            self._teller.node_progress(self._node, data.get("value", 0), data.get("max", 0))
        return False

    def _turn(self, node: str | None) -> None:
        now = time.monotonic()
        if self._node:
            taken = now - self._since
            self.seconds[self._node] = self.seconds.get(self._node, 0.0) + taken
            self._teller.node_finished(self._node, None, taken)
        self._node, self._since = node, now
        if node:
            self._teller.node_started(node)

    def _picture(self, frame: bytes) -> None:
        if self._node and len(frame) > _HEAD.size and _HEAD.unpack_from(frame)[0] == PREVIEW:
            self._teller.node_preview(self._node, frame[_HEAD.size :])


def ending(entry: dict[str, Any]) -> tuple[str, float, dict[str, Any]]:
    """How a prompt ended, by its entry of the history: `completed`, `interrupted` or `failed`, the seconds that it took,
    and what its last message says."""
    status = entry.get("status") or {}
    told: dict[str, dict[str, Any]] = dict(status.get("messages") or ())
    begun = told.get("execution_start", {}).get("timestamp")
    for kind, state in (("execution_interrupted", "interrupted"), ("execution_error", "failed")):
        if kind in told:
            return state, _seconds(begun, told[kind].get("timestamp")), told[kind]
    last = told.get("execution_success", {})
    state = "completed" if status.get("status_str", "success") == "success" else "failed"
    return state, _seconds(begun, last.get("timestamp")), last


def outputs(entry: dict[str, Any], targets: list[str]) -> dict[str, dict[str, list[Any]]]:
    """What the targets show, with what the nodes that they expanded to show."""
    meta = entry.get("meta") or {}
    found: dict[str, dict[str, list[Any]]] = {}
    for node_id, shown in (entry.get("outputs") or {}).items():
        target = (meta.get(node_id) or {}).get("display_node") or node_id
        if target in targets:
            lists = found.setdefault(target, {})
            for name, items in shown.items():
                if isinstance(items, list):
                    lists.setdefault(name, []).extend(items)
    return found


def _seconds(begun: float | None, ended: float | None) -> float:
    return max(ended - begun, 0) / 1000 if begun is not None and ended is not None else 0.0
