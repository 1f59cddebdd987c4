"""Which nodes are to run: what is wanted and not known, with all that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .topology import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .node import Node
    from .nodes import Nodes
    from .values import Values


class Planner:
    """Puts wanted nodes into the schedule. Each link is looked at once."""

    def __init__(self, nodes: Nodes, values: Values) -> None:
        self.schedule = Schedule()
        self._nodes = nodes
        self._values = values

    def want(self, node_id: str) -> bool:
        """Plan a node unless its result is known; whether it was."""
        if self._available(node_id):
            return True
        self._plan([node_id])
        return False

    def wait(self, node: Node, sources: Iterable[str]) -> None:
        """Let a node that had begun wait for more sources."""
        pending = [source for source in sources if not self._available(source)]
        self._plan(pending)
        self.schedule.wait(node.id, pending)

    def _available(self, node_id: str) -> bool:
        if node_id in self._values.results:
            return True
        return node_id not in self.schedule and self._values.fetch(self._nodes.find(node_id))

    def _plan(self, wanted: Iterable[str]) -> None:
        schedule, available = self.schedule, self._available
        stack = list(wanted)
        while stack:
            node_id = stack.pop()
            if node_id in schedule:
                continue
            node = self._nodes.find(node_id)
            self._values.hold(node.sources)
            pending = [source for source in node.eager if not available(source)]
            traits = node.form.traits
            schedule.add(node_id, pending, output=traits.output_node, eager=traits.asynchronous)
            stack += pending
