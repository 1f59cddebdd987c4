"""Several gateways and workers at work together: what one takes, all others know."""

import asyncio
import json
import signal

import pytest

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


async def events(client, run_id, after="0"):
    """The durable events of a run until its end, with their ids."""
    found = []
    headers = {"Last-Event-ID": after}
    async with client.stream("GET", f"/api/v1/runs/{run_id}/events", headers=headers) as reply:
        name = number = None
        async for line in reply.aiter_lines():
            kind, _, value = line.partition(": ")
            if kind == "event":
                name = value
            elif kind == "id":
                number = int(value)
            elif kind == "data" and number is not None:
                found.append((number, name))
                name = number = None
    return found


async def hosts_become(client, number):
    """Waits until the gateway has been told of so many hosts; it looks now and then."""
    while len((await client.get("/api/v1/comfy/health")).json()["data"]) != number:
        await asyncio.sleep(0.1)


WHOLE = [(1, "queued"), (2, "started"), (3, "output"), (4, "completed")]


async def test_a_run_goes_through_gateway_worker_and_bucket(fleet, submit):
    fleet.gateway()
    fleet.worker()
    async with fleet.client() as client:
        run_id = await submit(client, 255, wait="60")
        run = (await client.get(f"/api/v1/runs/{run_id}")).json()["data"]
        assert run["status"] == "completed", fleet.said("worker")[-2000:]
        file = await client.get(run["outputs"][0]["url"])
        assert file.content.startswith(b"\x89PNG")
        part = await client.get(run["outputs"][0]["url"], headers={"Range": "bytes=1-3"})
        assert (part.status_code, part.content) == (206, b"PNG")
        await hosts_become(client, 1)


async def test_a_run_is_followed_in_order_on_every_gateway_and_resumed(fleet, submit):
    fleet.gateway("one")
    fleet.gateway("two")
    async with fleet.client("one") as one, fleet.client("two") as two:
        run_id = await submit(one)
        following = [asyncio.create_task(events(client, run_id)) for client in (one, two)]
        await asyncio.sleep(0.5)
        fleet.worker()
        assert await asyncio.gather(*following) == [WHOLE, WHOLE]
        assert await events(two, run_id, after="2") == WHOLE[2:]


async def test_a_cancel_at_one_gateway_reaches_the_worker_of_a_run_of_another(fleet, submit):
    (fleet.folder / "workflow.json").write_text(json.dumps(SLOW))
    (fleet.folder / "custom_nodes").mkdir()
    (fleet.folder / "custom_nodes/slow.py").write_text(NODE)
    fleet.gateway("one")
    fleet.gateway("two")
    fleet.worker("worker", "--custom-nodes", str(fleet.folder / "custom_nodes"))
    async with fleet.client("one") as one, fleet.client("two") as two:
        run_id = await submit(one)
        while (await one.get(f"/api/v1/runs/{run_id}")).json()["data"]["status"] != "running":
            fleet.check("worker")
            await asyncio.sleep(0.05)
        assert (await two.post(f"/api/v1/runs/{run_id}/cancel")).status_code == 200
        while "run stopped" not in fleet.said("worker"):
            fleet.check("worker")
            await asyncio.sleep(0.05)
        assert [name for _, name in await events(one, run_id)] == ["queued", "started", "cancelled"]


async def test_a_worker_that_is_told_to_end_finishes_its_runs_first(fleet, submit):
    fleet.gateway()
    fleet.worker()
    async with fleet.client() as client:
        await submit(client, wait="60")
        runs = [await submit(client, number) for number in range(2, 6)]
        status = await asyncio.to_thread(fleet.kill, "worker", signal.SIGTERM)
        assert status == 0
        found = [(await client.get(f"/api/v1/runs/{run}")).json()["data"] for run in runs]
        assert {run["status"] for run in found} <= {"completed", "queued"}
        await hosts_become(client, 0)
        fleet.worker("another")
        assert {name for run in runs for name in [(await events(client, run))[-1][1]]} == {"completed"}


async def test_controllers_read_demand_and_budgets_with_the_internal_token_alone(fleet, submit):
    fleet.gateway()
    async with fleet.client() as client:
        assert (await client.get("/internal/v1/budgets")).status_code == 401
        allowed = {"Authorization": "Bearer internal-token"}
        assert (await client.get("/internal/v1/budgets", headers=allowed)).json() == {"budgets": []}
        async with client.stream("GET", "/internal/v1/demand", headers=allowed) as reply:
            told = (json.loads(line[6:]) async for line in reply.aiter_lines() if line.startswith("data: "))
            assert (await anext(told))["deployments"] == {}
            await submit(client)
            while not (found := (await anext(told))["deployments"]):
                pass
            assert (found["blur"]["queued"], found["blur"]["arrivals"]) == (1, 1)


async def test_a_gateway_that_the_database_leaves_answers_again_when_it_is_back(
    fleet, submit, postgres_server
):
    fleet.gateway()
    fleet.worker()
    async with fleet.client() as client:
        await submit(client, wait="60")
        await asyncio.to_thread(postgres_server.kill)
        late = asyncio.create_task(submit(client, 7, wait="60"))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(postgres_server.start)
        run_id = await late
        assert [name for _, name in await events(client, run_id)] == [name for _, name in WHOLE]
    fleet.check("worker")


async def test_a_wrong_address_is_told_in_one_sentence(fleet):
    fleet.environment["FLOWSCALE_DATABASE"] = "sqlite:///x.db"
    fleet.gateway()
    assert fleet.processes["gateway"].wait(60) == 2
    assert "SQLite is for `flowscale serve`" in fleet.said("gateway")
    assert "Traceback" not in fleet.said("gateway")


SLOW = {
    "1": {"class_type": "Slow", "inputs": {"color": 0}},
    "2": {
        "class_type": "FSSaveInteger",
        "inputs": {"integer": ["1", 0], "filename_prefix": "x", "label": ""},
    },
}
NODE = """
import time


class Slow:
    RETURN_TYPES = ("INT",)
    FUNCTION = "wait"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"color": ("INT", {"default": 0, "min": 0, "max": 16777215})}}

    def wait(self, color):
        time.sleep(600)
        return (color,)


NODE_CLASS_MAPPINGS = {"Slow": Slow}
"""
