"""What counts as a link in an API graph: `["source id", slot]`."""

from __future__ import annotations

from typing import Any, TypeGuard

Link = tuple[str, int]


def is_link(value: Any) -> TypeGuard[list[Any]]:
    """Whether an input value points to an output of another node."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and (type(value[1]) is int or (isinstance(value[1], float) and value[1].is_integer()))
    )
