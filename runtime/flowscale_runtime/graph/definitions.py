"""A node class as plain JSON: its entry in /object_info."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .plain import input_types

OPTIONAL = {
    "output_tooltips": "OUTPUT_TOOLTIPS",
    "deprecated": "DEPRECATED",
    "experimental": "EXPERIMENTAL",
    "dev_only": "DEV_ONLY",
    "api_node": "API_NODE",
    "essentials_category": "ESSENTIALS_CATEGORY",
}


def describe(class_type: str, cls: Any, module: str, display_name: str | None = None) -> dict[str, Any]:
    """The definition of a class. `module` is the pack that it comes from, `display_name` what people see."""
    own = getattr(cls, "__node_definition__", None)
    entry = _plain(class_type, cls) if own is None else own(class_type)
    entry["python_module"] = module
    entry["display_name"] = display_name or entry.get("display_name") or class_type
    plain: dict[str, Any] = jsonable(entry)
    return plain


def _plain(class_type: str, cls: Any) -> dict[str, Any]:
    inputs = input_types(cls)
    outputs = tuple(getattr(cls, "RETURN_TYPES", ()))
    entry = {
        "input": inputs,
        "input_order": {category: list(names) for category, names in inputs.items()},
        "is_input_list": bool(getattr(cls, "INPUT_IS_LIST", False)),
        "output": outputs,
        "output_is_list": getattr(cls, "OUTPUT_IS_LIST", None) or [False] * len(outputs),
        "output_name": getattr(cls, "RETURN_NAMES", None) or outputs,
        "name": class_type,
        "display_name": None,
        "description": getattr(cls, "DESCRIPTION", ""),
        "python_module": "",
        "category": getattr(cls, "CATEGORY", ""),
        "output_node": bool(getattr(cls, "OUTPUT_NODE", False)),
        "has_intermediate_output": bool(getattr(cls, "HAS_INTERMEDIATE_OUTPUT", False)),
        "search_aliases": getattr(cls, "SEARCH_ALIASES", []),
    }
    return entry | {key: getattr(cls, name) for key, name in OPTIONAL.items() if hasattr(cls, name)}


def jsonable(value: Any) -> Any:
    """The value in types that JSON has: tuples become lists, what JSON lacks becomes its text."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((jsonable(item) for item in value), key=str)
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return _number(kind(value))
    return str(value)


def _number(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
