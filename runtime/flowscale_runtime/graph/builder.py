"""GraphBuilder: how a node writes the graph that it expands to."""

from __future__ import annotations

from typing import Any

from .context import current
from .links import is_link


class GraphNode:
    """A node being written."""

    def __init__(self, node_id: str, class_type: str, inputs: dict[str, Any]) -> None:
        self.id = node_id
        self.class_type = class_type
        self.inputs = inputs
        self.override_display_id: str | None = None

    def out(self, index: int) -> list[Any]:
        """A link to one of its outputs."""
        return [self.id, index]

    def set_input(self, key: str, value: Any) -> None:
        """Set an input to a literal or a link; None takes it away."""
        if value is None:
            self.inputs.pop(key, None)
        else:
            self.inputs[key] = value

    def get_input(self, key: str) -> Any:
        """The literal or link that an input has, or None."""
        return self.inputs.get(key)

    def set_override_display_id(self, override_display_id: str) -> None:
        """Show progress and errors of this node at another node."""
        self.override_display_id = override_display_id

    def serialize(self) -> dict[str, Any]:
        """The node in API form."""
        node: dict[str, Any] = {"class_type": self.class_type, "inputs": self.inputs}
        if self.override_display_id is not None:
            node["override_display_id"] = self.override_display_id
        return node


class GraphBuilder:
    """Writes a graph whose ids can't clash: `{node}.{call}.{graph}.{n}`, the same in every run."""

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = current().next_graph() if prefix is None else prefix
        self.nodes: dict[str, GraphNode] = {}
        self._count = 0

    @staticmethod
    def alloc_prefix() -> str:
        """The prefix that the next graph of this call would have had; it is taken from now on."""
        return current().next_graph()

    def node(self, class_type: str, id: str | None = None, **inputs: Any) -> GraphNode:  # noqa: A002 (its name in packs)
        """Add a node; asking again for an id gives the node that has it."""
        if id is None:
            self._count += 1
            id = str(self._count)  # noqa: A001
        node_id = self.prefix + id
        if node_id not in self.nodes:
            self.nodes[node_id] = GraphNode(node_id, class_type, inputs)
        return self.nodes[node_id]

    def lookup_node(self, id: str) -> GraphNode | None:  # noqa: A002
        """The node added under `id`, if there is one."""
        return self.nodes.get(self.prefix + id)

    def remove_node(self, id: str) -> None:  # noqa: A002
        """Take a node away."""
        del self.nodes[self.prefix + id]

    def replace_node_output(self, node_id: str, index: int, new_value: Any) -> None:
        """Give whoever is linked to an output something else: a link, a literal, or nothing (None)."""
        old = [self.prefix + node_id, index]
        for node in self.nodes.values():
            for key in [key for key, value in node.inputs.items() if is_link(value) and value == old]:
                node.set_input(key, new_value)

    def finalize(self) -> dict[str, dict[str, Any]]:
        """The graph in API form, for `expand`."""
        return {node_id: node.serialize() for node_id, node in self.nodes.items()}


def add_graph_prefix(
    graph: dict[str, dict[str, Any]], outputs: list[Any], prefix: str
) -> tuple[dict[str, dict[str, Any]], tuple[Any, ...]]:
    """The same graph and outputs with `prefix` before every id."""

    def moved(value: Any) -> Any:
        return [prefix + value[0], value[1]] if is_link(value) else value

    renamed = {
        prefix + node_id: {**node, "inputs": {key: moved(value) for key, value in node["inputs"].items()}}
        for node_id, node in graph.items()
    }
    return renamed, tuple(moved(output) for output in outputs)
