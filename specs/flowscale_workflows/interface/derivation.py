"""Which widgets become inputs and which nodes become outputs.

In this order: what the spec lists, else the nodes placed to be inputs or outputs, else ComfyUI's own
loaders and savers, else (for inputs) every widget that isn't linked.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from flowscale_workflows import graphs
from flowscale_workflows.definitions import Declared, Definitions, declared_with_choices, is_output
from flowscale_workflows.graphs import ApiGraph
from flowscale_workflows.interface import families, names
from flowscale_workflows.interface.declaration import facts
from flowscale_workflows.interface.families import Port
from flowscale_workflows.interface.overrides import InputOverride, OutputOverride, spec_inputs, spec_outputs
from flowscale_workflows.signatures import Input, Interface, Output


class Place(NamedTuple):
    """A widget of the graph that takes a value, and the convention that made it an input, if any."""

    node_id: str
    widget: str
    port: Port | None = None


def derive(
    graph: ApiGraph,
    definitions: Definitions,
    inputs: Mapping[str, InputOverride] | None = None,
    outputs: Mapping[str, OutputOverride] | None = None,
) -> Interface:
    """The interface of a graph. Raises InterfaceError when the spec names what isn't there."""
    own = Interface(tuple(_own_inputs(graph, definitions)), tuple(_own_outputs(graph, definitions)))

    def describe(node_id: str, widget: str) -> Input:
        return _input(graph, definitions, Place(node_id, widget, _port(graph, node_id, widget)))

    def sink(node_id: str) -> Output:
        return _output(graph, node_id)

    return Interface(
        own.inputs if inputs is None else spec_inputs(graph, own, inputs, describe),
        own.outputs if outputs is None else spec_outputs(graph, own, outputs, sink),
    )


def _own_inputs(graph: ApiGraph, definitions: Definitions) -> Iterator[Input]:
    places = (
        list(_ports(graph, families.deliberate_ports))
        or list(_ports(graph, families.comfy_ports))
        or list(_widgets(graph, definitions))
    )
    found = [_input(graph, definitions, place) for place in places]
    taken: set[str] = set()
    fixed = [names.unique(item.name, taken) for item in found]
    for item, name in zip(found, fixed, strict=True):
        alias = item.alias if item.alias not in taken else None
        taken.add(alias or name)
        yield names.renamed(item, name, alias)


def _own_outputs(graph: ApiGraph, definitions: Definitions) -> Iterator[Output]:
    taken: set[str] = set()
    for node_id in _sinks(graph, definitions):
        item = _output(graph, node_id)
        yield names.renamed(item, names.unique(item.name, taken), item.alias)


def _ports(graph: ApiGraph, ports: Callable[[str], tuple[Port, ...]]) -> Iterator[Place]:
    for node_id, node in graph.items():
        for port in ports(node["class_type"]):
            if not graphs.is_link(node.get("inputs", {}).get(port.widget)):
                yield Place(node_id, port.widget, port)


def _widgets(graph: ApiGraph, definitions: Definitions) -> Iterator[Place]:
    for node_id, node in graph.items():
        inputs = node.get("inputs", {})
        known = declared_with_choices(definitions.get(node["class_type"]), inputs)
        for name, value in inputs.items():
            if not graphs.is_link(value) and _is_widget(known, name):
                yield Place(node_id, name)


def _is_widget(known: Mapping[str, Declared], name: str) -> bool:
    if not known:
        return True
    item = known.get(name)
    return item.is_widget if item else "." in name and name.partition(".")[0] in known


def _port(graph: ApiGraph, node_id: str, widget: str) -> Port | None:
    kind = graph[node_id]["class_type"]
    ports = families.deliberate_ports(kind) or families.comfy_ports(kind)
    return next((port for port in ports if port.widget == widget), None)


def _input(graph: ApiGraph, definitions: Definitions, place: Place) -> Input:
    node = graph[place.node_id]
    inputs = node.get("inputs", {})
    value = inputs.get(place.widget)
    literal = None if graphs.is_link(value) else value
    item = declared_with_choices(definitions.get(node["class_type"]), inputs).get(place.widget)
    known = facts(item, literal) | (_of_port(inputs, place.port) if place.port else {})
    return Input(
        name=names.of_input(place.node_id, place.widget),
        node_id=place.node_id,
        widget=place.widget,
        alias=_alias(node) if place.port else None,
        label=_label(node, place),
        description=str(inputs.get("description") or (item.options.get("tooltip") if item else "") or ""),
        **known | _preset(known["type"], literal, inputs, place),
    )


def _of_port(inputs: Mapping[str, Any], port: Port) -> dict[str, Any]:
    bounds = {"minimum": ("min_value", "min"), "maximum": ("max_value", "max")}
    said = {
        field: inputs[key]
        for field, keys in bounds.items()
        for key in keys
        if isinstance(inputs.get(key), int | float) and port.type in {"integer", "number"}
    }
    return {"type": port.type, "many": port.many, "choices": None} | said


def _preset(kind: str, literal: object, inputs: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The default, and whether a caller must give a value: a file that only the author has is no default."""
    if kind not in {"image", "mask", "video", "audio", "file"}:
        return {"default": None if place.widget == "input_id" else literal, "required": False}
    if isinstance(literal, str) and literal.startswith(("http://", "https://", "data:")):
        return {"default": literal, "required": False}
    return {"default": None, "required": not graphs.is_link(inputs.get("default_value"))}


def _alias(node: Mapping[str, Any]) -> str | None:
    given = node.get("inputs", {}).get("input_id")
    return given if isinstance(given, str) and given else None


def _label(node: Mapping[str, Any], place: Place) -> str:
    inputs = node.get("inputs", {})
    given = next((inputs[key] for key in ("label", "display_name") if isinstance(inputs.get(key), str)), "")
    if given or place.port:
        return given or graphs.title(node)
    return f"{graphs.title(node)}: {place.widget}"


def _sinks(graph: ApiGraph, definitions: Definitions) -> list[str]:
    def having(wanted: Callable[[str], bool]) -> list[str]:
        return [node_id for node_id, node in graph.items() if wanted(node["class_type"])]

    def ends_run(kind: str) -> bool:
        known = definitions.get(kind)
        return is_output(known) if known else families.is_comfy_sink(kind)

    return having(families.is_deliberate_sink) or having(ends_run) or _loose_ends(graph, definitions)


def _loose_ends(graph: ApiGraph, definitions: Definitions) -> list[str]:
    """Nodes of unknown classes whose outputs nobody takes: the likeliest results."""
    used = {link.source for link in graphs.links(graph)}
    return [
        node_id
        for node_id, node in graph.items()
        if node_id not in used and node["class_type"] not in definitions
    ]


def _output(graph: ApiGraph, node_id: str) -> Output:
    node = graph[node_id]
    inputs = node.get("inputs", {})
    kind, fixed = families.sink(node["class_type"])
    chosen = inputs.get("format") or inputs.get("file_type")
    label, alias = inputs.get("label"), inputs.get("output_id")
    return Output(
        name=names.of_output(node_id),
        node_id=node_id,
        type=kind,
        alias=alias if isinstance(alias, str) and alias else None,
        label=label if isinstance(label, str) and label else graphs.title(node),
        format=fixed or (chosen if isinstance(chosen, str) and chosen != "auto" else None),
    )
