"""What waits and what runs: looking, taking out, interrupting; the same as jobs."""

import asyncio
import uuid

import pytest

pytestmark = pytest.mark.services


def wait(path):
    return {
        "1": {"class_type": "TestWait", "inputs": {"path": str(path)}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }


@pytest.fixture
async def busy(client, tmp_path):
    """A running prompt and two that wait behind it: their ids, and the ears of their client."""
    ears = await client.listen()
    ids = [(await client.post(wait(tmp_path / "go")))["prompt_id"] for _ in range(3)]
    await ears.until("executing", node="1", prompt_id=ids[0])
    yield ears, ids
    (tmp_path / "go").touch()
    await client.http.post("/queue", json={"clear": True})
    await client.http.post("/interrupt", json={})
    while (await client.get("/prompt"))["exec_info"]["queue_remaining"]:
        await asyncio.sleep(0.01)


async def ids_of(client):
    queue = await client.get("/queue")
    return [one[1] for one in queue["queue_running"]], [one[1] for one in queue["queue_pending"]]


async def test_the_queue_shows_what_runs_and_what_waits(client, busy):
    _, ids = busy
    assert await ids_of(client) == ([ids[0]], ids[1:])
    assert await client.get("/prompt") == {"exec_info": {"queue_remaining": 3}}
    _, prompt_id, graph, extra, targets = (await client.get("/queue"))["queue_pending"][0]
    assert (prompt_id, targets, extra["client_id"]) == (ids[1], ["2"], client.id)
    assert graph["1"]["class_type"] == "TestWait"


async def test_who_goes_to_the_front_is_the_next(client, busy, tmp_path):
    _, ids = busy
    answer = await client.post(wait(tmp_path / "go"), front=True)
    assert answer["number"] < 0
    assert await ids_of(client) == ([ids[0]], [answer["prompt_id"], *ids[1:]])


async def test_what_waits_can_be_taken_out_and_never_was(client, busy, kit):
    ears, ids = busy
    await client.http.post("/queue", json={"delete": [ids[1], ids[0], "unknown"]})
    heard = await ears.until("status", status={"exec_info": {"queue_remaining": 2}})
    assert "execution_interrupted" not in kit.kinds(heard)
    assert await ids_of(client) == ([ids[0]], [ids[2]])
    assert await client.get(f"/history/{ids[1]}") == {}


async def test_clearing_the_queue_leaves_what_runs(client, busy):
    _, ids = busy
    await client.http.post("/queue", json={"clear": True})
    assert await ids_of(client) == ([ids[0]], [])


async def test_an_interruption_ends_what_runs_and_everybody_hears_it(client, busy, kit):
    ears, ids = busy
    other = await client.listen("other")
    await client.http.post("/interrupt", json={})
    heard = await ears.until_end(ids[0])
    assert kit.kinds(heard, "progress_state")[-3:] == [
        "execution_interrupted",
        "status",
        "executing",
    ]
    [told] = kit.only(await other.until("execution_interrupted"), "execution_interrupted")
    assert (told["prompt_id"], told["node_id"], told["node_type"]) == (ids[0], "1", "TestWait")
    assert told["executed"] == []
    entry = await client.history(ids[0])
    assert entry["status"]["status_str"] == "error"
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"
    await ears.until("executing", node="1", prompt_id=ids[1])


async def test_an_interruption_by_id_leaves_the_others_alone(client, busy):
    _, ids = busy
    await client.http.post("/interrupt", json={"prompt_id": ids[1]})
    assert await ids_of(client) == ([ids[0]], ids[1:])
    await client.http.post("/interrupt", json={"prompt_id": ids[0]})
    assert (await client.history(ids[0]))["status"]["completed"] is False


async def test_jobs_are_prompts_by_state(client, busy):
    _, ids = busy
    listed = await client.get("/api/jobs", status="in_progress,pending", limit=200, offset=0)
    assert {job["id"]: job["status"] for job in listed["jobs"]} == {
        ids[0]: "in_progress",
        ids[1]: "pending",
        ids[2]: "pending",
    }
    assert listed["pagination"] == {"offset": 0, "limit": 200, "total": 3, "has_more": False}
    page = await client.get("/api/jobs", status="pending", limit=1, sort_order="asc")
    assert [job["id"] for job in page["jobs"]] == [ids[1]]
    assert page["pagination"] == {"offset": 0, "limit": 1, "total": 2, "has_more": True}


async def test_a_job_is_cancelled_once(client, busy):
    _, ids = busy
    for answer in ({"cancelled": True}, {"cancelled": False}):
        assert (await client.http.post(f"/api/jobs/{ids[2]}/cancel")).json() == answer
    reply = await client.http.post("/api/jobs/cancel", json={"job_ids": [ids[0], ids[1]]})
    assert reply.json() == {"cancelled": True}
    assert (await client.get(f"/api/jobs/{ids[0]}"))["status"] == "cancelled"


async def test_an_ended_job_tells_its_outputs(client):
    graph = {
        "1": {"class_type": "TestSteps", "inputs": {"count": 1, "salt": uuid.uuid4().hex}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }
    extra = {"extra_pnginfo": {"workflow": {"id": "flow-7"}}}
    prompt_id, _ = await client.run(graph, extra_data=extra)
    job = await client.get(f"/api/jobs/{prompt_id}")
    assert (job["status"], job["outputs_count"], job["workflow_id"]) == ("completed", 1, "flow-7")
    assert job["preview_output"] == {"content": "1 steps", "nodeId": "2", "mediaType": "text"}
    assert job["outputs"] == {"2": {"text": ["1 steps"]}}
    assert job["workflow"]["prompt"] == graph
    assert job["execution_end_time"] >= job["execution_start_time"] >= job["create_time"]
    listed = await client.get("/api/jobs", workflow_id="flow-7")
    assert prompt_id in [one["id"] for one in listed["jobs"]]


@pytest.mark.parametrize(
    "query",
    [
        {"status": "sleeping"},
        {"sort_by": "name"},
        {"sort_order": "up"},
        {"limit": "0"},
        {"limit": "x"},
        {"offset": "-1"},
    ],
)
async def test_a_wrong_question_about_jobs_is_refused(client, query):
    reply = await client.http.get("/api/jobs", params=query)
    assert reply.status_code == 400
    assert isinstance(reply.json()["error"], str)


async def test_jobs_that_are_not_there(client):
    unknown = uuid.uuid4()
    for method, path in (("GET", f"/api/jobs/{unknown}"), ("POST", f"/api/jobs/{unknown}/cancel")):
        reply = await client.http.request(method, path)
        assert (reply.status_code, reply.json()) == (404, {"error": "Job not found"})
    reply = await client.http.post("/api/jobs/cancel", json={"job_ids": ["nonsense"]})
    assert (reply.status_code, reply.json()["invalid_ids"]) == (400, ["nonsense"])


async def test_memory_is_given_back_between_prompts(client):
    graph = {
        "1": {"class_type": "TestSteps", "inputs": {"count": 1, "salt": uuid.uuid4().hex}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }
    await client.run(graph)
    reply = await client.http.post("/free", json={"unload_models": True, "free_memory": True})
    assert reply.status_code == 200
    _, heard = await client.run(graph)
    assert [
        data["nodes"]
        for kind, data in (one for one in heard if isinstance(one, tuple))
        if kind == "execution_cached"
    ] == [[]]
