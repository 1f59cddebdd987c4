"""A short notation for JSON Schemas."""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
YES_NO: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
URL: Schema = {"type": "string", "format": "uri"}
ANYTHING: Schema = {}
MAP: Schema = {"type": "object", "additionalProperties": True}


def maybe(schema: Schema) -> Schema:
    """This, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": schema}


def one_of(*values: Any) -> Schema:
    """One of some words."""
    return {"type": "string", "enum": list(values)}


def record(about: str = "", /, **fields: Schema) -> Schema:
    """An object that has all of these fields."""
    made: Schema = {"type": "object", "properties": fields, "required": list(fields)}
    return {**made, "description": about} if about else made


def optional(about: str = "", /, **fields: Schema) -> Schema:
    """An object that may have these fields and no others."""
    made: Schema = {"type": "object", "properties": fields, "additionalProperties": False}
    return {**made, "description": about} if about else made


def ref(name: str) -> Schema:
    """A schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def said(schema: Schema, about: str) -> Schema:
    """The schema with a description."""
    return {**schema, "description": about}
