"""One JSON Schema of all kinds, for editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from flowscale_specs.kinds import API_VERSION, KINDS

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

SCHEMA_ID = "https://flowscale.ai/schemas/v1.json"


def json_schema() -> dict[str, Any]:
    """A schema of every document, in which `kind` selects what else must hold."""
    _, parts = models_json_schema(
        [(kind, "validation") for kind in KINDS.values()], schema_generator=_ForEditors
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "FlowScale specs",
        "description": "Documents that declare workflows and how they are served.",
        "type": "object",
        "required": ["kind"],
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "The version of this format."},
            "kind": {"enum": list(KINDS), "description": "What this document declares."},
        },
        "allOf": [_when(name) for name in KINDS],
        "$defs": parts["$defs"],
    }


def render_schema() -> str:
    """The schema as the text of a file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _when(kind: str) -> dict[str, Any]:
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"$ref": f"#/$defs/{kind}"},
    }


class _ForEditors(GenerateJsonSchema):
    """Without what only fills an editor's pop-ups: titles made of field names, and null for absent keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if described.get("default", ...) in (None, (), [], ""):
            described.pop("default", None)
        return described
