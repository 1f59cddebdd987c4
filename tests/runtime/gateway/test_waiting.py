"""Replies that wait for the end of a run, and requests that are sent twice."""

import asyncio

import pytest

RUNS = "/api/v1/runs"


@pytest.mark.parametrize(
    "request_", [{"params": {"wait": "30"}}, {"headers": {"prefer": "respond-async, wait=30"}}]
)
async def test_a_reply_that_waits_shows_the_finished_run(server, kit, request_):
    async with kit.working(server, lambda run: None):
        reply = await server.client.post(RUNS, **request_)
    data = reply.json()["data"]
    assert data["status"] == "completed"
    assert [output["filename"] for output in data["outputs"]] == [
        f"{name}.txt" for name in data["output_names"]
    ]
    assert (await server.client.get(data["outputs"][0]["url"])).text == "a fox"


async def test_a_wait_in_the_json_body_counts_too(server, kit):
    async with kit.working(server, lambda run: None):
        reply = await server.client.post(RUNS, json={"inputs": {}, "wait": 30})
    assert reply.json()["data"]["status"] == "completed"


async def test_when_time_is_up_the_reply_shows_the_run_as_it_is(server):
    data = (await server.client.post(RUNS, params={"wait": "0.05"})).json()["data"]
    assert data["status"] == "queued"
    assert len(data["output_names"]) == 2


async def test_the_same_key_and_body_replay_the_reply(server):
    headers = {"idempotency-key": "once"}
    first = (await server.client.post(RUNS, data={"prompt": "a"}, headers=headers)).json()["data"]
    second = (await server.client.post(RUNS, json={"inputs": {"prompt": "a"}}, headers=headers)).json()[
        "data"
    ]
    assert (second["run_id"], second["output_names"]) == (first["run_id"], first["output_names"])
    assert (await server.client.get(RUNS)).json()["meta"]["total_count"] == 1


async def test_the_same_key_with_another_body_is_a_conflict(server):
    headers = {"idempotency-key": "once"}
    await server.client.post(RUNS, data={"prompt": "a"}, headers=headers)
    reply = await server.client.post(RUNS, data={"prompt": "b"}, headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert (await server.client.get(RUNS)).json()["meta"]["total_count"] == 1


async def test_keys_of_different_callers_do_not_meet(server):
    other = await server.key("contributor")
    headers = {"idempotency-key": "once"}
    first = await server.client.post(RUNS, headers=headers)
    second = await server.client.post(RUNS, headers={**headers, **server.as_(other)})
    assert first.json()["data"]["run_id"] != second.json()["data"]["run_id"]


async def test_the_same_key_at_the_same_moment_makes_one_run(server):
    replies = await asyncio.gather(
        *(server.client.post(RUNS, headers={"idempotency-key": "once"}) for _ in range(20))
    )
    assert len({reply.json()["data"]["run_id"] for reply in replies}) == 1


async def test_a_replayed_request_that_waits_shows_what_the_run_has_become(server, kit):
    headers, wait = {"idempotency-key": "once"}, {"wait": "30"}
    async with kit.working(server, lambda run: None):
        await server.client.post(RUNS, headers=headers, params=wait)
        again = (await server.client.post(RUNS, headers=headers, params=wait)).json()["data"]
    assert (again["status"], len(again["outputs"])) == ("completed", 2)


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_keys_of_impossible_length_are_refused(server, key):
    reply = await server.client.post(RUNS, headers={"idempotency-key": key})
    assert (reply.status_code, reply.json()["error"]["details"]["field"]) == (400, "Idempotency-Key")


async def test_a_window_makes_the_same_inputs_of_the_same_caller_one_run(server, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("words", limits={"idempotencyWindow": "10s"}))
    first = (await server.client.post(RUNS, data={"prompt": "a"})).json()["data"]["run_id"]
    second = (await server.client.post(RUNS, data={"prompt": "a"})).json()["data"]["run_id"]
    other = (await server.client.post(RUNS, data={"prompt": "b"})).json()["data"]["run_id"]
    server.clock.ahead = 11
    later = (await server.client.post(RUNS, data={"prompt": "a"})).json()["data"]["run_id"]
    assert second == first
    assert len({first, other, later}) == 3
