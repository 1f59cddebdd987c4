"""From the executable form to the editor's form: nodes with their slots and widgets, laid out along the links."""

from collections.abc import Mapping
from typing import Any

from flowscale_workflows.conversion.widgets import CONTROL_SLOT, has_control, widgets_of
from flowscale_workflows.definitions import COMBO, Declared, Definitions, declared_with_choices
from flowscale_workflows.graphs import ApiGraph, is_link, links, title
from flowscale_workflows.layout import placed

WIDTH, ROW, HEAD = 270.0, 24.0, 36.0
VERSION = 0.4


def to_ui(graph: ApiGraph, definitions: Definitions) -> dict[str, Any]:
    """What the editor opens. Ids that are no numbers (those of unfolded subgraphs) are numbered anew."""
    numbers = _numbers(graph)
    slots = {node_id: _inputs(node, definitions.get(node["class_type"])) for node_id, node in graph.items()}
    wires = [link for link in links(graph) if link.source in graph]
    boxes = placed(
        graph,
        [(link.source, link.node) for link in wires],
        lambda name: (WIDTH, HEAD + ROW * max(len(slots[name]), 1)),
    )
    nodes = {
        node_id: {
            "id": numbers[node_id],
            "type": node["class_type"],
            "pos": [round(boxes[node_id].x), round(boxes[node_id].y)],
            "size": [round(boxes[node_id].width), round(boxes[node_id].height)],
            "flags": {},
            "order": order,
            "mode": 0,
            "inputs": slots[node_id],
            "outputs": _outputs(graph, node_id, definitions.get(node["class_type"])),
            "properties": {"Node name for S&R": node["class_type"]},
            **_titled(node),
            **_values(node, definitions.get(node["class_type"])),
        }
        for order, (node_id, node) in enumerate(graph.items())
    }
    written = [_link(at, wire, nodes, numbers) for at, wire in enumerate(wires, start=1)]
    return {
        "last_node_id": max(numbers.values(), default=0),
        "last_link_id": len(written),
        "nodes": list(nodes.values()),
        "links": written,
        "groups": [],
        "config": {},
        "extra": {},
        "version": VERSION,
    }


def _numbers(graph: ApiGraph) -> dict[str, int]:
    """A number for each node: its own where it has one."""
    found = {node_id: int(node_id) for node_id in graph if node_id.isdecimal()}
    last = max(found.values(), default=0)
    for node_id in graph:
        if node_id not in found:
            last += 1
            found[node_id] = last
    return found


def _inputs(node: Mapping[str, Any], definition: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    given = node.get("inputs", {})
    known = declared_with_choices(definition, given)
    slots = [_slot(item) for item in known.values()]
    unknown = [name for name in given if name not in known]
    return slots + [_unknown(name, given[name]) for name in unknown]


def _slot(item: Declared) -> dict[str, Any]:
    slot: dict[str, Any] = {"name": item.name, "type": item.type, "link": None}
    return {**slot, "widget": {"name": item.name}} if item.is_widget else slot


def _unknown(name: str, value: Any) -> dict[str, Any]:
    """A slot of a class that nobody here defines: literals are widgets."""
    slot: dict[str, Any] = {"name": name, "type": "*", "link": None}
    return slot if is_link(value) else {**slot, "type": _kind(value), "widget": {"name": name}}


def _kind(value: Any) -> str:
    kinds = {bool: "BOOLEAN", int: "INT", float: "FLOAT", str: "STRING"}
    return kinds.get(type(value), COMBO)


def _outputs(graph: ApiGraph, node_id: str, definition: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    types = list((definition or {}).get("output") or ())
    names = list((definition or {}).get("output_name") or types)
    used = max((link.slot for link in links(graph) if link.source == node_id), default=-1) + 1
    types += ["*"] * (used - len(types))
    names += ["*"] * (len(types) - len(names))
    return [
        {"name": str(name), "type": kind if isinstance(kind, str) else COMBO, "links": []}
        for name, kind in zip(names, types, strict=True)
    ]


def _titled(node: Mapping[str, Any]) -> dict[str, Any]:
    called = title(node)
    return {} if called == node["class_type"] else {"title": called}


def _values(node: Mapping[str, Any], definition: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values of the widgets in their order, and by name where no definition tells the order."""
    given = {name: _unwrapped(value) for name, value in node.get("inputs", {}).items() if not is_link(value)}
    if not definition:
        return {"widgets_values": list(given.values()), "widgets_values_named": given}
    listed: list[Any] = []
    for item, default in widgets_of(definition, given):
        listed.append(given.get(item.name, default))
        if has_control(item):
            listed.append(CONTROL_SLOT)
    return {"widgets_values": listed}


def _unwrapped(value: Any) -> Any:
    return value["__value__"] if isinstance(value, dict) and "__value__" in value else value


def _link(number: int, wire: Any, nodes: Mapping[str, Any], numbers: Mapping[str, int]) -> list[Any]:
    inputs, outputs = nodes[wire.node]["inputs"], nodes[wire.source]["outputs"]
    at = next(place for place, slot in enumerate(inputs) if slot["name"] == wire.name)
    inputs[at]["link"] = number
    outputs[wire.slot]["links"].append(number)
    kind = outputs[wire.slot]["type"]
    return [number, numbers[wire.source], wire.slot, numbers[wire.node], at, kind]
