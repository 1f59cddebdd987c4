"""The conversion as a whole: read, unfold, give each node its values and links, write nodes by id."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flowscale_workflows.conversion import texts, widgets
from flowscale_workflows.conversion.editor import BYPASSED, MUTED, Graph, Node, definitions_in, read
from flowscale_workflows.conversion.groups import with_groups_as_subgraphs
from flowscale_workflows.conversion.renumbering import renumbered
from flowscale_workflows.conversion.resolving import Literal, Output, Resolver
from flowscale_workflows.conversion.scopes import Scope, unfold
from flowscale_workflows.conversion.texts import Choose
from flowscale_workflows.conversion.virtual import VIRTUAL
from flowscale_workflows.definitions import Definitions, declared, declared_with_choices
from flowscale_workflows.errors import ConversionError, GraphError
from flowscale_workflows.graphs import ApiGraph, check_depth, order

_PREFIX = "filename_prefix"


@dataclass(frozen=True)
class Conversion:
    """The executable form, and what could not be told: classes without a definition, nodes whose values
    have no names in the file (those stay without values)."""

    graph: ApiGraph
    unknown_classes: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()


def to_api(
    ui: Mapping[str, Any],
    definitions: Definitions,
    *,
    now: datetime | None = None,
    choose: Choose = texts.first,
) -> ApiGraph:
    """The executable form of what the editor saved. Raises ConversionError when it is damaged.

    `now` fills `%date:...%` in file names, which stay as they are without it; `choose` draws one option
    of each `{a|b}` group of a prompt, the first by default, so that the result is always the same.
    """
    return convert(ui, definitions, now=now, choose=choose).graph


def convert(
    ui: Mapping[str, Any],
    definitions: Definitions,
    *,
    now: datetime | None = None,
    choose: Choose = texts.first,
) -> Conversion:
    """As `to_api`, and says what could not be told."""
    try:
        check_depth(ui)
    except GraphError as error:
        raise ConversionError(str(error)) from error
    root, subgraphs = renumbered(ui, definitions_in(ui))
    workflow = read(root, subgraphs | with_groups_as_subgraphs(ui))
    converter = _Converter(unfold(workflow), definitions, [workflow.root, *workflow.subgraphs.values()])
    graph = converter.graph(now, choose)
    try:
        order(graph)
    except GraphError as error:
        raise ConversionError(str(error)) from error
    unknown = tuple(dict.fromkeys(node["class_type"] for node in graph.values()))
    return Conversion(
        graph,
        tuple(name for name in unknown if name not in definitions),
        tuple(converter.unnamed()),
    )


class _Converter:
    """One conversion: remembers each node's values, which several links may ask for."""

    def __init__(self, root: Scope, definitions: Definitions, graphs: Sequence[Graph]) -> None:
        self._root = root
        self._definitions = definitions
        self._learned = _learned(graphs)
        self._values: dict[int, dict[str, Any]] = {}
        self._resolver = Resolver(self._values_in, self._slots)

    def graph(self, now: datetime | None, choose: Choose) -> ApiGraph:
        active = list(self._active())
        held = {scope.id_of(node): self._inputs(scope, node) for scope, node in active}
        by_name = {name: held[scope.id_of(node)] for scope, node in active for name in _names(node)}
        graph: ApiGraph = {}
        for scope, node in active:
            node_id = scope.id_of(node)
            inputs = {
                name: self._sent(node, name, value, by_name, now, choose)
                for name, value in held[node_id].items()
            }
            graph[node_id] = {
                "inputs": inputs,
                "class_type": node.type,
                "_meta": {"title": self._title(node)},
            }
        return _without_loose_links(graph)

    def unnamed(self) -> Iterator[str]:
        for scope, node in self._active():
            known = node.type in self._definitions
            if not known and not widgets.is_named(node, self._learned.get(node.type, ())):
                yield scope.id_of(node)

    def _active(self) -> Iterator[tuple[Scope, Node]]:
        for scope in self._root.all():
            for node in scope.graph.nodes.values():
                idle = node.mode in {MUTED, BYPASSED} or node.type in VIRTUAL or node.id in scope.children
                if not idle:
                    yield scope, node

    def _inputs(self, scope: Scope, node: Node) -> dict[str, Any]:
        """Widget values first, then links over them. Links are Output values until they are written."""
        inputs: dict[str, Any] = dict(self._values_in(scope, node))
        definition = self._definitions.get(node.type)
        for slot in node.inputs:
            if slot.link is None or not widgets.is_kept(slot, definition, inputs):
                continue
            source = self._resolver.source(scope, slot.link)
            if isinstance(source, Literal):
                inputs[slot.name] = source.value
            elif isinstance(source, Output):
                inputs[slot.name] = source
        return inputs

    def _values_in(self, scope: Scope, node: Node) -> Mapping[str, Any]:
        base = self._values.get(id(node))
        if base is None:
            learned = self._learned.get(node.type, ())
            base = widgets.values(node, self._definitions.get(node.type), learned)
            self._values[id(node)] = base
        given = {name: value for (inner, name), value in scope.inner.items() if inner == node.id}
        return base | {name: value for name, value in given.items() if name in base}

    def _slots(self, node: Node) -> list[tuple[str, str | None]]:
        """All inputs of a node as the editor shows them: sockets first, then widgets."""
        links = {slot.name: slot.link for slot in node.inputs}
        known = declared(self._definitions.get(node.type))
        if not known:
            return [(slot.type, slot.link) for slot in node.inputs]
        ordered = sorted(known.values(), key=lambda item: item.is_widget)
        extra = [(slot.type, slot.link) for slot in node.inputs if slot.name not in known]
        return [(item.type, links.get(item.name)) for item in ordered] + extra

    def _title(self, node: Node) -> str:
        said = self._definitions.get(node.type, {}).get("display_name")
        return node.title or (said if isinstance(said, str) and said else node.type)

    def _sent(
        self,
        node: Node,
        name: str,
        value: Any,
        by_name: Mapping[str, Mapping[str, Any]],
        now: datetime | None,
        choose: Choose,
    ) -> Any:
        """A value as it is written: links as pairs, lists wrapped, texts as the editor sends them."""
        if isinstance(value, Output):
            return [value.node, value.slot]
        if isinstance(value, list):
            return {"__value__": value}
        if isinstance(value, str) and self._is_drawn(node, name):
            return texts.drawn(value, choose)
        if isinstance(value, str) and name == _PREFIX:
            return texts.filled(value, by_name, now)
        return value

    def _is_drawn(self, node: Node, name: str) -> bool:
        known = declared_with_choices(self._definitions.get(node.type), {}).get(name)
        return bool(known and known.options.get("dynamicPrompts"))


def _names(node: Node) -> Iterator[str]:
    """What `%Name.widget%` in a file name may call this node."""
    said = node.properties.get("Node name for S&R")
    if isinstance(said, str):
        yield said
    if node.title:
        yield node.title


def _learned(graphs: Sequence[Graph]) -> dict[str, tuple[str, ...]]:
    """The names of a class's values, in order, where a node of the same file says them all."""
    found: dict[str, tuple[str, ...]] = {}
    for graph in graphs:
        for node in graph.nodes.values():
            names = widgets.own_names(node)
            if names:
                found.setdefault(node.type, names)
    return found


def _without_loose_links(graph: ApiGraph) -> ApiGraph:
    for node in graph.values():
        inputs = node["inputs"]
        loose = [name for name, value in inputs.items() if isinstance(value, list) and value[0] not in graph]
        for name in loose:
            del inputs[name]
    return graph
