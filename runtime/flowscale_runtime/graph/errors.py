"""What can go wrong in a graph.

GraphError                  any refusal of this package
    GraphRefused            the graph itself can't run
        UnknownClass        a node names a class that no pack offers
        UnreadableClass     a class fails to say what its inputs are
        TooManyNodes        more nodes than the executor was told to take
        DependencyCycle     nodes wait for each other
    InputRefused            a node refuses the value of one of its inputs (nodes raise this)
    BadReturn               a node returned something that isn't a node result
    BadInputs               values that can't be handed to a node (empty lists, missing slots)
    NodeFailed              a node failed in a run: carries the NodeFailure that is reported
Interrupted                 a run was interrupted: a BaseException, so `except Exception` in a node lets it pass
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .failures import NodeFailure


class GraphError(Exception):
    """Any refusal of the graph package. `hint` says what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class GraphRefused(GraphError):
    """The graph can't run. `node_id` is the node to blame, where there is one."""

    def __init__(self, message: str, node_id: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.node_id = node_id


class UnknownClass(GraphRefused):
    """A node names a class that no loaded pack offers."""


class UnreadableClass(GraphRefused):
    """A class fails to say what its inputs are."""


class TooManyNodes(GraphRefused):
    """The graph, with what it expanded to, is larger than allowed."""


class DependencyCycle(GraphRefused):
    """Nodes wait for each other. `path` starts and ends with the same node."""

    def __init__(self, path: Sequence[str], node_id: str | None = None) -> None:
        shown = list(path) if len(path) <= 12 else [*path[:6], "...", *path[-5:]]
        super().__init__(
            f"nodes wait for each other: {' -> '.join(shown)}",
            node_id or path[0],
            hint="cut one of these links",
        )
        self.path = tuple(path)


class InputRefused(GraphError):
    """A node refuses the value of the input `name`. Raised by nodes; the failure then names the input."""

    def __init__(self, name: str, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.name = name


class BadReturn(GraphError):
    """A node returned something that isn't a tuple, a dict of `result`, `ui`, `expand`, or a blocker."""


class BadInputs(GraphError):
    """Values that can't be handed to a node. `name` is the input."""

    def __init__(self, name: str, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.name = name


class NodeFailed(GraphError):
    """A node failed; `failure` is what the outcome reports."""

    def __init__(self, failure: NodeFailure) -> None:
        super().__init__(str(failure), failure.hint)
        self.failure = failure


class Interrupted(BaseException):
    """The run was interrupted while a node worked."""
