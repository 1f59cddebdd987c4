"""Where the value of an input really comes from, through everything that exists only in the editor.

Followed are: reroutes, primitives, Get and Set, the borders of subgraphs, bypassed nodes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowscale_workflows.conversion.editor import BYPASSED, MUTED, Node
from flowscale_workflows.conversion.scopes import Scope
from flowscale_workflows.conversion.virtual import GETTERS, PRIMITIVE, VIRTUAL
from flowscale_workflows.errors import ConversionError


@dataclass(frozen=True, slots=True)
class Output:
    """Output `slot` of the node with this id in the executable form."""

    node: str
    slot: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in a widget somewhere else."""

    value: Any


Source = Output | Literal | None
Step = tuple[Scope, str] | Source
WidgetValues = Callable[[Scope, Node], Mapping[str, Any]]
BypassSlots = Callable[[Node], list[tuple[str, str | None]]]


@dataclass(frozen=True)
class Resolver:
    """Follows links. `values` tells a node's widget values, `slots` all inputs of a node as (type, link)."""

    values: WidgetValues
    slots: BypassSlots
    _known: dict[tuple[int, str], Source] = field(default_factory=dict)

    def source(self, scope: Scope, link_id: str) -> Source:
        """What the link really carries; None when nothing does."""
        passed: dict[tuple[int, str], None] = {}
        step: Step = (scope, link_id)
        while isinstance(step, tuple):
            scope, link_id = step
            place = (id(scope), link_id)
            if place in passed:
                raise ConversionError(f"The links around link {link_id} run in a circle.")
            passed[place] = None
            step = self._known[place] if place in self._known else self._step(scope, link_id)
        self._known.update(dict.fromkeys(passed, step))
        return step

    def _step(self, scope: Scope, link_id: str) -> Step:
        link = scope.graph.links.get(link_id)
        if link is None:
            return None
        if link.origin == scope.graph.input_node:
            return self._outside(scope, link.origin_slot)
        node = scope.graph.nodes.get(link.origin)
        if node is None or node.mode == MUTED:
            return None
        if node.mode == BYPASSED:
            return _feed(scope, self._bypass(node, link.origin_slot))
        if node.type in VIRTUAL:
            return _virtual(scope, node)
        if node.id in scope.children:
            child = scope.children[node.id]
            leaving = child.graph.leaving(link.origin_slot)
            return (child, leaving.id) if leaving else None
        return Output(scope.id_of(node), link.origin_slot)

    def _outside(self, scope: Scope, slot: int) -> Step:
        if scope.instance is None or scope.parent is None or slot >= len(scope.graph.inputs):
            return None
        outer = scope.instance.input(scope.graph.inputs[slot])
        if outer and outer.link is not None and outer.link in scope.parent.graph.links:
            return scope.parent, outer.link
        return self._promoted(scope, slot)

    def _promoted(self, scope: Scope, slot: int) -> Source:
        """The value of the widget that stands for this input on the instance."""
        name = scope.graph.inputs[slot]
        if name in scope.promoted:
            return Literal(scope.promoted[name])
        for link in scope.graph.entering(slot):
            node = scope.graph.nodes.get(link.target)
            target = next((item for item in node.inputs if item.link == link.id), None) if node else None
            if node is None or target is None or target.widget is None:
                continue
            child = scope.children.get(node.id)
            if child and target.name in child.graph.inputs:
                return self._promoted(child, child.graph.inputs.index(target.name))
            held = self.values(scope, node)
            return Literal(held[target.widget]) if target.widget in held else None
        return None

    def _bypass(self, node: Node, slot: int) -> str | None:
        """The link of the input that a bypassed node hands on as its output `slot`."""
        inputs = self.slots(node)
        kind = node.outputs[slot].type if slot < len(node.outputs) else "*"
        if kind == "*":
            return inputs[slot if slot < len(inputs) else 0][1] if inputs else None
        same = inputs[slot : slot + 1]
        exact = [item for item in inputs if item[0] == kind]
        close = [item for item in inputs if fits(kind, item[0])]
        fitting = [item for item in same if fits(kind, item[0])]
        return next((item[1] for item in (*fitting, *exact, *close)), None)


def fits(output: str, wanted: str) -> bool:
    """Whether an output of one type may feed an input of another; a type can be a list with commas."""
    if "*" in {output, wanted} or not output or not wanted:
        return True
    return not {part.strip() for part in output.upper().split(",")}.isdisjoint(
        part.strip() for part in wanted.upper().split(",")
    )


def _virtual(scope: Scope, node: Node) -> Step:
    if node.type == PRIMITIVE:
        held = node.values or tuple(node.named.values())
        return Literal(held[0]) if held else None
    if node.type in GETTERS:
        found = _setter(scope, node.channel)
        return _feed(found[0], _first_link(found[1])) if found else None
    return _feed(scope, _first_link(node))


def _setter(scope: Scope, channel: str) -> tuple[Scope, Node] | None:
    """The node that sets this name, here or in a graph around."""
    around: Scope | None = scope
    while around is not None:
        if channel in around.graph.setters:
            return around, around.graph.setters[channel]
        around = around.parent
    return None


def _first_link(node: Node) -> str | None:
    return node.inputs[0].link if node.inputs else None


def _feed(scope: Scope, link_id: str | None) -> Step:
    return None if link_id is None else (scope, link_id)
