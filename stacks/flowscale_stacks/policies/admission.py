"""Rules as the API server evaluates them: the same text, its variables bound to parts of the object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_specs.kinds.policy import Selection

_BOUND = {
    "project": "object.spec.project",
    "workflow": "has(object.spec.workflowDetails) ? object.spec.workflowDetails : {}",
    "deployment": "object.spec",
}


def admission_rule(rule: str) -> str:
    """The rule with its variables bound. Core CEL has no `let`: a list of one element gives its element a name."""
    bound = f"({rule})"
    for name, value in _BOUND.items():
        bound = f"[dyn({value})].all({name}, {bound})"
    return bound


def selects(selection: Selection) -> Iterator[tuple[str, str]]:
    """(name, expression) of what must hold for a rule to be for an object."""
    if selection.names:
        yield "names", f"object.metadata.name in {_quoted(list(selection.names))}"
    for index, (name, value) in enumerate(sorted(selection.labels.items())):
        key = _quoted(name)
        held = f"{key} in object.spec.labels && object.spec.labels[{key}] == {_quoted(value)}"
        yield f"label-{index}", f"has(object.spec.labels) && {held}"


def _quoted(value: str | list[str]) -> str:
    """A text or a list of texts as CEL writes them, which is as JSON does."""
    return json.dumps(value, ensure_ascii=False)
