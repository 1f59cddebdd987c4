"""What a run has to tell: to its listener as it goes, and in the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .listener import BlockListener, ExpansionListener

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .listener import Listener, Ui
    from .results import NodeResult


class Record:
    """Collects what goes into the outcome, and tells the listener."""

    def __init__(self, listener: Listener) -> None:
        self.ui: dict[str, Ui] = {}
        self.seconds: dict[str, float] = {}
        self.cached: dict[str, None] = {}
        self.blocked: dict[str, str] = {}
        self.current: str | None = None
        self._begun: set[str] = set()
        self._listener = listener

    def started(self, total: int, cached: Iterable[str]) -> None:
        """The run starts."""
        self.cached.update(dict.fromkeys(cached))
        self._listener.started(total, tuple(self.cached))

    def node_started(self, node_id: str) -> None:
        """A node is at work; told once, though it may come back for lazy inputs."""
        self.current = node_id
        if node_id not in self._begun:
            self._begun.add(node_id)
            self._listener.node_started(node_id)

    def node_finished(self, node_id: str, result: NodeResult) -> None:
        """A node that ran is done."""
        self._finished(node_id, result, self.seconds[node_id])

    def node_known(self, node_id: str, result: NodeResult) -> None:
        """A node needn't run."""
        self.cached[node_id] = None
        self._finished(node_id, result, 0.0)

    def _finished(self, node_id: str, result: NodeResult, seconds: float) -> None:
        ui = None if result.ui is None else {key: list(items) for key, items in result.ui.items()}
        if ui is not None:
            self.ui[node_id] = ui
        self._listener.node_finished(node_id, ui, seconds)

    def node_expanded(self, node_id: str, children: Mapping[str, str]) -> None:
        """A node became a graph."""
        if isinstance(self._listener, ExpansionListener):
            self._listener.node_expanded(node_id, children)

    def node_blocked(self, node_id: str, message: str | None) -> None:
        """A node was skipped, for a reason or silently."""
        if message is not None:
            self.blocked[node_id] = str(message)
            if isinstance(self._listener, BlockListener):
                self._listener.node_blocked(node_id, str(message))
