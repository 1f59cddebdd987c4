"""How an operation on a stack ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_stacks.operations.changes import Change


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended."""

    stack: str
    changes: tuple[Change, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    uploaded: tuple[str, ...] = ()
    """Digests of bundles that the object store didn't have."""
    recovered: tuple[str, ...] = ()
    """What an update that died had begun."""

    def to_json(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "changes": [change.to_json() for change in self.changes],
            "outputs": dict(self.outputs),
            "uploaded": list(self.uploaded),
            "recovered": list(self.recovered),
        }
