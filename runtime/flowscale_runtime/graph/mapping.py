"""List semantics: how lists of values become calls, and calls become lists of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .blocker import ExecutionBlocker
from .errors import BadInputs
from .results import NodeResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .forms import Returned, Traits
    from .listener import Ui

Lists = dict[str, list[Any]]
"""A list of values per input."""


def calls(values: Lists, whole: bool) -> list[dict[str, Any]]:
    """The arguments of each call.

    `whole` nodes are called once, with the lists themselves. Others once per element of the longest list, shorter
    ones repeating their last element. Without any value: one call without arguments.
    """
    if whole:
        return [dict(values)]
    count = 0
    for items in values.values():
        count = max(count, len(items))
    if count == 0:
        return [{}]
    return [{name: _nth(name, items, index) for name, items in values.items()} for index in range(count)]


def _nth(name: str, items: list[Any], index: int) -> Any:
    if not items:
        raise BadInputs(
            name,
            f"input {name!r} received an empty list while others have values",
            hint="give the list at least one element, or leave the input unconnected",
        )
    return items[index] if index < len(items) else items[-1]


def blocker_in(arguments: Mapping[str, Any], whole: bool) -> ExecutionBlocker | None:
    """The first blocker among the arguments of a call."""
    for value in arguments.values():
        if isinstance(value, ExecutionBlocker):
            return value
        if whole and isinstance(value, list):
            for item in value:
                if isinstance(item, ExecutionBlocker):
                    return item
    return None


def merge(returned: Sequence[Returned], traits: Traits) -> NodeResult:
    """The results of all calls: list outputs are joined, others collected, `ui` lists concatenated."""
    if len(returned) == 1 and True not in traits.output_is_list:
        only = returned[0]
        return NodeResult([[value] for value in only.values], only.ui and merge_ui((only.ui,)))
    width = max((len(one.values) for one in returned), default=0)
    outputs: list[list[Any]] = [[] for _ in range(width)]
    for one in returned:
        for slot, value in enumerate(one.values):
            add(outputs[slot], value, is_list(traits, slot))
    return NodeResult(outputs, merge_ui(one.ui for one in returned))


def is_list(traits: Traits, slot: int) -> bool:
    """Whether an output gives a list of values per call."""
    return slot < len(traits.output_is_list) and bool(traits.output_is_list[slot])


def add(output: list[Any], value: Any, joined: bool) -> None:
    """Add what one call gave for one output."""
    if joined and not isinstance(value, ExecutionBlocker):
        output.extend(value)
    else:
        output.append(value)


def merge_ui(parts: Iterable[Ui | None]) -> Ui | None:
    """All `ui` dicts as one, or None when there is none."""
    merged: Ui | None = None
    for part in parts:
        if part is None:
            continue
        merged = {} if merged is None else merged
        for key, items in part.items():
            merged.setdefault(key, []).extend(items if isinstance(items, list | tuple) else [items])
    return merged
