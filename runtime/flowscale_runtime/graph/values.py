"""The values of a run: results that later nodes still need, and the cache behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .cache import ResultCache
    from .node import Node
    from .results import NodeResult


class Values:
    """Results by node id. Each lives here until its last consumer is done; the cache keeps what it wants."""

    def __init__(self, cache: ResultCache, *, repeat_outputs: bool = False) -> None:
        """`repeat_outputs`: output nodes run each time, for what they wrote is not there any more."""
        self._repeat_outputs = repeat_outputs
        self.results: dict[str, NodeResult] = {}
        self._cache = cache
        self._holds: dict[str, int] = {}
        self._kept: set[str] = set()

    def known(self, node: Node) -> NodeResult | None:
        """The result that the cache has for a node."""
        return self._cache.get(node.signature) if self._lasts(node) else None

    def fetch(self, node: Node) -> bool:
        """Whether the result is here, after a look into the cache."""
        if node.id in self.results:
            return True
        result = self.known(node)
        if result is None:
            return False
        self.results[node.id] = result
        return True

    def put(self, node: Node, result: NodeResult, owner: str | None) -> None:
        """A node is done (`owner`: the node of the graph that expanded to it). What can't be found in the cache again stays for the run, where the cache keeps at all."""
        self.results[node.id] = result
        if self._lasts(node):
            self._cache.put(node.signature, result, owner)
        elif self._cache.keeps:
            self._kept.add(node.id)

    def _lasts(self, node: Node) -> bool:
        return not (node.volatile or (self._repeat_outputs and node.form.traits.output_node))

    def hold(self, sources: Iterable[str]) -> None:
        """A consumer will need these."""
        holds = self._holds
        for source in sources:
            holds[source] = holds.get(source, 0) + 1

    def drop(self, sources: Iterable[str]) -> None:
        """A consumer is done with these."""
        for source in sources:
            self._holds[source] -= 1
            self.release(source)

    def release(self, node_id: str) -> None:
        """Let go of a result that nobody holds."""
        if not self._holds.get(node_id) and node_id not in self._kept:
            self.results.pop(node_id, None)
