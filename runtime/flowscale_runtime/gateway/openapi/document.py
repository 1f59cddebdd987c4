"""The document: operations and schemas put together for the deployments of a catalog."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flowscale_runtime.gateway.catalog import Catalog, Deployment
from flowscale_runtime.gateway.openapi import inputs
from flowscale_runtime.gateway.openapi.notation import TEXT, Schema, record, ref, said
from flowscale_runtime.gateway.openapi.operation import JSON, Operation
from flowscale_runtime.gateway.openapi.operations import OPERATIONS
from flowscale_runtime.gateway.openapi.schemas import SCHEMAS

_PLACE = re.compile(r"{(\w+)}")
_ALWAYS = {500}
_KEYED = {401, 403, 404}
ABOUT = """Runs workflows and gives back what they make.

Every JSON reply has `status` and `data`; a failure has `errors` (a sentence) and `error` with a code that programs may
rely on. Send your key as `X-API-KEY` or as `Authorization: Bearer`."""


def document(catalog: Catalog, deployment: Deployment | None, base: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of one deployment, or of all."""
    shown = [deployment] if deployment else [one for _, one in sorted(catalog.deployments.items())]
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        path = paths.setdefault(operation.path, {})
        path[operation.method.lower()] = _operation(operation, shown, catalog)
    about = deployment.spec.description if deployment and deployment.spec.description else ABOUT
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"FlowScale: {deployment.name}" if deployment else "FlowScale",
            "version": deployment.versions[0].version if deployment else version("flowscale-platform"),
            "description": about,
        },
        "servers": [{"url": f"{base}/api/v1"}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "paths": paths,
        "components": _components(shown),
    }


def _components(shown: Sequence[Deployment]) -> dict[str, Any]:
    typed = {inputs.schema_name(one): inputs.inputs(one.versions[0].interface) for one in shown}
    return {
        "schemas": SCHEMAS | typed,
        "securitySchemes": {
            "Key": {"type": "apiKey", "in": "header", "name": "X-API-KEY"},
            "Bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A key, or a token of POST /tokens.",
            },
        },
        "responses": {f"E{status}": _failure(status) for status in _statuses()},
    }


def _statuses() -> list[int]:
    return sorted(
        {status for operation in OPERATIONS for status in (*operation.errors, *_ALWAYS, *_KEYED, 503)}
    )


def _failure(status: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {JSON: {"schema": ref("Error")}},
    }
    if status in {429, 503}:
        made["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    if status == 416:
        del made["content"]
    return made


def _operation(operation: Operation, shown: Sequence[Deployment], catalog: Catalog) -> dict[str, Any]:
    open_to_all = bool(catalog.open()) and operation.scope in {"runs:read", "runs:execute", "workflows:read"}
    made: dict[str, Any] = {
        "operationId": _name(operation),
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation, shown),
        "responses": _responses(operation),
        "security": [{"Key": []}, {"Bearer": []}, *([{}] if open_to_all else [])] if operation.scope else [],
    }
    if operation.scope:
        made["description"] = f"Needs the scope `{operation.scope}`."
    if body := _body(operation, shown):
        made["requestBody"] = body
    return made


def _name(operation: Operation) -> str:
    path = re.sub(r"\W+", "_", operation.path.replace("{", "").replace("}", "")).strip("_")
    return f"{operation.method.lower()}_{path}"


def _parameters(operation: Operation, shown: Sequence[Deployment]) -> list[dict[str, Any]]:
    found = [_parameter("path", name, TEXT, required=True) for name in _PLACE.findall(operation.path)]
    if operation.path in {"/runs", "/runs/batch"} and operation.method == "POST":
        names: Schema = {"type": "string", "enum": [one.name for one in shown]} if shown else TEXT
        told = said(names, "The deployment; may be left out where there is only one.")
        found.append(_parameter("query", "workflow_id", told, required=len(shown) > 1))
    for name, schema in operation.query.items():
        found.append(_parameter("query", name, schema, required=name in operation.required))
    found += [_parameter("header", name, schema) for name, schema in operation.headers.items()]
    return found


def _parameter(where: str, name: str, schema: Schema, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": schema}


def _body(operation: Operation, shown: Sequence[Deployment]) -> dict[str, Any] | None:
    if (operation.method, operation.path) == ("POST", "/runs"):
        return inputs.body(shown)
    if (operation.method, operation.path) == ("POST", "/uploads"):
        file: Schema = {"type": "string", "format": "binary"}
        form: Schema = {"type": "object", "properties": {"file": file}, "required": ["file"]}
        return {
            "required": True,
            "content": {
                JSON: {"schema": ref("UploadRequest")},
                "multipart/form-data": {"schema": form},
                "application/octet-stream": {"schema": {}},
            },
        }
    if operation.body is None:
        return None
    media = operation.media[0] if operation.media else JSON
    return {"content": {media if media != JSON else JSON: {"schema": operation.body}}}


def _responses(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {str(operation.status): _success(operation)}
    for status in operation.more:
        described = {"description": HTTPStatus(status).phrase}
        found[str(status)] = _success(operation) if status in {201, 206} else described
    keyed = _KEYED if operation.scope else {404}
    for status in sorted({*operation.errors, *keyed, *_ALWAYS}):
        found[str(status)] = {"$ref": f"#/components/responses/E{status}"}
    return found


def _success(operation: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {"description": operation.summary}
    content = {media: _content(operation, media) for media in _given(operation)}
    return {**made, "content": content} if content else made


def _given(operation: Operation) -> tuple[str, ...]:
    return (JSON,) if operation.data is not None and JSON not in operation.media else operation.media


def _content(operation: Operation, media: str) -> dict[str, Any]:
    if media != JSON:
        return {}
    if operation.data is None:
        return {"schema": {"type": "object"}}
    envelope = record(status={"const": "success"}, data=operation.data)
    if operation.meta is not None:
        envelope["properties"] = {**envelope["properties"], "meta": operation.meta}
    return {"schema": envelope}
