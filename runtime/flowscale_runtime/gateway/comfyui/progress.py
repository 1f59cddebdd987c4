"""What is known of one prompt while it waits and runs."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Prompt:
    """A prompt. `client_id` None: nobody listens."""

    id: str
    client_id: str | None = None
    queued: bool = False
    started: bool = False
    node: str | None = None
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: bool = False
    ran: list[str] = field(default_factory=list)
    cached: list[str] = field(default_factory=list)
    failed: dict[str, Any] | None = None
    parents: dict[str, tuple[str, str]] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)

    def restart(self) -> None:
        """It waits again: its worker died."""
        self.started, self.node, self.failed = False, None, None
        self.states.clear()
        self.ran.clear()
        self.cached.clear()
        self.parents.clear()

    def place(self, node: str) -> dict[str, Any]:
        """A node, the node that it is shown as, who expanded to it, and the node of the graph behind all that."""
        display, parent = self.parents.get(node, (node, None))
        real: str = node
        while real in self.parents:
            real = self.parents[real][1]
        return {
            "node_id": node,
            "prompt_id": self.id,
            "display_node_id": display,
            "parent_node_id": parent,
            "real_node_id": real,
        }

    def display(self, node: str) -> str:
        """The node that a node is shown as."""
        return self.parents.get(node, (node,))[0]

    def mark(self, node: str, state: str, value: float = 0, maximum: float = 1) -> None:
        """A node is running, finished or failed."""
        self.changed = True
        self.states[node] = {"value": value, "max": maximum, "state": state, **self.place(node)}

    def expand(self, node: str, children: dict[str, str]) -> None:
        """A node became a graph."""
        self.parents |= {child: (display, node) for child, display in children.items()}
