"""One set of inputs of a batch, and the key under which its run is never started twice."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Stored:
    """A file as input: it is read when its run is submitted. `size` tells one content of a name from another."""

    address: str
    size: int | None = None

    @property
    def filename(self) -> str:
        return self.address.rpartition("/")[2]


@dataclass(frozen=True)
class Item:
    """A set of inputs by its number in the batch; the same number with other inputs is another item."""

    index: int
    inputs: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """What names the item through restarts of the feeder."""
        told = json.dumps(shown(self.inputs), sort_keys=True, ensure_ascii=False, default=str)
        return f"{self.index}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def shown(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs as JSON: files by their addresses."""
    return {name: _shown(value) for name, value in inputs.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, Stored):
        return f"@{value.address}" + ("" if value.size is None else f"#{value.size}")
    return [_shown(one) for one in value] if isinstance(value, list | tuple) else value
