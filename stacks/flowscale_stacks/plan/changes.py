"""What changes: objects, and fields of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["add", "change", "replace", "remove"]
ACTIONS: tuple[Action, ...] = ("add", "change", "replace", "remove")


class Absent:
    """Stands where there is no value."""

    def __repr__(self) -> str:
        return "(none)"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field, and what it was and will be; secrets are masked already."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """An object that is added, changed in place, made anew, or removed."""

    action: Action
    kind: str
    name: str
    fields: tuple[FieldChange, ...] = ()


def shown(value: Any, most: int = 80) -> str:
    """A value in one line."""
    if isinstance(value, Absent):
        return "(none)"
    text = value if isinstance(value, str) else _json(value)
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _json(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
