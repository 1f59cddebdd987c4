"""The graph of a run as nodes may ask for it: the original one and what it expanded to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import GraphRefused

if TYPE_CHECKING:
    from collections.abc import Mapping


class DynamicPrompt:
    """Nodes in API form by id; expanded ones know their parent and the node that they are shown as."""

    def __init__(self, graph: Mapping[str, dict[str, Any]]) -> None:
        self._original = graph
        self._expanded: dict[str, dict[str, Any]] = {}
        self._parents: dict[str, str] = {}
        self._roots: dict[str, str] = {}
        self._displays: dict[str, str] = {}

    def get_original_prompt(self) -> Mapping[str, dict[str, Any]]:
        """The graph as it was submitted."""
        return self._original

    def has_node(self, node_id: str) -> bool:
        """Whether the graph has such a node now."""
        return node_id in self._original or node_id in self._expanded

    def get_node(self, node_id: str) -> dict[str, Any]:
        """A node in API form. Raises GraphRefused when there is none."""
        for nodes in (self._original, self._expanded):
            if node_id in nodes:
                return nodes[node_id]
        raise GraphRefused(f"there is no node {node_id!r} in this graph", hint="look at who links to it")

    def add_ephemeral_node(self, node_id: str, node: dict[str, Any], parent_id: str, display_id: str) -> None:
        """Add a node that `parent_id` expanded to."""
        self._expanded[node_id] = node
        self._parents[node_id] = parent_id
        self._roots[node_id] = self.get_real_node_id(parent_id)
        self._displays[node_id] = self.get_display_node_id(display_id)

    def get_parent_node_id(self, node_id: str) -> str | None:
        """The node that expanded to it; None for original nodes."""
        return self._parents.get(node_id)

    def get_real_node_id(self, node_id: str) -> str:
        """The node of the original graph that it came from."""
        return self._roots.get(node_id, node_id)

    def get_owner_id(self, node_id: str) -> str | None:
        """The node of the original graph that expanded to it; None for original nodes."""
        return self._roots.get(node_id)

    def get_display_node_id(self, node_id: str) -> str:
        """The node that it is shown as."""
        return self._displays.get(node_id, node_id)

    def all_node_ids(self) -> set[str]:
        """Ids of all nodes, expanded ones too."""
        return {*self._original, *self._expanded}

    def __len__(self) -> int:
        return len(self._original) + len(self._expanded)
