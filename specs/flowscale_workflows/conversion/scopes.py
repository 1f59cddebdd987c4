"""Subgraph instances unfolded: one scope for the root and one for each instance inside another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowscale_workflows.conversion.editor import BYPASSED, MUTED, Graph, Node, Workflow
from flowscale_workflows.errors import ConversionError
from flowscale_workflows.graphs import MAX_NODES

MAX_NESTING = 50


@dataclass(eq=False)
class Scope:
    """The inside of one instance (or the root). `promoted` are the values that the instance itself holds
    for its inputs, `inner` those that it holds for widgets of nodes inside."""

    graph: Graph
    path: str = ""
    instance: Node | None = None
    parent: "Scope | None" = None
    depth: int = 0
    children: "dict[str, Scope]" = field(default_factory=dict)
    promoted: Mapping[str, Any] = field(default_factory=dict)
    inner: Mapping[tuple[str, str], Any] = field(default_factory=dict)

    def id_of(self, node: Node) -> str:
        return f"{self.path}{node.id}"

    def all(self) -> "Iterator[Scope]":
        pending = [self]
        while pending:
            scope = pending.pop()
            yield scope
            pending.extend(reversed(scope.children.values()))


def unfold(workflow: Workflow) -> Scope:
    """The scopes of a workflow. Raises ConversionError when subgraphs hold themselves or too much."""
    root = Scope(workflow.root)
    pending, total = [root], 0
    while pending:
        scope = pending.pop()
        total += len(scope.graph.nodes)
        if total > MAX_NODES:
            raise ConversionError(f"Unfolding the subgraphs gives more than {MAX_NODES:,} nodes.")
        if scope.depth > MAX_NESTING:
            raise ConversionError(f"Subgraphs are nested more than {MAX_NESTING} deep, or hold themselves.")
        for node in scope.graph.nodes.values():
            if node.type in workflow.subgraphs and node.mode not in {MUTED, BYPASSED}:
                child = _enter(scope, node, workflow.subgraphs[node.type])
                scope.children[node.id] = child
                pending.append(child)
    return root


def _enter(parent: Scope, node: Node, graph: Graph) -> Scope:
    promoted, inner = _held(node, graph)
    return Scope(
        graph,
        path=f"{parent.path}{node.id}:",
        instance=node,
        parent=parent,
        depth=parent.depth + 1,
        promoted=promoted,
        inner=inner,
    )


def promoted_names(graph: Graph) -> list[str]:
    """The inputs of a subgraph that feed a widget inside, in order: what the instance shows as widgets."""
    return [name for slot, name in enumerate(graph.inputs) if _feeds_widget(graph, slot)]


def _feeds_widget(graph: Graph, slot: int) -> bool:
    for link in graph.entering(slot):
        node = graph.nodes.get(link.target)
        if node and any(item.link == link.id and item.widget for item in node.inputs):
            return True
    return False


def _held(node: Node, graph: Graph) -> tuple[Mapping[str, Any], Mapping[tuple[str, str], Any]]:
    """What an instance holds itself: by name, beside its list of proxies, or in the order of its inputs."""
    if node.named:
        return node.named, {}
    proxies = node.properties.get("proxyWidgets")
    entries = [entry for entry in proxies if _is_proxy(entry)] if isinstance(proxies, list) else []
    if entries and len(entries) == len(node.values):
        pairs = list(zip(entries, node.values, strict=True))
        by_input = {entry[1]: value for entry, value in pairs if str(entry[0]) == "-1"}
        inside = {(str(entry[0]), entry[1]): value for entry, value in pairs if str(entry[0]) != "-1"}
        return by_input | _through_inputs(graph, inside), inside
    return dict(zip(promoted_names(graph), node.values, strict=False)), {}


def _is_proxy(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) >= 2 and isinstance(entry[1], str)


def _through_inputs(graph: Graph, inside: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    """The same values under the names of the subgraph's inputs that feed those widgets."""
    found: dict[str, Any] = {}
    for slot, name in enumerate(graph.inputs):
        for link in graph.entering(slot):
            node = graph.nodes.get(link.target)
            widgets = [item.widget for item in node.inputs if item.link == link.id] if node else []
            for widget in widgets:
                if widget and (link.target, widget) in inside:
                    found.setdefault(name, inside[link.target, widget])
    return found
