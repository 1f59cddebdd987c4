"""The editor's JSON read into values: graphs, nodes, slots and links, with ids as texts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flowscale_workflows.conversion.virtual import SETTERS
from flowscale_workflows.errors import ConversionError
from flowscale_workflows.graphs import MAX_NODES

MUTED, BYPASSED = 2, 4
CONTROL = "control_after_generate"
CONTROL_WORDS = frozenset({"fixed", "increment", "decrement", "randomize"})


@dataclass(frozen=True, slots=True)
class Slot:
    """An input or an output of a node; `link` is the link that feeds an input."""

    name: str
    type: str
    link: str | None = None
    widget: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    id: str
    origin: str
    origin_slot: int
    target: str
    target_slot: int


@dataclass(frozen=True)
class Node:
    """A node as the editor saved it. `values` are its widgets' values, by order or by name."""

    id: str
    type: str
    mode: int = 0
    title: str = ""
    inputs: tuple[Slot, ...] = ()
    outputs: tuple[Slot, ...] = ()
    values: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def channel(self) -> str:
        """What a Set or Get node is called: its first value."""
        held = self.values or tuple(self.named.values())
        return str(held[0]) if held else ""

    def input(self, name: str) -> Slot | None:
        return next((slot for slot in self.inputs if slot.name == name), None)


@dataclass(frozen=True)
class Graph:
    """One canvas: the root, or the inside of a subgraph with its own inputs and outputs."""

    nodes: Mapping[str, Node]
    links: Mapping[str, Link]
    input_node: str = "-10"
    output_node: str = "-20"
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def leaving(self, slot: int) -> Link | None:
        """The link that feeds output `slot` of the subgraph."""
        return next(iter(self._at_outputs.get(slot, ())), None)

    def entering(self, slot: int) -> Sequence[Link]:
        """The links that input `slot` of the subgraph feeds."""
        return self._at_inputs.get(slot, ())

    @cached_property
    def setters(self) -> Mapping[str, Node]:
        """The Set nodes by what they are called; the first of a name wins."""
        found = [node for node in self.nodes.values() if node.type in SETTERS]
        return {node.channel: node for node in reversed(found)}

    @cached_property
    def _at_inputs(self) -> Mapping[int, Sequence[Link]]:
        return _grouped(
            (item.origin_slot, item) for item in self.links.values() if item.origin == self.input_node
        )

    @cached_property
    def _at_outputs(self) -> Mapping[int, Sequence[Link]]:
        return _grouped(
            (item.target_slot, item) for item in self.links.values() if item.target == self.output_node
        )


@dataclass(frozen=True)
class Workflow:
    root: Graph
    subgraphs: Mapping[str, Graph]


def read(ui: Mapping[str, Any], subgraphs: Mapping[str, Any]) -> Workflow:
    """The workflow and its subgraph definitions, which `definitions_in` lists."""
    return Workflow(read_graph(ui), {name: read_graph(data) for name, data in subgraphs.items()})


def definitions_in(ui: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """All subgraph definitions by id, in file order, nested ones after what holds them."""
    found: dict[str, Mapping[str, Any]] = {}
    pending = [ui]
    while pending:
        holder = pending.pop(0)
        section = holder.get("definitions")
        listed = section.get("subgraphs") if isinstance(section, Mapping) else None
        for data in listed if isinstance(listed, list) else ():
            if not isinstance(data, Mapping) or not isinstance(data.get("id"), str):
                raise ConversionError("A subgraph definition has no id.")
            if data["id"] not in found:
                found[data["id"]] = data
                pending.append(data)
    return found


def read_graph(data: Mapping[str, Any]) -> Graph:
    nodes = data.get("nodes")
    if not isinstance(nodes, list):
        raise ConversionError("The editor's form has a list of nodes; here it is missing.")
    if len(nodes) > MAX_NODES:
        raise ConversionError(f"The workflow has {len(nodes):,} nodes; at most {MAX_NODES:,} are allowed.")
    links = data.get("links")
    read_links = [read_link(item) for item in links if item is not None] if isinstance(links, list) else []
    return Graph(
        nodes={node.id: node for node in map(read_node, nodes)},
        links={item.id: item for item in read_links},
        input_node=_id_of(data.get("inputNode"), "-10"),
        output_node=_id_of(data.get("outputNode"), "-20"),
        inputs=tuple(slot.name for slot in _slots(data.get("inputs"))),
        outputs=tuple(slot.name for slot in _slots(data.get("outputs"))),
    )


def read_node(data: object) -> Node:
    if not isinstance(data, Mapping) or "id" not in data or not isinstance(data.get("type"), str):
        raise ConversionError("Every node of the editor's form has an id and a type; one here has not.")
    values, named = data.get("widgets_values"), data.get("widgets_values_named")
    mode, title, properties = data.get("mode"), data.get("title"), data.get("properties")
    return Node(
        id=str(data["id"]),
        type=data["type"],
        mode=mode if isinstance(mode, int) else 0,
        title=title if isinstance(title, str) else "",
        inputs=_slots(data.get("inputs")),
        outputs=_slots(data.get("outputs")),
        values=tuple(values) if isinstance(values, list) else (),
        named=_named(values, named),
        properties=properties if isinstance(properties, Mapping) else {},
    )


def read_link(data: object) -> Link:
    """A link as a list (`id, source, slot, target, slot, type`) or as an object."""
    if isinstance(data, Mapping):
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        parts = [data.get(key) for key in keys]
    elif isinstance(data, list):
        parts = data[:5]
    else:
        parts = []
    if len(parts) < 5 or not all(isinstance(part, int | str) for part in parts):
        raise ConversionError(f"A link of the editor's form is damaged: {str(data)[:80]}.")
    try:
        return Link(str(parts[0]), str(parts[1]), int(str(parts[2])), str(parts[3]), int(str(parts[4])))
    except ValueError as error:
        raise ConversionError(f"A link of the editor's form is damaged: {str(data)[:80]}.") from error


def _named(values: object, named: object) -> Mapping[str, Any]:
    """Values by name. Where the file has a list too, names tell the places and the list the values, for
    that is what the editor shows; the list may hold more choices of control than there are names."""
    if not isinstance(named, Mapping):
        return values if isinstance(values, Mapping) else {}
    if not isinstance(values, list) or len(values) < len(named):
        return named
    surplus, places = len(values) - len(named), iter(values)
    aligned = {}
    for name in named:
        value = next(places)
        while (
            surplus
            and name not in CONTROL_WORDS | {CONTROL}
            and isinstance(value, str)
            and value in CONTROL_WORDS
        ):
            value, surplus = next(places), surplus - 1
        aligned[name] = value
    return aligned


def _slots(data: object) -> tuple[Slot, ...]:
    return tuple(_slot(item) for item in data if isinstance(item, Mapping)) if isinstance(data, list) else ()


def _slot(data: Mapping[str, Any]) -> Slot:
    link, widget = data.get("link"), data.get("widget")
    kind = data.get("type")
    name = widget.get("name") if isinstance(widget, Mapping) else None
    return Slot(
        name=str(data.get("name", "")),
        type=",".join(map(str, kind)) if isinstance(kind, list) else str(kind if kind is not None else "*"),
        link=None if link is None else str(link),
        widget=name if isinstance(name, str) else None,
    )


def _grouped(pairs: Iterable[tuple[int, Link]]) -> dict[int, list[Link]]:
    groups: dict[int, list[Link]] = {}
    for slot, item in pairs:
        groups.setdefault(slot, []).append(item)
    return groups


def _id_of(data: object, otherwise: str) -> str:
    return str(data["id"]) if isinstance(data, Mapping) and "id" in data else otherwise
