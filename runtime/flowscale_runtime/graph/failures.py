"""How the failure of a node is told: node, title, class, input, what happened, and what to do."""

from __future__ import annotations

import re
import traceback as tracebacks
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import BadInputs, InputRefused
from .hints import hint_for

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = __name__.rpartition(".")[0]
ARGUMENT = re.compile(r"(?:argument|arguments):? '(\w+)'")
SHOWN = 200


@dataclass(frozen=True, slots=True)
class NodeFailure:
    """Why a run failed. `node_id` is in the submitted graph; `inner_id` is set when it was a node it expanded to."""

    node_id: str
    title: str
    class_type: str
    input: str | None
    exception_type: str
    message: str
    hint: str | None
    traceback: list[str] = field(default_factory=list, repr=False)
    inner_id: str | None = None
    inputs: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        where = f"node {self.node_id} ({self.title})" if self.title else f"node {self.node_id}"
        named = where if self.title == self.class_type else f"{where}, {self.class_type}"
        at = f", input {self.input!r}" if self.input else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{named}{at}: {self.exception_type}: {self.message}{hint}"


def failure(
    error: BaseException,
    *,
    node_id: str,
    title: str,
    class_type: str,
    inner_id: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> NodeFailure:
    """Tell `error`, raised in or for a node."""
    return NodeFailure(
        node_id=node_id,
        title=title,
        class_type=class_type,
        input=input_of(error),
        exception_type=type_name(type(error)),
        message=str(error) or type(error).__name__,
        hint=getattr(error, "hint", None) or hint_for(error),
        traceback=node_traceback(error),
        inner_id=inner_id,
        inputs={name: [shown(item) for item in items[:8]] for name, items in (values or {}).items()},
    )


def input_of(error: BaseException) -> str | None:
    """The input to blame, where the error tells."""
    if isinstance(error, InputRefused | BadInputs):
        return error.name
    found = ARGUMENT.search(str(error)) if isinstance(error, TypeError) else None
    return found[1] if found else None


def type_name(kind: type) -> str:
    """The name of a type with its module, but for built-in ones."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def node_traceback(error: BaseException) -> list[str]:
    """The traceback from the node's own code on; the executor's frames before it tell nobody anything."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next and trace.tb_frame.f_globals.get("__package__") == PACKAGE:
        trace = trace.tb_next
    return tracebacks.format_exception(type(error), error, trace)


def shown(value: Any) -> str:
    """A value in few words: tensors by shape, the rest cut."""
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"{type(value).__name__}{tuple(shape)} {getattr(value, 'dtype', '')}".strip()
    if isinstance(value, str | int | float | bool | None):
        return str(value)[:SHOWN]
    if isinstance(value, dict | list | tuple | set):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__
