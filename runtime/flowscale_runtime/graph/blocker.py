"""The value that stops what lies downstream of it."""

from __future__ import annotations


class ExecutionBlocker:
    """A node returns this in place of a value: nodes that would receive it are skipped.

    With a message, the skip is reported once, at the first node that would have received it; the run goes on.
    Without, it is silent.
    """

    __slots__ = ("message",)

    def __init__(self, message: str | None = None) -> None:
        self.message = message

    def __repr__(self) -> str:
        return f"ExecutionBlocker({self.message!r})"
