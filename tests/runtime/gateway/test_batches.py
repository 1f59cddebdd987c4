"""Many runs in one request."""

import pytest

from flowscale_runtime.stores.outcomes import problem
from flowscale_runtime.stores.values import Outcome

BATCH = "/api/v1/runs/batch"


def body(*prompts, **more):
    return {"inputs": [{"prompt": prompt} for prompt in prompts], **more}


async def submit(server, *prompts, **more):
    reply = await server.client.post(BATCH, json=body(*prompts, **more))
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]


async def shown(server, batch_id):
    return (await server.client.get(f"{BATCH}/{batch_id}")).json()["data"]


async def test_a_batch_starts_its_runs_in_order(server):
    batch = await submit(server, "sunset", "forest", "ocean", batch_size=3, group_id="g")
    assert [run["number"] for run in batch["runs"]] == [1, 2, 3]
    assert all(run["workflow_id"] == "words" and run["status"] == "queued" for run in batch["runs"])
    prompts = []
    for run in batch["runs"]:
        one = (await server.client.get(f"/api/v1/runs/{run['run_id']}")).json()["data"]
        prompts.append(one["inputs"][0]["value"])
        assert (one["batch_id"], one["group_id"]) == (batch["batch_id"], "g")
    assert prompts == ["sunset", "forest", "ocean"]


async def test_a_batch_is_shown_as_a_whole(server):
    batch = await submit(server, "a", "b", "c")
    queued = await shown(server, batch["batch_id"])
    assert (queued["status"], queued["size"], queued["counts"], queued["progress"]) == (
        "queued",
        3,
        {"queued": 3},
        0.0,
    )
    first, second, third = await server.claim(3)
    await server.finish(first)
    running = await shown(server, batch["batch_id"])
    assert (running["status"], running["counts"]) == ("running", {"completed": 1, "running": 2})
    assert running["progress"] == pytest.approx(100 / 3)
    await server.finish(second)
    await server.finish(third)
    done = await shown(server, batch["batch_id"])
    assert (done["status"], done["progress"], done["execution_time"]) == ("completed", 100.0, 1.5)
    assert [run["run_id"] for run in done["runs"]] == [run["run_id"] for run in batch["runs"]]
    assert all(len(run["outputs"]) == 2 for run in done["runs"])
    assert done["completed_at"] == max(run["completed_at"] for run in done["runs"])


async def test_one_failed_run_makes_the_batch_failed(server):
    batch = await submit(server, "a", "b")
    first, second = await server.claim(2)
    await server.finish(first, Outcome("failed", 0.1, error=problem("NODE_FAILED", "It broke.")))
    await server.finish(second)
    done = await shown(server, batch["batch_id"])
    assert (done["status"], done["counts"]) == ("failed", {"failed": 1, "completed": 1})


async def test_a_batch_with_one_wrong_member_starts_nothing_and_says_which(server):
    reply = await server.client.post(BATCH, json={"inputs": [{"prompt": "a"}, {"steps": 99}, {"nothing": 1}]})
    details = reply.json()["error"]["details"]
    assert reply.status_code == 422
    assert (details["index"], details["field"], details["reason"]) == (1, "steps", "exceeds_maximum")
    assert (await server.client.get("/api/v1/runs")).json()["meta"]["total_count"] == 0


async def test_a_batch_that_the_queue_cannot_hold_starts_nothing(server, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("words", limits={"queue": 2}))
    reply = await server.client.post(BATCH, json=body("a", "b", "c"))
    assert (reply.status_code, reply.json()["error"]["code"]) == (429, "QUEUE_FULL")
    assert (await server.client.get("/api/v1/runs")).json()["meta"]["total_count"] == 0


async def test_the_same_key_and_batch_replay_the_reply(server):
    headers = {"idempotency-key": "once"}
    first = (await server.client.post(BATCH, json=body("a", "b"), headers=headers)).json()["data"]
    again = (await server.client.post(BATCH, json=body("a", "b"), headers=headers)).json()["data"]
    assert again == first
    for other in (body("a", "b", "c"), body("a"), body("a", "x")):
        reply = await server.client.post(BATCH, json=other, headers=headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert (await server.client.get("/api/v1/runs")).json()["meta"]["total_count"] == 2


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"inputs": []}, "inputs"),
        ({"inputs": "x"}, "inputs"),
        ({"inputs": [1]}, "inputs.0"),
        ({}, "inputs"),
        ({"inputs": [{}], "batch_size": 0}, "batch_size"),
        ({"inputs": [{}], "sizes": 1}, "sizes"),
        ({"inputs": [{}] * 1001}, "inputs"),
    ],
)
async def test_batches_are_read_strictly(server, sent, field):
    reply = await server.client.post(BATCH, json=sent)
    assert (reply.status_code, reply.json()["error"]["details"]["field"]) == (422, field)


async def test_an_unknown_batch_is_404(server):
    assert (await server.client.get(f"{BATCH}/nothing")).status_code == 404
