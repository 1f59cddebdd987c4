"""The values that reach a node: from links, literals and hidden inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import BadInputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .mapping import Lists
    from .node import Node
    from .results import NodeResult


def gather(node: Node, results: Mapping[str, NodeResult], values: Lists) -> list[str]:
    """Put lists of values by input into `values`, in the order of the graph.

    Returns the names of inputs that are not evaluated yet; they get one None each.
    """
    missing: list[str] = []
    for name in node.given:
        link = node.links.get(name)
        if link is None:
            if name in node.literals:
                values[name] = [node.literals[name]]
            continue
        spec = node.declared.get(name)
        if spec is not None and spec.raw_link:
            values[name] = [node.given[name]]
            continue
        result = results.get(link[0])
        if result is None:
            missing.append(name)
            values[name] = [None]
        else:
            values[name] = output(result, name, *link)
    return missing


def constants(node: Node) -> Lists:
    """The values known before anything ran: literals, and None for each link."""
    return {
        name: [node.literals.get(name)] for name in node.given if name in node.links or name in node.literals
    }


def output(result: NodeResult, name: str, source: str, slot: int) -> list[Any]:
    """The values of one output of `source`, as input `name` gets them."""
    if 0 <= slot < len(result.outputs):
        return result.outputs[slot]
    raise BadInputs(
        name,
        f"input {name!r} is linked to output {slot} of node {source!r}, which gave {len(result.outputs)} value(s)",
        hint="link to an output that the node has",
    )
