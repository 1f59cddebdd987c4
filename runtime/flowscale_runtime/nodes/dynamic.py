"""Nodes whose inputs depend on the graph: growing rows, and choices that bring inputs of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from flowscale_runtime.graph.forms import Declared
from flowscale_runtime.graph.plain import PlainForm, declared
from flowscale_runtime.nodes.declare import Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHOICE = "COMFY_DYNAMICCOMBO_V3"
GROWING = "COMFY_AUTOGROW_V3"
Inputs = dict[str, Declared]


class DynamicNode(Node):
    """A node with dynamic inputs; `run` gets their values under their dotted names, as keywords."""

    ACCEPT_ALL_INPUTS: ClassVar[bool] = True

    @classmethod
    def __node_form__(cls, class_type: str) -> DynamicForm:
        return DynamicForm(class_type, cls)


class DynamicForm(PlainForm):
    """The plain form, with the inputs that a graph really has."""

    def __init__(self, class_type: str, cls: type) -> None:
        super().__init__(class_type, cls)
        self.traits = replace(self.traits, accepts_undeclared=True)

    def inputs(self, given: Mapping[str, Any]) -> Mapping[str, Declared]:
        """Declared inputs, dynamic ones as what the graph made of them."""
        return {
            name: spec
            for parent, declaration in self._inputs.items()
            for name, spec in expanded(parent, declaration, given)
        }


def expanded(name: str, spec: Declared, given: Mapping[str, Any]) -> Iterator[tuple[str, Declared]]:
    """One declared input as those that it stands for in a graph."""
    if spec.type == CHOICE:
        yield from _chosen(name, spec, given)
    elif spec.type == GROWING:
        yield from _grown(name, spec, given)
    else:
        yield name, spec


def _chosen(name: str, spec: Declared, given: Mapping[str, Any]) -> Iterator[tuple[str, Declared]]:
    entries = {entry["key"]: entry["inputs"] for entry in spec.options["options"]}
    shown = {**spec.options, "options": list(entries)}
    yield name, Declared("COMBO", shown, spec.required, ("COMBO", shown))
    groups = entries.get(str(given.get(name)), {})
    for group, children in groups.items():
        for child, raw in children.items():
            yield from expanded(f"{name}.{child}", declared(raw, group == "required"), given)


def _grown(name: str, spec: Declared, given: Mapping[str, Any]) -> Iterator[tuple[str, Declared]]:
    template = spec.options["template"]
    (raw,) = template["input"]["required"].values()
    for index, child in enumerate(_names(template)):
        key = f"{name}.{child}"
        if key in given or index < template["min"]:
            yield key, declared(raw, spec.required and index < template["min"])


def _names(template: Mapping[str, Any]) -> list[str]:
    return template.get("names") or [f"{template['prefix']}{index}" for index in range(template["max"])]
