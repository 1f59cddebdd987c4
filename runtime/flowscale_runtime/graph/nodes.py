"""The nodes of a run, read and signed: those of the graph at first, expanded ones as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .dynprompt import DynamicPrompt
from .errors import GraphRefused, TooManyNodes
from .fingerprints import fingerprint
from .node import Node
from .signatures import ordered, sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .catalog import Catalog


class Nodes:
    """Nodes by id. Reading takes time linear in nodes and links."""

    def __init__(self, graph: Mapping[str, dict[str, Any]], catalog: Catalog, limit: int) -> None:
        self.prompt = DynamicPrompt(graph)
        self._graph = graph
        self._catalog = catalog
        self._limit = limit
        self._nodes: dict[str, Node] = {}

    def outputs(self) -> tuple[str, ...]:
        """The output nodes of the graph, in its order."""
        return tuple(node_id for node_id in self._graph if self._nodes[node_id].form.traits.output_node)

    def find(self, node_id: str) -> Node:
        """The node. Raises GraphRefused where there is none."""
        node = self._nodes.get(node_id)
        if node is None:
            raise GraphRefused(f"the graph has no node {node_id!r}", hint="look at who asks for it")
        return node

    def sources(self, node_id: str) -> tuple[str, ...]:
        """The nodes that a node is linked to. Raises GraphRefused when one of them doesn't exist."""
        sources = self.find(node_id).sources
        for source in sources:
            if source not in self._nodes:
                raise GraphRefused(
                    f"node {node_id!r} links to node {source!r}, which the graph doesn't have",
                    node_id,
                    hint="remove the link, or add the node",
                )
        return sources

    async def read_graph(self) -> dict[str, bytes]:
        """Read and sign every node of the graph: the signatures that may be known from earlier runs."""
        await self._read(self._graph, self._graph, original=True)
        return {node.id: node.signature for node in self._nodes.values() if not node.volatile}

    async def add(self, parent: Node, graph: Mapping[str, dict[str, Any]]) -> dict[str, str]:
        """Take in what `parent` expanded to: the id of each node → the id that it is shown as."""
        for node_id, entry in graph.items():
            if self.prompt.has_node(node_id) and self.prompt.get_parent_node_id(node_id) != parent.id:
                raise GraphRefused(
                    f"node {parent.id!r} expanded to a node with the id {node_id!r}, which is taken",
                    parent.id,
                    hint="let GraphBuilder choose the ids",
                )
            display = entry.get("override_display_id", parent.id)
            self.prompt.add_ephemeral_node(node_id, entry, parent.id, display)
        await self._read(graph, graph, original=False)
        for node_id in graph:
            self.sources(node_id)
        return {node_id: self.prompt.get_display_node_id(node_id) for node_id in graph}

    async def _read(self, ids: Iterable[str], graph: Mapping[str, dict[str, Any]], original: bool) -> None:
        if len(self.prompt) > self._limit:
            raise TooManyNodes(
                f"the graph has {len(self.prompt)} nodes, {self._limit} are allowed",
                hint="split the workflow, or raise the limit on nodes",
            )
        for node_id in ids:
            self._nodes[node_id] = self._parse(node_id, graph[node_id], original)
        nodes = self._nodes
        inside = graph.keys()

        def sources(node_id: str) -> Iterable[str]:
            return [source for source in nodes[node_id].sources if source in inside]

        for node_id in ordered(ids, sources):
            node = nodes[node_id]
            said = await fingerprint(node) if "fingerprint" in node.form.methods else False
            sign(node, said, self._signed)

    def _signed(self, node_id: str) -> Node | None:
        node = self._nodes.get(node_id)
        return node if node is not None and node.signature else None

    def _parse(self, node_id: str, entry: Any, original: bool) -> Node:
        class_type = entry.get("class_type") if isinstance(entry, dict) else None
        if not isinstance(class_type, str):
            raise GraphRefused(
                f"node {node_id!r} has no class_type", node_id, hint="export the workflow again"
            )
        try:
            form = self._catalog[class_type]
        except GraphRefused as refused:
            refused.node_id = node_id
            raise
        return Node(node_id, entry.get("inputs") or {}, form, original)
