"""Literal inputs: unwrapping and conversion to the declared type."""

from __future__ import annotations

from typing import Any

WRAPPED = "__value__"

CONVERSIONS: dict[str, type] = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}


def unwrap(value: Any) -> Any:
    """`{"__value__": [...]}` is how a list literal is told from a link."""
    return value[WRAPPED] if isinstance(value, dict) and WRAPPED in value else value


def convert(value: Any, kind: Any) -> Any:
    """The value as its declared type has it. Raises ValueError, TypeError or OverflowError when it can't be."""
    target = CONVERSIONS.get(kind) if isinstance(kind, str) else None
    return value if target is None or type(value) is target else target(value)


def convert_if_possible(value: Any, kind: Any) -> Any:
    """As `convert`, leaving what can't be converted as it is."""
    try:
        return convert(value, kind)
    except (ValueError, TypeError, OverflowError):
        return value
