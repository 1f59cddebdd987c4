"""The state that nodes keep: one instance per node id and class, across runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container

    from .node import Node


class Instances:
    """Instances live as long as graphs name their node, or the node that expanded to it."""

    def __init__(self) -> None:
        self._instances: dict[tuple[str, str], tuple[Any, str]] = {}

    def of(self, node: Node, root: str) -> Any:
        """The instance of a node; `root` is the node of the original graph that it came from."""
        key = (node.id, node.form.class_type)
        found = self._instances.get(key)
        if found is None:
            found = self._instances[key] = (node.form.create(), root)
        return found[0]

    def keep(self, roots: Container[str]) -> None:
        """Drop the instances of nodes that `roots` doesn't name."""
        gone = [key for key, (_, root) in self._instances.items() if root not in roots]
        for key in gone:
            del self._instances[key]
