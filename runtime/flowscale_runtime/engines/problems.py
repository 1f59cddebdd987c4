"""What went wrong in a graph, as a run's error."""

from collections.abc import Mapping
from typing import Any


def refusal(error: Mapping[str, Any] | None, node_errors: Mapping[str, Any]) -> dict[str, Any]:
    """A graph that can't run: what ComfyUI's validation says of it."""
    for node_id, found in node_errors.items():
        first = found["errors"][0]
        message = (
            f"{found.get('class_type', 'node')} (node {node_id}): {first['message']}: {first['details']}"
        )
        return {
            "code": "INVALID_GRAPH",
            "message": message,
            "details": {"node_id": node_id, "node_errors": node_errors},
        }
    message = f"{error['message']}: {error['details']}" if error else "The graph can't run."
    return {"code": "INVALID_GRAPH", "message": message, "details": {"error": error}}


def failure(
    *,
    node_id: str,
    title: str | None,
    class_type: str,
    message: str,
    exception_type: str,
    input_name: str | None = None,
    hint: str | None = None,
) -> dict[str, Any]:
    """A node that failed."""
    return {
        "code": "NODE_FAILED",
        "message": f"{title or class_type} (node {node_id}): {message}",
        "details": {
            "node_id": node_id,
            "title": title,
            "class_type": class_type,
            "input": input_name,
            "exception_type": exception_type,
            "hint": hint,
        },
    }
