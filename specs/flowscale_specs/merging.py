"""JSON Merge Patch (RFC 7396) on values that remember where they were written."""

from __future__ import annotations

from typing import Any

from flowscale_specs.reading.places import NOWHERE, Map


def merge(target: Any, patch: Any) -> Any:
    """`target` with `patch` merged over it. Neither is changed; places follow the values."""
    if not isinstance(patch, dict):
        return patch
    result = copy(target, patch)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
            result.keys_at.pop(key, None)
            result.values_at.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
            if isinstance(patch, Map) and key in patch.keys_at:
                result.keys_at[key] = patch.keys_at[key]
                result.values_at[key] = patch.values_at[key]
    return result


def copy(value: Any, fallback: Any) -> Map:
    """A new mapping with the entries of `value`, if it is one; it stands where `value` or else `fallback` does."""
    source = value if isinstance(value, Map) else fallback
    result = Map(source.at if isinstance(source, Map) else NOWHERE)
    if isinstance(value, dict):
        result.update(value)
    if isinstance(value, Map):
        result.keys_at.update(value.keys_at)
        result.values_at.update(value.values_at)
    return result
