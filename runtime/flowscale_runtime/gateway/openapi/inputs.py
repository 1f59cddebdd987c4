"""The body of POST /runs: a deployment's inputs as JSON, as a form, and as multipart with files."""

from collections.abc import Sequence
from typing import Any

from flowscale_runtime.gateway.catalog import Deployment
from flowscale_runtime.gateway.openapi.notation import MAP, TEXT, Schema, ref
from flowscale_runtime.gateway.openapi.operation import OPTIONS
from flowscale_workflows.binding import json_schema
from flowscale_workflows.interface import Input, Interface

ADDRESS = "An http(s) URL, a data: URL, or the reference of an upload."


def schema_name(deployment: Deployment) -> str:
    """What the schema of a deployment's inputs is called."""
    return f"Inputs.{deployment.name}"


def inputs(interface: Interface, *, files: bool = False) -> Schema:
    """The inputs as an object; with `files` they are bytes, without they are told by address."""
    schema = json_schema(interface)
    schema.pop("$schema")
    for item in interface.inputs:
        if item.is_file:
            schema["properties"][item.public_name] = _file(
                schema["properties"][item.public_name], item, files=files
            )
    return schema


def body(deployments: Sequence[Deployment]) -> dict[str, Any]:
    """What POST /runs takes for these deployments."""
    refs = [ref(schema_name(one)) for one in deployments]
    told = refs[0] if len(refs) == 1 else {"anyOf": refs} if refs else MAP
    only = deployments[0].versions[0].interface if len(deployments) == 1 else None
    uploaded = inputs(only, files=True) if only else MAP
    wrapped: Schema = {
        "type": "object",
        "properties": {"inputs": told, "workflow_id": TEXT, **OPTIONS},
        "required": ["inputs"],
        "additionalProperties": False,
    }
    as_json: dict[str, Any] = {"schema": wrapped}
    if only:
        as_json["examples"] = {"inputs": {"value": {"inputs": example(only)}}}
    return {
        "description": "The inputs. JSON may also hold the inputs alone; no body at all is a run of the defaults.",
        "required": bool(only and only.obligatory),
        "content": {
            "application/json": as_json,
            "application/x-www-form-urlencoded": {"schema": told},
            "multipart/form-data": {"schema": uploaded},
        },
    }


def example(interface: Interface) -> dict[str, Any]:
    """Values that may be sent."""
    return {item.public_name: _value(item) for item in interface.inputs if item.required or not item.is_file}


def _value(item: Input) -> Any:
    if item.is_file:
        return [_address(item)] if item.many else _address(item)
    if item.default is not None:
        return item.default
    if item.choices:
        return item.choices[0]
    least = item.minimum if item.minimum is not None else 1
    simple: dict[str, Any] = {"integer": int(least), "number": least, "boolean": False, "json": {}}
    return simple.get(item.type, "a fox in the snow")


def _address(item: Input) -> str:
    endings = {"image": "png", "mask": "png", "video": "mp4", "audio": "wav", "model": "safetensors"}
    return f"https://example.com/{item.public_name}.{endings.get(item.type, 'bin')}"


def _file(schema: Schema, item: Input, *, files: bool) -> Schema:
    about = {key: value for key, value in schema.items() if key not in {"anyOf", "type", "items"}}
    value: Schema = {"type": "string", "format": "binary"} if files else {"type": "string"}
    if not files:
        about["description"] = f"{about.get('description', '')} {ADDRESS}".strip()
    return {**({"type": "array", "items": value} if item.many else value), **about}
