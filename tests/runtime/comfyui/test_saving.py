"""Saving in the editor commits to the project; history, differences, branches; deploying serves."""

import uuid

import httpx
import pytest

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]
GRAPH = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "saved"}},
}


def wider(width):
    return {**GRAPH, "1": {**GRAPH["1"], "inputs": {**GRAPH["1"]["inputs"], "width": width}}}


async def save(client, name, graph, **query):
    path = f"/api/userdata/workflows%2F{name}.json"
    reply = await client.http.post(path, json=graph, params={"full_info": "true", **query})
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_saving_is_a_commit_and_history_tells_what_changed(client):
    name = f"kept{uuid.uuid4().hex[:6]}"
    facts = await save(client, name, GRAPH, message="Begin here")
    assert facts["path"] == f"workflows/{name}.json"
    await save(client, name, wider(32))
    assert f"{name}.json" in await client.get("/userdata", dir="workflows", recurse="true")
    assert await client.get(f"/userdata/workflows%2F{name}.json") == wider(32)
    changes = await client.get(f"/flowscale/workflows/{name}/log")
    assert [one["message"] for one in changes] == [f"Change workflow {name}", "Begin here"]
    told = await client.get(f"/flowscale/workflows/{name}/diff", **{"from": changes[1]["commit"]})
    assert told["text"] == "~ node 1 (EmptyImage) width: 8 → 32"
    back = await client.http.post(
        f"/flowscale/workflows/{name}/revert", json={"commit": changes[1]["commit"]}
    )
    assert len(back.json()["commit"]) == 40
    assert await client.get(f"/userdata/workflows%2F{name}.json") == GRAPH


async def test_a_workflow_is_moved_removed_and_not_overwritten_unasked(client):
    one, other = (f"w{uuid.uuid4().hex[:6]}" for _ in range(2))
    await save(client, one, GRAPH)
    path = f"/userdata/workflows%2F{one}.json"
    assert (await client.http.post(path, json=GRAPH, params={"overwrite": "false"})).status_code == 409
    moved = await client.http.post(f"{path}/move/workflows%2F{other}.json")
    assert moved.json() == f"workflows/{other}.json"
    assert (await client.http.get(path)).status_code == 404
    assert (await client.http.delete(f"/userdata/workflows%2F{other}.json")).status_code == 204
    assert (await client.http.post("/userdata/workflows%2F..%2F..%2Fx.json", json={})).status_code == 400


async def test_what_is_on_the_canvas_is_served_by_one_request(client, server):
    name = f"Served {uuid.uuid4().hex[:6]}"
    reply = await client.http.post("/flowscale/deploy", json={"name": name, "workflow": GRAPH})
    assert reply.status_code == 200, reply.text
    called = reply.json()["deployment"]
    assert called == name.lower().replace(" ", "-")
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=120) as http:
        run = await http.post(
            "/api/v1/runs",
            json={"workflow_id": called, "inputs": {}},
            params={"wait": "60"},
            headers={"x-api-key": server.key},
        )
    assert run.status_code in {200, 201}, run.text
    broken = {"1": {"class_type": "NoSuchClass", "inputs": {}}}
    refused = await client.http.post("/flowscale/deploy", json={"name": "broken one", "workflow": broken})
    assert (refused.status_code, refused.json()["error"]["type"]) == (422, "not_served")
    assert "NoSuchClass" in refused.json()["error"]["message"]


async def test_our_script_and_those_of_packs_are_offered(client):
    listed = await client.get("/extensions")
    assert "/extensions/flowscale/deploy.js" in listed
    script = await client.http.get("/extensions/flowscale/deploy.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert (await client.http.get("/extensions/flowscale/..%2F..%2Fsaving.py")).status_code == 404


async def test_branches_are_listed(client):
    await save(client, f"b{uuid.uuid4().hex[:6]}", GRAPH)
    told = await client.get("/flowscale/branches")
    assert told["current"] in told["branches"]
