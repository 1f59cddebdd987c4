"""A schema as its entry in /object_info: always the same 22 keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .dynamic import input_dict

if TYPE_CHECKING:
    from .schema import Schema


def definition(class_type: str, schema: Schema) -> dict[str, Any]:
    """The entry of a schema node."""
    inputs = _inputs(schema)
    return {
        "input": inputs,
        "input_order": {category: list(names) for category, names in inputs.items()},
        "is_input_list": schema.is_input_list,
        **_outputs(schema),
        "name": class_type,
        "display_name": schema.display_name,
        "description": schema.description,
        "python_module": "",
        "category": schema.category,
        "output_node": schema.is_output_node,
        "deprecated": schema.is_deprecated,
        "experimental": schema.is_experimental,
        "dev_only": schema.is_dev_only,
        "api_node": schema.is_api_node,
        "price_badge": schema.price_badge.as_dict() if schema.price_badge else None,
        "search_aliases": schema.search_aliases,
        "essentials_category": schema.essentials_category,
        "has_intermediate_output": schema.has_intermediate_output,
    }


def _inputs(schema: Schema) -> dict[str, Any]:
    inputs: dict[str, Any] = input_dict(schema.inputs)
    if schema.hidden:
        inputs["hidden"] = {kind.name: (kind.value,) for kind in schema.hidden}
    return inputs


def _outputs(schema: Schema) -> dict[str, Any]:
    outputs = schema.outputs
    matches = [one.match for one in outputs]
    return {
        "output": [one.get_io_type() for one in outputs],
        "output_is_list": [one.is_output_list for one in outputs],
        "output_name": [one.display_name or one.get_io_type() for one in outputs],
        "output_tooltips": [one.tooltip for one in outputs],
        "output_matchtypes": matches if any(matches) else None,
    }
