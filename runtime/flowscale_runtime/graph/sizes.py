"""How much main memory a result holds, as far as can be told without knowing its types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEAST = 1024
"""What a result counts at least, so that many small ones weigh something."""


def size_of(value: Any) -> int:
    """Bytes of arrays, tensors in main memory, buffers and text inside `value`; shared ones count once."""
    total, stack, seen = 0, [value], set[int]()
    while stack:
        item = stack.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Mapping):
            stack += item.values()
        elif isinstance(item, list | tuple | set | frozenset):
            stack += item
        else:
            total += _own(item)
    return max(total, LEAST)


def _own(item: Any) -> int:
    if isinstance(item, bytes | bytearray | str):
        return len(item)
    size = getattr(item, "nbytes", None)
    if not isinstance(size, int):
        return 0
    device = getattr(getattr(item, "device", None), "type", "cpu")
    return size if device == "cpu" else 0
