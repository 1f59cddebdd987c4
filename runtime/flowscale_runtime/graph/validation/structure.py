"""The graph as a whole: is it one, and are all its classes here?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..links import is_link
from .reports import Report, report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..catalog import Catalog


def refuse_graph(graph: Any, catalog: Catalog, max_nodes: int | None) -> Report | None:
    """Why the graph as a whole can't run."""
    if not isinstance(graph, dict) or not graph:
        return report(
            "no_prompt", "There is no graph", "send the graph in API form: an object of nodes by id"
        )
    if max_nodes is not None and len(graph) > max_nodes:
        return report(
            "too_many_nodes", "The graph is too large", f"{len(graph)} nodes, {max_nodes} are allowed"
        )
    for node_id, node in graph.items():
        refused = _refuse_node(node_id, node, catalog)
        if refused is not None:
            return refused
    return None


def _refuse_node(node_id: str, node: Any, catalog: Catalog) -> Report | None:
    class_type = node.get("class_type") if isinstance(node, dict) else None
    title = _title(node) or class_type
    where = {"node_id": node_id, "class_type": class_type, "node_title": title}
    if not isinstance(class_type, str):
        return report("missing_node_type", "A node has no class_type", f"node {node_id}", **where)
    if class_type not in catalog:
        details = f"node {node_id} ({title}) needs the class {class_type}: install its node pack"
        return report("missing_node_type", f"The class {class_type} is not installed", details, **where)
    if not isinstance(node.get("inputs", {}), dict):
        return report(
            "missing_node_type", "The inputs of a node must be an object", f"node {node_id}", **where
        )
    return None


def _title(node: Any) -> str | None:
    meta = node.get("_meta") if isinstance(node, dict) else None
    title = meta.get("title") if isinstance(meta, dict) else None
    return title if isinstance(title, str) else None


def linked_nodes(graph: Mapping[str, Any], node_id: str) -> list[str]:
    """Ids of existing nodes that a node is linked to."""
    values = (graph[node_id].get("inputs") or {}).values()
    return [value[0] for value in values if is_link(value) and value[0] in graph]
