"""From a node's widget to an input: its type, range and choices, as its class declares them."""

from collections.abc import Mapping
from typing import Any

from flowscale_workflows.definitions import COMBO, DYNAMIC_COMBO, Declared
from flowscale_workflows.signatures import InputType

_TYPES: dict[str, InputType] = {
    "INT": "integer",
    "FLOAT": "number",
    "BOOLEAN": "boolean",
    "STRING": "string",
    "TEXTAREA": "string",
    "MARKDOWN": "string",
    "COLOR": "string",
    "IMAGE": "image",
    "MASK": "mask",
    "VIDEO": "video",
    "AUDIO": "audio",
}


def facts(declared: Declared | None, value: object) -> dict[str, Any]:
    """The fields of an Input that follow from the declaration, or from the value where there is none."""
    if declared is None:
        return {"type": type_of_value(value), "multiline": isinstance(value, str) and "\n" in value}
    if declared.type in {COMBO, DYNAMIC_COMBO}:
        return _combo(declared)
    kind = _TYPES.get(declared.type) or type_of_value(value)
    return {
        "type": kind,
        "minimum": _number(declared.options, "min") if kind in {"integer", "number"} else None,
        "maximum": _number(declared.options, "max") if kind in {"integer", "number"} else None,
        "step": _number(declared.options, "step") if kind in {"integer", "number"} else None,
        "multiline": bool(declared.options.get("multiline")) or declared.type in {"TEXTAREA", "MARKDOWN"},
    }


def type_of_value(value: object) -> InputType:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) or value is None else "json"


def _combo(declared: Declared) -> dict[str, Any]:
    upload = declared.upload
    if upload:
        return {"type": upload}
    choices = declared.choices or None
    return {
        "type": _type_of_choices(choices or ()),
        "choices": choices,
        "many": bool(declared.options.get("multiselect")),
    }


def _type_of_choices(choices: tuple[Any, ...]) -> InputType:
    kinds = {type_of_value(choice) for choice in choices}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "string"


def _number(options: Mapping[str, Any], key: str) -> float | None:
    value = options.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
