"""Runs that are answered by others: the cache, and those who wait for the same."""

import pytest

RUNS = "/api/v1/runs"


@pytest.fixture
async def cached(server, kit):
    await server.serve(
        kit.WORKFLOW,
        kit.deployment("words", cache={"ttl": "1h", "fuzzy": ["prompt"]}, limits={"concurrency": 8}),
    )
    return server


async def test_a_repeated_run_is_answered_at_once_at_no_cost(cached):
    first = await cached.run(prompt="A Fox")
    again = await cached.submit(prompt="A Fox")
    assert again["status"] == "completed"
    assert again["run_id"] != first["run_id"]
    assert again["cached"] is True
    assert (again["cost"], again["execution_time"]) == (0.0, 0.0)
    assert [output["s3_key"] for output in again["outputs"]] == [
        output["s3_key"] for output in first["outputs"]
    ]
    assert again["outputs"][0]["filename"] == f"{again['output_names'][0]}.txt"
    assert await cached.claim() == []


async def test_fuzzy_texts_match_without_case_and_white_space(cached):
    await cached.run(prompt="A Fox")
    assert (await cached.submit(prompt="  a   fOX "))["status"] == "completed"
    assert (await cached.submit(prompt="a box"))["status"] == "queued"


async def test_an_answer_grows_old(cached):
    await cached.run()
    cached.clock.ahead = 3601
    assert (await cached.submit())["status"] == "queued"


async def test_identical_runs_compute_once(cached):
    runs = [await cached.submit() for _ in range(3)]
    claimed = await cached.claim(3)
    assert [run.run_id for run in claimed] == [runs[0]["run_id"]]
    await cached.finish(claimed[0])
    shown = [(await cached.client.get(f"{RUNS}/{run['run_id']}")).json()["data"] for run in runs]
    assert [run["status"] for run in shown] == ["completed"] * 3
    assert [run["cached"] for run in shown] == [False, True, True]


async def test_when_the_one_that_computes_is_cancelled_the_next_takes_over(cached):
    first, second = await cached.submit(), await cached.submit()
    await cached.client.delete(f"{RUNS}/{first['run_id']}")
    assert [run.run_id for run in await cached.claim(2)] == [second["run_id"]]


async def test_off_unless_declared(server):
    await server.run()
    assert (await server.submit())["status"] == "queued"


async def test_an_answer_never_goes_to_another_tenant(cached, kit):
    from dataclasses import replace

    await cached.run()
    catalog = cached.state.served.catalog
    foreign = {name: replace(one, project="other") for name, one in catalog.deployments.items()}
    cached.state.served.catalog = replace(catalog, project="other", deployments=foreign)
    key = await cached.key("contributor", "other")
    reply = await cached.client.post(RUNS, headers=cached.as_(key))
    assert reply.json()["data"]["status"] == "queued"


async def test_a_caller_may_ask_for_a_fresh_answer(cached):
    await cached.run(prompt="A Fox")
    reply = await cached.client.post(RUNS, data={"prompt": "A Fox"}, headers={"Cache-Control": "no-cache"})
    assert reply.json()["data"]["status"] == "queued"
    assert len(await cached.claim()) == 1
