"""Every route under every key: none, a wrong one, each role, each scope alone, and keys of other tenants and deployments."""

import pytest

from flowscale_runtime.gateway.openapi.operations import OPERATIONS
from flowscale_specs.rights import ROLES, SCOPES

API = "/api/v1"
GROUP = "order-1"
KEYED = [operation for operation in OPERATIONS if operation.scope]
BODIES = {
    "/runs/batch": {"json": {"inputs": [{}]}},
    "/runs/{run_id}/feedback": {"json": {"score": 1}},
    "/uploads": {"content": b"abc"},
    "/keys": {"json": {"name": "b", "role": "viewer"}},
    "/erasure": {"json": {"group_id": GROUP}},
}
OWN_LISTS = {
    "/runs": lambda data: data["runs"],
    "/comfy/workflows": lambda data: data["workflows"],
    "/comfy/queue": lambda data: [run for host in data for run in host["queue"]["queue_pending"]],
    "/deployments": lambda data: data["deployments"],
    "/usage": lambda data: data["rows"],
    "/usage/forecast": lambda data: [day for day in data["days"] if day["cost"]],
    "/budgets": lambda data: data["budgets"],
    "/webhooks": lambda data: data["endpoints"],
    "/webhooks/deliveries": lambda data: data["deliveries"],
    "/webhooks/dead-letters": lambda data: data["deliveries"],
    "/audit": lambda data: data["entries"],
}
"""Lists that hold only what is the caller's own."""


def label(operation):
    return f"{operation.method} {operation.path}"


@pytest.fixture
async def filled(server, kit):
    """A server where everything that a path can name exists; and those names."""
    hooks = [{"url": "https://example.com/hook"}]
    await server.serve(
        kit.WORKFLOW,
        kit.deployment("words", webhooks=hooks, budget="studio", limits={"concurrency": 8}),
        kit.deployment("other", "words"),
        "{apiVersion: flowscale.ai/v1, kind: Budget, metadata: {name: studio}, spec: {limit: $100/month}}",
    )
    names = {"query": {"workflow_id": "words", "group_id": GROUP}}
    submit = server.client.post
    done = (await submit(f"{API}/runs", params=names["query"])).json()["data"]
    await server.finish((await server.claim())[0])
    names["run_id"] = (await submit(f"{API}/runs", params=names["query"])).json()["data"]["run_id"]
    batch = await submit(f"{API}/runs/batch", params=names["query"], json={"inputs": [{}]})
    names["batch_id"] = batch.json()["data"]["batch_id"]
    names["filename"] = done["output_names"][0]
    names["key_id"] = (await submit(f"{API}/keys", json={"name": "a", "role": "viewer"})).json()["data"]["id"]
    sent = await server.client.get(f"{API}/webhooks/deliveries")
    names["message"] = sent.json()["data"]["deliveries"][0]["id"]
    names["name"] = "words"
    return server, names


async def call(filled, operation, key):
    server, names = filled
    params = {}
    if operation.path in {"/runs", "/runs/batch"} and operation.method == "POST":
        params = names["query"]
    if operation.path == "/runs/output":
        params = {"filename": names["filename"]}
    path = operation.path.format(**names) if "{" in operation.path else operation.path
    if operation.path.endswith("/events"):  # of a run that has ended, or the stream wouldn't end
        path = path.replace(names["run_id"], await _ended(server, names))
    options = BODIES.get(operation.path, {}) if operation.method == "POST" else {}
    return await server.client.request(
        operation.method, f"{API}{path}", params=params, headers=server.as_(key), **options
    )


async def _ended(server, names):
    reply = await server.client.get(f"{API}/runs", params={"status": "completed"})
    return reply.json()["data"]["runs"][0]["run_id"]


async def test_without_a_key_or_with_a_wrong_one_every_route_is_401(filled):
    for operation in KEYED:
        for key in (None, "fs_wrong", "a.b.c"):
            reply = await call(filled, operation, key)
            assert (label(operation), reply.status_code) == (label(operation), 401)
            assert reply.json()["error"]["code"] == "UNAUTHENTICATED"
            assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_may_what_its_scopes_say(filled, role):
    server, _ = filled
    key = await server.key(role)
    for operation in KEYED:
        reply = await call(filled, operation, key)
        may = operation.scope in ROLES[role]
        assert (label(operation), reply.status_code != 403) == (label(operation), may)
        assert reply.status_code < 500
        if not may:
            assert reply.json()["error"]["details"] == {"scope": operation.scope}


async def test_no_other_scope_opens_a_route(filled):
    server, _ = filled
    for operation in KEYED:
        others = [scope for scope in SCOPES if scope not in {operation.scope, "admin"}]
        reply = await call(filled, operation, await server.key("custom", scopes=others))
        assert (label(operation), reply.status_code) == (label(operation), 403)
        assert reply.json()["error"]["details"] == {"scope": operation.scope}


async def test_what_belongs_to_another_tenant_is_not_there(filled):
    server, _ = filled
    stranger = await server.key("owner", "stranger")
    unshared = {
        "GET /comfy/health",
        "POST /uploads",
        "POST /tokens",
        "POST /keys",
        "POST /webhooks/dead-letters/replay",
        "GET /audit/export",  # no JSON: test_control.py
        "GET /audit/head",  # of the whole installation, and nobody's data
        "GET /audit/verify",
    }
    for operation in KEYED:
        if label(operation) in unshared:
            continue
        reply = await call(filled, operation, stranger)
        if names_something(operation):
            assert (label(operation), reply.status_code) == (label(operation), 404)
        elif operation.path == "/erasure":
            assert reply.json()["data"]["erased"]["runs"] == 0
        elif operation.path == "/keys":
            assert [key["name"] for key in reply.json()["data"]["keys"]] == ["owner"]
        else:
            assert (label(operation), OWN_LISTS[operation.path](reply.json()["data"])) == (
                label(operation),
                [],
            )


async def test_a_key_of_another_deployment_sees_nothing_of_this_one(filled):
    server, _ = filled
    narrow = await server.key("admin", deployments=["other"])
    for operation in KEYED:
        reply = await call(filled, operation, narrow)
        if operation.path.startswith(("/webhooks", "/audit", "/erasure")):
            assert (label(operation), reply.status_code) == (label(operation), 403)
        elif names_something(operation):
            assert (label(operation), reply.status_code) == (label(operation), 404)
        elif operation.path in OWN_LISTS:
            shown = OWN_LISTS[operation.path](reply.json()["data"])
            rows = [row for row in shown if isinstance(row, dict)]
            named = {row.get("workflow_id", row.get("deployment", row.get("name"))) for row in rows}
            assert (label(operation), named - {"other"}) == (label(operation), set())
        else:
            assert (label(operation), reply.status_code < 300) == (label(operation), True)


def names_something(operation):
    return "{" in operation.path or label(operation) in {"GET /runs/output", "POST /runs", "POST /runs/batch"}


async def test_keys_that_are_no_text_are_401(server):
    for key in (b"\xff\xfe", "ключ".encode(), b"a" * 10_000):
        reply = await server.client.get(f"{API}/runs", headers={b"x-api-key": key})
        assert reply.status_code == 401


async def test_bearer_is_an_alias(server):
    for header in (f"Bearer {server.owner}", f"bearer  {server.owner}"):
        reply = await server.client.get(f"{API}/runs", headers={"x-api-key": "", "authorization": header})
        assert reply.status_code == 200
    basic = {"x-api-key": "", "authorization": f"Basic {server.owner}"}
    assert (await server.client.get(f"{API}/runs", headers=basic)).status_code == 401


async def test_expired_keys_are_401(server):
    key = await server.key("viewer", expires_at=server.clock() + 5_000_000)
    assert (await server.client.get(f"{API}/runs", headers=server.as_(key))).status_code == 200
    server.clock.ahead = 6
    reply = await server.client.get(f"{API}/runs", headers=server.as_(key))
    assert (reply.status_code, "expired" in reply.json()["errors"][0]) == (401, True)


async def test_an_open_deployment_needs_no_key_and_opens_nothing_else(server, kit):
    await server.serve(
        kit.WORKFLOW, kit.deployment("open", "words", auth=False), kit.deployment("closed", "words")
    )
    nobody = server.as_(None)
    mine = await server.client.post(f"{API}/runs", params={"workflow_id": "open"}, headers=nobody)
    theirs = (await server.client.post(f"{API}/runs", params={"workflow_id": "closed"})).json()["data"]
    assert mine.status_code == 200
    assert (
        await server.client.get(f"{API}/runs/{mine.json()['data']['run_id']}", headers=nobody)
    ).status_code == 200
    assert (await server.client.get(f"{API}/runs/{theirs['run_id']}", headers=nobody)).status_code == 404
    refused = await server.client.post(f"{API}/runs", params={"workflow_id": "closed"}, headers=nobody)
    assert refused.status_code == 401
    listed = (await server.client.get(f"{API}/runs", headers=nobody)).json()["data"]["runs"]
    assert [run["workflow_id"] for run in listed] == ["open"]
    shown = (await server.client.get(f"{API}/comfy/workflows", headers=nobody)).json()["data"]["workflows"]
    assert [workflow["workflow_id"] for workflow in shown] == ["open"]
    for path in ("/keys", "/deployments", "/usage", "/budgets", "/webhooks", "/audit"):
        assert (await server.client.get(f"{API}{path}", headers=nobody)).status_code == 401
    assert (await server.client.post(f"{API}/tokens", headers=nobody)).status_code == 401
