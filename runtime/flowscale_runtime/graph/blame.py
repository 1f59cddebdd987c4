"""Whose fault it was: failures and refusals told for the node of the submitted graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import GraphRefused, NodeFailed
from .failures import failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .dynprompt import DynamicPrompt


def failed(prompt: DynamicPrompt, node_id: str, error: BaseException, lists: Mapping[str, Any]) -> NodeFailed:
    """The failure of a node; of an expanded one, told for the node that it came from."""
    blamed = error.node_id if isinstance(error, GraphRefused) and error.node_id else node_id
    real = prompt.get_real_node_id(blamed)
    return NodeFailed(
        failure(
            error,
            node_id=real,
            title=title(prompt, real),
            class_type=class_of(prompt, node_id),
            inner_id=node_id if node_id != real else None,
            values=lists,
        )
    )


def refused(prompt: DynamicPrompt, refusal: GraphRefused) -> NodeFailed:
    """The refusal of a graph, told for the node to blame, where there is one."""
    blamed = refusal.node_id or ""
    real = prompt.get_display_node_id(blamed)
    return NodeFailed(
        failure(
            refusal,
            node_id=real,
            title=title(prompt, real),
            class_type=class_of(prompt, blamed),
            inner_id=blamed if blamed != real else None,
        )
    )


def title(prompt: DynamicPrompt, node_id: str) -> str:
    """The title that the author gave a node, else its class."""
    meta = _entry(prompt, node_id).get("_meta")
    given = meta.get("title") if isinstance(meta, dict) else None
    return str(given or class_of(prompt, node_id))


def class_of(prompt: DynamicPrompt, node_id: str) -> str:
    """The class that a node names; empty when it names none."""
    return str(_entry(prompt, node_id).get("class_type", ""))


def _entry(prompt: DynamicPrompt, node_id: str) -> dict[str, Any]:
    entry = prompt.get_node(node_id) if prompt.has_node(node_id) else None
    return entry if isinstance(entry, dict) else {}
