"""Values put into a graph."""

from collections.abc import Mapping
from typing import Any

import orjson

from flowscale_workflows.errors import InterfaceError
from flowscale_workflows.graphs import ApiGraph
from flowscale_workflows.signatures import Interface


def bind(graph: ApiGraph, interface: Interface, values: Mapping[str, Any]) -> ApiGraph:
    """A new graph with these values, by input name, in their widgets; the original stays untouched."""
    bound = dict(graph)
    for name, value in values.items():
        item = interface.by_name.get(name)
        if item is None or item.node_id not in graph:
            raise InterfaceError(f"There is no input {name!r} in this graph.")
        node = bound[item.node_id]
        inputs = node.get("inputs", {})
        bound[item.node_id] = {
            **node,
            "inputs": {**inputs, item.widget: _held(value, inputs.get(item.widget))},
        }
    return bound


def _held(value: object, before: object) -> Any:
    """A list is wrapped so that nothing takes it for a link, or is JSON text where the node held a text."""
    if not isinstance(value, list):
        return value
    return orjson.dumps(value).decode() if isinstance(before, str) else {"__value__": value}
