"""The document that describes the API: valid, complete, and true."""

import re

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.routing import Route

from flowscale_runtime.gateway.app import MODULES
from flowscale_runtime.gateway.errors import all_errors
from flowscale_runtime.gateway.openapi.operations import OPERATIONS

API = "/api/v1"
CHOICES = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: choices}
spec:
  source: words.json
  version: 1.0.0
  inputs:
    prompt: {from: 1.default_value, required: true, minLength: 2, maxLength: 9, description: What to draw}
    steps: {from: 2.default_value, type: integer, choices: [10, 20]}
"""


async def fetch(server, **query):
    reply = await server.client.get(f"{API}/openapi.json", params=query, headers=server.as_(None))
    assert reply.status_code == 200
    return reply.json()


def body_of(document, media):
    """The inputs that POST /runs takes in an encoding."""
    schema = document["paths"]["/runs"]["post"]["requestBody"]["content"][media]["schema"]
    if media == "application/json":
        schema = schema["properties"]["inputs"]
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


async def test_the_document_is_valid_openapi(server, kit):
    validate(await fetch(server), cls=OpenAPIV31SpecValidator)
    await server.serve(
        kit.WORKFLOW, kit.PHOTO_WORKFLOW, kit.deployment("words"), kit.deployment("photo", "photo")
    )
    validate(await fetch(server), cls=OpenAPIV31SpecValidator)
    validate(await fetch(server, workflow_id="photo"), cls=OpenAPIV31SpecValidator)


def test_every_route_is_described_and_every_description_has_a_route():
    routes = {
        (method, route.path)
        for module in MODULES
        for route in module.router.routes
        if isinstance(route, Route)
        for method in route.methods
    }
    assert {(operation.method, operation.path) for operation in OPERATIONS} == routes


async def test_inputs_are_typed_fields_with_their_limits(server, kit):
    await server.serve(CHOICES, kit.deployment("choices", "choices"))
    for media in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data"):
        schema = body_of(await fetch(server), media)
        prompt, steps = schema["properties"]["prompt"], schema["properties"]["steps"]
        assert (prompt["type"], prompt["minLength"], prompt["maxLength"]) == ("string", 2, 9)
        assert prompt["description"] == "What to draw"
        assert steps["enum"] == [10, 20]
        assert schema["required"] == ["prompt"]


async def test_files_are_bytes_in_a_form_and_addresses_elsewhere(server, kit):
    await server.serve(kit.PHOTO_WORKFLOW, kit.deployment("photo", "photo"))
    document = await fetch(server)
    image = body_of(document, "multipart/form-data")["properties"]["image"]
    assert (image["type"], image["format"]) == ("string", "binary")
    image = body_of(document, "application/json")["properties"]["image"]
    assert (image["type"], "format" in image) == ("string", False)
    assert "URL" in image["description"]


async def test_several_deployments_are_a_choice_and_each_has_a_document_of_its_own(server, kit):
    await server.serve(
        kit.WORKFLOW, kit.PHOTO_WORKFLOW, kit.deployment("words"), kit.deployment("photo", "photo")
    )
    parameters = (await fetch(server))["paths"]["/runs"]["post"]["parameters"]
    [workflow_id] = [one for one in parameters if one["name"] == "workflow_id"]
    assert (workflow_id["schema"]["enum"], workflow_id["required"]) == (["photo", "words"], True)
    one = await fetch(server, workflow_id="photo")
    assert list(body_of(one, "application/json")["properties"]) == ["image"]
    assert one["info"]["title"] == "FlowScale: photo"
    reply = await server.client.get(f"{API}/openapi.json", params={"workflow_id": "nothing"})
    assert reply.status_code == 404


async def test_the_example_can_be_sent(server):
    content = (await fetch(server))["paths"]["/runs"]["post"]["requestBody"]["content"]["application/json"]
    example = content["examples"]["inputs"]["value"]
    assert (await server.client.post(f"{API}/runs", json=example)).status_code == 200


async def test_the_codes_of_errors_are_the_closed_list(server):
    error = (await fetch(server))["components"]["schemas"]["Error"]
    assert set(error["properties"]["error"]["properties"]["code"]["enum"]) == {
        one.code for one in all_errors()
    }


async def test_open_deployments_need_no_key(server, kit):
    security = (await fetch(server))["paths"]["/runs"]["post"]["security"]
    assert {} not in security
    await server.serve(kit.WORKFLOW, kit.deployment("words", auth=False))
    paths = (await fetch(server))["paths"]
    assert {} in paths["/runs"]["post"]["security"]
    assert {} not in paths["/keys"]["get"]["security"]


async def test_real_replies_are_as_described(server, kit):
    """Each route that answers JSON is called, and its reply is held against the document."""
    await server.serve(
        kit.WORKFLOW, _budget(), kit.deployment("words", budget="studio", limits={"concurrency": 8})
    )
    document = await fetch(server)
    call = server.client.request
    run = await server.run()
    failed = await server.submit()
    await call("DELETE", f"{API}/runs/{failed['run_id']}")
    batch = (await call("POST", f"{API}/runs/batch", json={"inputs": [{}]})).json()["data"]["batch_id"]
    key = (await call("POST", f"{API}/keys", json={"name": "a"})).json()["data"]["id"]
    seen = set()
    for method, path, ids, options in [
        ("POST", "/runs", {}, {}),
        ("GET", "/runs", {}, {}),
        ("GET", "/runs/{run_id}", {"run_id": run["run_id"]}, {}),
        ("GET", "/runs/{run_id}", {"run_id": failed["run_id"]}, {}),
        ("GET", "/runs/output", {}, {"params": {"filename": run["output_names"][0]}}),
        ("GET", "/runs/{run_id}/logs", {"run_id": run["run_id"]}, {}),
        ("GET", "/runs/{run_id}/timings", {"run_id": run["run_id"]}, {}),
        ("POST", "/runs/{run_id}/retry", {"run_id": run["run_id"]}, {}),
        ("POST", "/runs/{run_id}/feedback", {"run_id": run["run_id"]}, {"json": {"score": 1}}),
        ("POST", "/runs/batch", {}, {"json": {"inputs": [{}]}}),
        ("GET", "/runs/batch/{batch_id}", {"batch_id": batch}, {}),
        ("POST", "/uploads", {}, {"content": b"abc"}),
        ("POST", "/uploads", {}, {"json": {"size": 3}}),
        ("GET", "/comfy/health", {}, {}),
        ("GET", "/comfy/queue", {}, {}),
        ("GET", "/comfy/workflows", {}, {}),
        ("POST", "/tokens", {}, {}),
        ("GET", "/keys", {}, {}),
        ("POST", "/keys", {}, {"json": {"name": "b"}}),
        ("POST", "/keys/{key_id}/rotate", {"key_id": key}, {}),
        ("DELETE", "/keys/{key_id}", {"key_id": key}, {}),
        ("GET", "/deployments", {}, {}),
        ("GET", "/deployments/{name}", {"name": "words"}, {}),
        ("GET", "/usage", {}, {}),
        ("GET", "/budgets", {}, {}),
        ("GET", "/webhooks", {}, {}),
        ("GET", "/webhooks/deliveries", {}, {}),
        ("GET", "/webhooks/dead-letters", {}, {}),
        ("POST", "/webhooks/dead-letters/replay", {}, {}),
        ("GET", "/audit", {}, {}),
        ("POST", "/runs/{run_id}/cancel", {"run_id": run["run_id"]}, {}),
        ("GET", "/runs/{run_id}", {"run_id": "nothing"}, {}),
        ("POST", "/runs", {}, {"json": {"steps": 99}}),
    ]:
        reply = await call(method, API + path.format(**ids), **options)
        _hold(document, method, path, reply)
        seen.add((method, path, reply.status_code))
    assert ("GET", "/runs/output", 200) in seen
    assert ("POST", "/runs", 422) in seen


async def test_the_page_needs_nothing_from_outside(server):
    for path in ("/docs", f"{API}/docs"):
        reply = await server.client.get(path, params={"workflow_id": '"><script>'}, headers=server.as_(None))
        assert reply.status_code == 200
        assert "%22%3E%3Cscript%3E" in reply.text
        assert re.findall(r"https?://", reply.text) == []
        assets = re.findall(r'(?:src|href)="(/[^"]+)"', reply.text)
        assert len(assets) == 3
        for asset in assets:
            found = await server.client.get(asset, headers=server.as_(None))
            assert (found.status_code, len(found.content) > 100) == (200, True)
    assert (await server.client.get(f"{API}/docs/../app.py")).status_code == 404
    assert (await server.client.get(f"{API}/docs/nothing.js")).status_code == 404


FEW = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_meets_no_fault(server, mode):
    """Schemathesis over every operation: no 5xx, and only replies that the document knows."""
    schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", server.app)
    tried = []
    for result in schema.get_all_operations():
        operation = result.ok()
        _try(operation, server.owner, mode)
        tried.append(operation.label)
    assert len(tried) == len(OPERATIONS) - 1  # all but the document itself


def _try(operation, key, mode):
    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case):
        if isinstance(case.query, dict):
            case.query.pop("wait", None)  # nothing computes here: it would wait in vain
        if isinstance(case.body, dict):
            case.body.pop("wait", None)
        case.headers.pop("Prefer", None)
        case.call_and_validate(headers={"X-API-KEY": key}, checks=CHECKS)

    try:
        sent()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing that this operation takes can be wrong


def _hold(document, method, path, reply):
    described = document["paths"][path][method.lower()]["responses"][str(reply.status_code)]
    if "$ref" in described:
        described = document["components"]["responses"][described["$ref"].rsplit("/", 1)[1]]
    schema = {**described["content"]["application/json"]["schema"], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(reply.json())


def _budget():
    return """
apiVersion: flowscale.ai/v1
kind: Budget
metadata: {name: studio}
spec: {limit: $100/month}
"""
