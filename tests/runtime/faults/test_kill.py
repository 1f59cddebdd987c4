"""kill -9 of the server at every named step and at random moments: nothing is lost, nothing ends twice."""

import asyncio
import hashlib
import random
import sqlite3
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from server import STEPS

pytestmark = pytest.mark.services
RUNS = 12


async def submit(client, number):
    """Submits a run as a careful client does: with a key, again until there is an answer."""
    reply = await client.post(
        "/api/v1/runs", data={"color": str(number * 70_000)}, headers={"Idempotency-Key": f"run-{number}"}
    )
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]["run_id"]


async def submit_all(servers, accepted, numbers):
    """Submits until every number has an answer or the server has died."""
    async with servers.client() as client:
        for number in numbers:
            try:
                accepted[number] = await submit(client, number)
            except httpx.TransportError:
                return


async def outcome(client, run_id):
    """How a run ended, and the hashes of what it gave."""
    while True:
        run = (await client.get(f"/api/v1/runs/{run_id}")).json()["data"]
        if run["status"] not in ("queued", "running"):
            files = [(await client.get(output["url"])).content for output in run["outputs"]]
            return run["status"], [hashlib.sha256(file).hexdigest() for file in files]
        await asyncio.sleep(0.05)


async def results(servers, accepted):
    async with servers.client() as client:
        return {number: await outcome(client, run_id) for number, run_id in accepted.items()}


def check_database(servers, runs):
    """Every run has one terminal event, every output one row, and every idempotency key one run."""
    with sqlite3.connect(servers.data / "flowscale.db") as database:
        ends = Counter(
            row[0]
            for row in database.execute(
                "SELECT run_id FROM events WHERE type IN ('completed','failed','cancelled','timed_out')"
            )
        )
        outputs = Counter(row[0] for row in database.execute("SELECT run_id FROM run_outputs"))
        everything = [row[0] for row in database.execute("SELECT id FROM runs")]
    database.close()
    assert sorted(everything) == sorted(runs)
    assert set(ends.values()) == {1}
    assert set(outputs.values()) <= {1}


@pytest.fixture(scope="module")
def expected():
    return {}


async def reference(servers, expected):
    """What the same runs give without a fault."""
    if not expected:
        servers.start()
        accepted = {}
        await submit_all(servers, accepted, range(RUNS))
        expected |= await results(servers, accepted)
        servers.kill()
        for path in servers.data.iterdir():
            path.rename(servers.data.parent / f"reference-{path.name}")
    return expected


@pytest.mark.parametrize("step", STEPS)
async def test_a_server_that_dies_at_a_step_loses_and_doubles_nothing(servers, expected, step):
    wanted = await reference(servers, expected)
    servers.start(step, last=20 if step == "commit" else 4)  # the first commits belong to the start
    accepted = {}
    await submit_all(servers, accepted, range(RUNS))
    assert await servers.died()
    servers.start()
    await submit_all(servers, accepted, range(RUNS))
    assert await results(servers, accepted) == wanted
    assert all(status == "completed" for status, _ in wanted.values())
    check_database(servers, accepted.values())


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_server_that_is_killed_at_random_moments_loses_and_doubles_nothing(servers, expected):
    wanted = await reference(servers, expected)
    moments = random.Random(7)
    accepted = {}
    for _ in range(5):
        servers.start()
        feeding = asyncio.create_task(submit_all(servers, accepted, range(RUNS)))
        async with servers.client():
            await asyncio.sleep(moments.uniform(0.05, 1.5))
        servers.kill()
        await feeding
    servers.start()
    await submit_all(servers, accepted, range(RUNS))
    assert await results(servers, accepted) == wanted
    check_database(servers, accepted.values())


async def test_a_cancelled_run_stays_cancelled_through_a_kill(servers):
    servers.start()
    async with servers.client() as client:
        runs = [await submit(client, number) for number in range(8)]
        replies = [await client.post(f"/api/v1/runs/{run_id}/cancel") for run_id in runs[4:]]
        cancelled = [run for run, reply in zip(runs[4:], replies, strict=True) if reply.status_code == 200]
        servers.kill()
    assert cancelled
    servers.start()
    found = await results(servers, dict(enumerate(runs)))
    after = {run: found[number][0] for number, run in enumerate(runs)}
    assert {after[run] for run in cancelled} == {"cancelled"}
    assert {after[run] for run in runs if run not in cancelled} == {"completed"}
