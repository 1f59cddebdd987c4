"""The interface as JSON Schema 2020-12, for OpenAPI documents and forms."""

from typing import Any

from flowscale_workflows.signatures import Input, Interface

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_JSON_TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}


def json_schema(interface: Interface) -> dict[str, Any]:
    """An object schema with a property for each input, under its alias where it has one."""
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "type": "object",
        "properties": {item.public_name: _property(item) for item in interface.inputs},
        "additionalProperties": False,
    }
    obligatory = [item.public_name for item in interface.obligatory]
    return schema | ({"required": obligatory} if obligatory else {})


def _property(item: Input) -> dict[str, Any]:
    value = _value(item)
    if item.many:
        value = {"type": "array", "items": value}
    about = {
        "title": item.label or None,
        "description": item.description or None,
        "default": item.default,
        "x-flowscale-name": item.name if item.alias else None,
        "x-flowscale-type": item.type if item.is_file else None,
        "x-flowscale-multiline": item.multiline or None,
        "x-flowscale-step": item.step,
    }
    return value | {key: said for key, said in about.items() if said is not None}


def _value(item: Input) -> dict[str, Any]:
    if item.is_file:
        return {"anyOf": [{"type": "string", "format": "binary"}, {"type": "string", "format": "uri"}]}
    if item.choices:
        return {"enum": list(item.choices)}
    limits = {
        "minimum": item.minimum,
        "maximum": item.maximum,
        "minLength": item.min_length,
        "maxLength": item.max_length,
    }
    kind = {"type": _JSON_TYPES[item.type]} if item.type in _JSON_TYPES else {}
    return kind | {key: limit for key, limit in limits.items() if limit is not None}
