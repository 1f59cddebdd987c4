"""What a node computed, as it is cached and handed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .listener import Ui


@dataclass(slots=True)
class NodeResult:
    """One list of values per output, and what the node wants shown."""

    outputs: list[list[Any]]
    ui: Ui | None = None
