"""What can be wrong with a workflow or with the values for it.

Errors:
  WorkflowError
    FormatError       the bytes hold no workflow that can be read
    GraphError        the graph is not one: a cycle, a dangling link, a wrong type, too large
    ConversionError   the editor's form can't be turned into the executable form
    InterfaceError    a declared input or output has no counterpart in the graph
    InputErrors       the values of a caller don't fit the interface; holds one InputError each
"""

from dataclasses import dataclass
from typing import Any, Literal

Reason = Literal[
    "unknown_input",
    "required",
    "given_twice",
    "too_many_values",
    "invalid_type",
    "invalid_text",
    "invalid_json",
    "not_finite",
    "below_minimum",
    "exceeds_maximum",
    "below_min_length",
    "exceeds_max_length",
    "not_a_choice",
]


class WorkflowError(Exception):
    """A workflow can't be used as it is; the message says where and what to do."""


class FormatError(WorkflowError):
    """The bytes hold no workflow that can be read."""


class GraphError(WorkflowError):
    """The graph breaks a rule that every graph must keep."""


class ConversionError(WorkflowError):
    """The editor's form of a workflow can't be turned into the executable form."""


class InterfaceError(WorkflowError):
    """A declared input or output has no counterpart in the graph."""


@dataclass(frozen=True, slots=True)
class InputError:
    """One value that doesn't fit: which field, why (a closed list), and the limit that it broke."""

    field: str
    reason: Reason
    message: str
    limit: Any = None

    def to_json(self) -> dict[str, Any]:
        return {"field": self.field, "reason": self.reason, "limit": self.limit, "message": self.message}


class InputErrors(WorkflowError):
    """All the values of one call that don't fit."""

    def __init__(self, items: tuple[InputError, ...]) -> None:
        super().__init__(" ".join(item.message for item in items))
        self.items = items
