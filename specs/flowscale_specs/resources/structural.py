"""From pydantic models to the structural schemas that Kubernetes takes: no references, one type a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

_KEPT = (
    "type", "description", "enum", "format", "minimum", "maximum", "required",
    "x-kubernetes-preserve-unknown-fields",
)  # fmt: skip


def structural(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model, as a custom resource definition has it."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _structural(schema, schema.get("$defs", {}))


def _structural(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    whole = _without_null(_followed(schema, definitions), definitions)
    result = {key: whole[key] for key in _KEPT if key in whole}
    if "properties" in whole:
        result["properties"] = {
            name: _structural(item, definitions) for name, item in whole["properties"].items()
        }
    if isinstance(whole.get("additionalProperties"), dict):
        result["additionalProperties"] = _structural(whole["additionalProperties"], definitions)
    if "items" in whole:
        result["items"] = _structural(whole["items"], definitions)
    if result.get("type") == "integer":
        result["format"] = "int64"
    return result


def _followed(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to in its place; its own words win."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return {**_followed(definitions[reference.rpartition("/")[2]], definitions), **schema}


def _without_null(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema of a value that may be absent, which is never null in a resource."""
    choices = [item for item in schema.get("anyOf", ()) if item.get("type") != "null"]
    return {**_followed(choices[0], definitions), **schema} if choices else schema
