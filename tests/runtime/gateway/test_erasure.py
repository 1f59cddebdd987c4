"""Erasure over REST, and the sweeper that deletes what nothing refers to any more."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from flowscale_runtime.gateway.sweeping import Sweeper
from flowscale_specs.kinds.project import Retention
from flowscale_specs.values import Duration

API = "/api/v1"
DAY = 86_400


@pytest.fixture
async def serving(server, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("words"))
    return server


@pytest.fixture
def sweeper(serving):
    state = serving.state
    return Sweeper(state.database, state.objects, state.served, serving.clock)


async def test_everything_of_a_tag_is_removed_and_reported(serving, sweeper):
    reply = await serving.client.post(f"{API}/runs", json={"inputs": {}, "tags": ["user:alice"]})
    run = reply.json()["data"]["run_id"]
    [claimed] = await serving.claim()
    await serving.finish(claimed)
    kept = await serving.run(prompt="of somebody else")
    waiting = await serving.client.post(f"{API}/runs", json={"inputs": {}, "tags": ["user:alice"]})
    reply = await serving.client.post(f"{API}/erasure", json={"tag": "user:alice"})
    data = reply.json()["data"]
    assert (data["tag"], data["erased"]["runs"], data["erased"]["outputs"]) == ("user:alice", 1, 2)
    assert data["not_ended"] == [waiting.json()["data"]["run_id"]]
    assert (await serving.client.get(f"{API}/runs/{run}")).status_code == 404
    assert (await serving.client.get(f"{API}/runs/{kept['run_id']}")).status_code == 200
    audit = (await serving.client.get(f"{API}/audit")).json()["data"]["entries"]
    assert [one["resource"] for one in audit if one["action"] == "erasure"] == ["user:alice"]


async def test_files_of_erased_runs_are_deleted_unless_others_hold_them(serving, sweeper):
    await serving.client.post(f"{API}/runs?group_id=order-1", json={"inputs": {}})
    [claimed] = await serving.claim()
    await serving.finish(claimed, serving.gave(("3", b"mine alone"), ("4", b"shared")))
    await serving.run(serving.gave(("3", b"another"), ("4", b"shared")), prompt="other")
    await serving.client.post(f"{API}/erasure", json={"group_id": "order-1"})
    assert await sweeper.sweep() == 0  # just stored: somebody may be about to refer to it
    serving.clock.ahead = 2 * 3600
    assert await sweeper.sweep() == 1
    objects = serving.state.objects
    stored = {
        data: objects.exists(sha256(data).hexdigest()) for data in (b"mine alone", b"shared", b"another")
    }
    assert stored == {b"mine alone": False, b"shared": True, b"another": True}


async def test_a_project_forgets_as_its_retention_says(serving, sweeper):
    run = await serving.run(prompt="a cat")
    short = Retention(outputs=Duration(DAY), logs=Duration(DAY), runs=Duration(3 * DAY))
    serving.state.served.catalog = replace(serving.state.served.catalog, retention=short)
    serving.clock.ahead = 2 * DAY
    await sweeper.sweep()
    serving.clock.ahead += 2 * 3600
    assert await sweeper.sweep() == 2
    found = (await serving.client.get(f"{API}/runs/{run['run_id']}")).json()["data"]
    assert (found["status"], found["outputs"]) == ("completed", [])
    name = found["output_names"][0]
    asked = await serving.client.get(f"{API}/runs/output", params={"filename": name, "run_id": run["run_id"]})
    assert asked.status_code == 404
    serving.clock.ahead = 5 * DAY
    await sweeper.sweep()
    assert (await serving.client.get(f"{API}/runs/{run['run_id']}")).status_code == 404


async def test_the_file_that_a_workflow_itself_names_outlives_every_run_that_sent_the_same(server, kit):
    (server.folder / "cat.png").write_bytes(kit.png())
    graph = kit.PHOTO | {"1": {"class_type": "FSLoadImage", "inputs": {"image": "cat.png", "label": "Photo"}}}
    (server.folder / "photo.json").write_text(json.dumps(graph))
    await server.serve(kit.PHOTO_WORKFLOW, kit.deployment("photo", "photo"))
    sweeper = Sweeper(server.state.database, server.state.objects, server.state.served, server.clock)
    await server.client.post(f"{API}/runs", files={"image": ("cat.png", kit.png(), "image/png")})
    await server.finish((await server.claim())[0], server.gave(("2", b"done")))
    server.clock.ahead = 8 * DAY
    await sweeper.sweep()
    server.clock.ahead += 2 * 3600
    await sweeper.sweep()
    assert server.state.objects.exists(sha256(kit.png()).hexdigest())


@pytest.mark.parametrize("body", [{}, {"tag": "a", "group_id": "b"}, {"tag": ""}, {"user": "alice"}])
async def test_what_is_to_be_erased_is_said_exactly(serving, body):
    reply = await serving.client.post(f"{API}/erasure", json=body)
    assert (reply.status_code, reply.json()["status"]) == (422, "error")


async def test_only_an_owner_erases(serving):
    for role in ("viewer", "contributor", "admin"):
        key = await serving.key(role)
        reply = await serving.client.post(f"{API}/erasure", json={"tag": "a"}, headers=serving.as_(key))
        assert reply.status_code == 403
