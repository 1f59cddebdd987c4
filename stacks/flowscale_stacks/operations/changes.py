"""What the engine does to objects, read from its events: pure values for terminals and machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi.automation import EngineEvent

QUIET = frozenset({"same", "refresh", "read", "read-discard", "discard-replaced", "remove-pending-replace"})
MARKS = {"create": "+", "update": "~", "delete": "-", "replace": "±", "import": "="}
_OPERATIONS = {
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "read-replacement": "replace",
    "import-replacement": "replace",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One object, and what is done to it."""

    operation: str
    kind: str
    name: str
    fields: tuple[str, ...] = ()
    """Paths that differ."""

    def __str__(self) -> str:
        fields = f": {', '.join(self.fields)}" if self.fields else ""
        return f"{MARKS.get(self.operation, '?')} {self.operation} {self.kind} {self.name}{fields}"

    def to_json(self) -> dict[str, Any]:
        return {
            "operation": self.operation,
            "kind": self.kind,
            "name": self.name,
            "fields": list(self.fields),
        }


@dataclass(frozen=True, slots=True)
class Step:
    """A moment in the life of a change."""

    stage: str
    """`begun`, `done` or `failed`."""
    change: Change


def step(event: EngineEvent) -> Step | None:
    """The step that an event tells of; None where nothing happens to an object."""
    for stage, found in (
        ("begun", event.resource_pre_event),
        ("done", event.res_outputs_event),
        ("failed", event.res_op_failed_event),
    ):
        if found is not None:
            return _step(stage, found.metadata)
    return None


def complaint(event: EngineEvent) -> str | None:
    """What an event complains of."""
    found = event.diagnostic_event
    return found.message if found is not None and found.severity == "error" else None


def _step(stage: str, metadata: Any) -> Step | None:
    operation = str(getattr(metadata.op, "value", metadata.op))
    kind = metadata.type.rpartition(":")[2]
    if operation in QUIET or not metadata.type.startswith("kubernetes:"):
        return None
    old, new = (_inputs(state) for state in (metadata.old, metadata.new))
    both = metadata.old is not None and metadata.new is not None
    fields = tuple(sorted(metadata.detailed_diff or {})) or tuple(_paths(old, new) if both else ())
    if operation == "update" and stage == "done" and old == new:
        return None  # the server wrote what nobody asked for: a status, a version
    name = metadata.urn.rpartition("::")[2]
    return Step(stage, Change(_OPERATIONS.get(operation, operation), kind, name, fields))


def _inputs(state: Any) -> dict[str, Any]:
    return dict(state.inputs or {}) if state is not None else {}


def _paths(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Where two values differ: `spec.template`, as deep as both are mappings."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                yield from _paths(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif path:
        yield path


def unique(changes: list[Change]) -> tuple[Change, ...]:
    """Changes in order; the two halves of a replacement are one."""
    return tuple(dict.fromkeys(changes))
