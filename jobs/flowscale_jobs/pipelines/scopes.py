"""What a step of a pipeline sees: the inputs, earlier steps, and the item of the loop around it."""

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True)
class Scope:
    """Names for expressions. Steps within a loop see those around it; nobody outside sees theirs."""

    inputs: Mapping[str, Any]
    steps: MutableMapping[str, Any] = field(default_factory=dict)
    item: Any = None
    index: int | None = None
    error: Mapping[str, Any] | None = None

    def known(self, value: Any = None) -> dict[str, Any]:
        """The names of an expression; `value` is what a rule looks at."""
        return {
            "inputs": dict(self.inputs),
            "steps": dict(self.steps),
            "item": self.item,
            "index": self.index,
            "error": self.error,
            "value": value,
        }

    def inner(self, item: Any, index: int) -> Self:
        """The scope of one time through a loop."""
        return replace(self, steps=ChainMap({}, self.steps), item=item, index=index)

    def failed(self, message: str) -> Self:
        """The scope of handlers."""
        return replace(self, error={"message": message})
