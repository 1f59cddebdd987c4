"""Secrets in a plan are never shown: one may see that a value changes, not what it is."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from flowscale_specs.suggestions import looks_secret

if TYPE_CHECKING:
    from flowscale_stacks.compile import Object

_NAMES = re.compile(r"(?i)(password|passwd|secret|token|api_?key|access_?key|credential)")


def masked(item: Object) -> Object:
    """An object whose secret values are replaced by marks that differ where the values do."""
    if item["kind"] == "Secret":
        return {**item, **{key: _all(item[key]) for key in ("data", "stringData") if key in item}}
    found: Object = _within(item)
    return found


def _all(values: dict[str, Any]) -> dict[str, str]:
    return {name: _mark(str(value)) for name, value in values.items()}


def _within(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("value"), str) and _NAMES.search(str(value.get("name", ""))):
            return _masked_variable(value)
        return {key: _within(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_within(item) for item in value]
    return _mark(value) if isinstance(value, str) and looks_secret(value) else value


def _masked_variable(variable: dict[str, Any]) -> dict[str, Any]:
    """An environment variable that is called a secret; one that names a file says where it is, not what."""
    if str(variable["name"]).endswith("_FILE"):
        return variable
    return {**variable, "value": _mark(variable["value"])}


def _mark(value: str) -> str:
    return f"(secret {hashlib.sha256(value.encode()).hexdigest()[:6]})"
