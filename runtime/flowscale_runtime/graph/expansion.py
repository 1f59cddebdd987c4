"""A node that expanded to a graph: what it waits for, and its result once that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .gather import output
from .links import is_link
from .mapping import add, is_list, merge_ui
from .results import NodeResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .forms import Returned, Traits


class Expansion:
    """The calls of one node of which some gave a graph. `sources` are the nodes that its results are linked to."""

    def __init__(self, returned: Sequence[Returned], traits: Traits) -> None:
        self._returned = returned
        self._traits = traits
        links = [
            value for one in returned if one.expand is not None for value in one.values if is_link(value)
        ]
        self.sources = tuple({link[0]: None for link in links})

    def resolve(self, results: Mapping[str, NodeResult]) -> NodeResult:
        """The node's result, with links replaced by what the inner nodes gave."""
        outputs: list[list[Any]] = [[] for _ in range(max(len(one.values) for one in self._returned))]
        for one in self._returned:
            for slot, value in enumerate(one.values):
                joined = is_list(self._traits, slot)
                if one.expand is not None and is_link(value):
                    outputs[slot].extend(_inner(results, value, slot, joined))
                else:
                    add(outputs[slot], value, joined)
        return NodeResult(outputs, merge_ui(one.ui for one in self._returned))


def _inner(results: Mapping[str, NodeResult], link: Sequence[Any], slot: int, joined: bool) -> list[Any]:
    values = output(results[link[0]], f"result {slot}", link[0], int(link[1]))
    if joined and len(values) == 1 and isinstance(values[0], list):
        return values[0]
    return values
