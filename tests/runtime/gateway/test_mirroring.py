"""Copies of runs for a version that is tried: made beside what callers see, and never in its way."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.admission import Wish
from flowscale_runtime.gateway.catalog import Mirror
from flowscale_runtime.gateway.wire import Options
from flowscale_runtime.stores.tables import runs

RUNS = "/api/v1/runs"
HOOK = {"url": "https://example.com/hook", "events": ["run.completed"]}


def mirror(server, percent=100.0):
    """Has a version 2.0.0 of `words` tried with copies."""
    catalog = server.state.served.catalog
    words = catalog.deployments["words"]
    tried = replace(words.versions[0], version="2.0.0", digest="sha256:" + "2" * 64)
    served = {"words": replace(words, mirror=Mirror(tried, percent))}
    server.state.served.catalog = replace(catalog, deployments=served)


async def kept(server):
    """All rows of runs, in the order of submission, once nothing more is being copied."""
    await asyncio.sleep(0.05)
    return await server.state.database.read(
        lambda connection: connection.execute(select(runs).order_by(runs.c.number)).all()
    )


async def test_a_copy_has_the_inputs_of_its_original_and_waits_behind_everybody(server):
    mirror(server)
    submitted = await server.submit(prompt="a hare", steps="7")
    original, copy = await kept(server)
    assert (original.id, original.version, original.copy_of) == (submitted["run_id"], "1.0.0", None)
    assert (copy.version, copy.release, copy.copy_of) == ("2.0.0", "sha256:" + "2" * 64, original.id)
    assert copy.inputs == original.inputs
    assert copy.priority < original.priority
    assert (await server.claim())[0].run_id == original.id


async def test_callers_see_no_copies(server, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("words", webhooks=[HOOK]))
    mirror(server)
    group = {"group_id": "guests"}
    reply = await server.client.post(RUNS, params=group, data={"prompt": "a hare"})
    submitted = reply.json()["data"]
    listed = (await server.client.get(RUNS, params=group)).json()
    assert [run["run_id"] for run in listed["data"]["runs"]] == [submitted["run_id"]]
    assert listed["meta"]["total_count"] == 1
    _, copy = await kept(server)
    assert copy.webhooks == []


async def test_what_is_erased_of_a_group_is_erased_of_its_copies(server):
    mirror(server)
    await server.client.post(RUNS, params={"group_id": "guests"}, data={"prompt": "a hare"})
    assert len(await kept(server)) == 2
    for run in await server.claim(2):
        await server.finish(run)
    reply = await server.client.post("/api/v1/erasure", json={"group_id": "guests"})
    assert reply.status_code == 200, reply.text
    assert await kept(server) == []


@pytest.mark.parametrize(("draw", "copied"), [(0.0, True), (0.2499, True), (0.25, False), (0.99, False)])
async def test_as_many_are_copied_as_the_rollout_says(server, draw, copied):
    mirror(server, percent=25.0)
    words = server.state.served.catalog.deployments["words"]
    wish = Wish(Principal("default", "owner"), words, {}, Options())
    run = await server.state.admission.prepare(wish, "one")
    assert (wish.copy(run, draw) is not None) == copied


async def test_a_file_is_stored_once_for_both(server, kit):
    await server.serve(kit.PHOTO_WORKFLOW, kit.deployment("words", "photo"))
    mirror(server)
    reply = await server.client.post(RUNS, files={"image": ("a.png", kit.png(), "image/png")})
    assert reply.status_code == 200, reply.text
    original, copy = await kept(server)
    assert copy.inputs == original.inputs


@pytest.mark.parametrize("limits", [{"queue": 1}])
async def test_what_leaves_no_room_for_a_copy_does_not_touch_the_original(server, kit, limits):
    await server.serve(kit.WORKFLOW, kit.deployment("words", limits=limits))
    mirror(server)
    await server.submit(prompt="a hare")
    assert [row.copy_of for row in await kept(server)] == [None]


async def test_an_answer_that_was_known_is_not_copied(server, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("words", cache={"ttl": "1h"}))
    await server.run(prompt="a hare")
    mirror(server)
    assert (await server.submit(prompt="a hare"))["status"] == "completed"
    assert len(await kept(server)) == 2


async def test_inputs_that_the_tried_version_lacks_leave_it_out(server):
    catalog = server.state.served.catalog
    mirror(server)
    words = server.state.served.catalog.deployments["words"]
    narrow = replace(words.mirror.version, interface=replace(words.versions[0].interface, inputs=()))
    served = {"words": replace(words, mirror=Mirror(narrow, 100.0))}
    server.state.served.catalog = replace(catalog, deployments=served)
    await server.submit(prompt="a hare")
    assert len(await kept(server)) == 1
