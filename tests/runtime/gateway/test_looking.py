"""Runs as they are shown: one, page by page, cancelled, and where their outputs are."""

import re

import pytest

from flowscale_runtime.stores.errors import LeaseLost
from flowscale_runtime.stores.outcomes import problem
from flowscale_runtime.stores.values import Outcome

RUNS = "/api/v1/runs"


async def outputs(server, name, **more):
    return await server.client.get(f"{RUNS}/output", params={"filename": name, **more})


async def test_a_finished_run_has_the_fields_of_the_contract(server):
    run = await server.run(prompt="a hare")
    wanted = {
        *(
            "_id",
            "run_id",
            "team_id",
            "workflow_id",
            "group_id",
            "status",
            "progress",
            "inputs",
            "output_names",
        ),
        *("outputs", "error", "created_at", "started_at", "completed_at", "execution_time", "cost"),
    }
    assert wanted <= run.keys()
    assert (run["status"], run["progress"], run["execution_time"], run["cost"]) == (
        "completed",
        100.0,
        0.5,
        0.0,
    )
    assert run["inputs"][0] == {"path": "default_value_1", "value": "a hare", "s3_key": None, "url": None}
    first = run["outputs"][0]
    assert first.keys() == {"filename", "s3_key", "url", "content_type", "size", "metadata"}
    assert (first["content_type"], first["size"]) == ("text/plain", 5)
    assert run["created_at"] <= run["started_at"] <= run["completed_at"]
    assert run["created_at"].endswith("Z")


async def test_progress_is_shown_while_a_run_computes(server):
    submitted = await server.submit()
    await server.claim()
    server.state.bus.progress(submitted["run_id"], 40.0, {"node_id": "3"})
    run = (await server.client.get(f"{RUNS}/{submitted['run_id']}")).json()["data"]
    assert (run["status"], run["progress"]) == ("running", 40.0)


async def test_several_files_of_a_node_are_numbered(server):
    run = await server.run(server.gave(("3", b"1"), ("3", b"2"), ("3", b"3")))
    stem = run["output_names"][0]
    assert [output["filename"] for output in run["outputs"]] == [
        f"{stem}.txt",
        f"{stem}_2.txt",
        f"{stem}_3.txt",
    ]


async def test_pages_walk_all_runs_once(server):
    made = [(await server.submit(prompt=str(number)))["run_id"] for number in range(5)]
    seen = []
    for page in (1, 2, 3):
        reply = (
            await server.client.get(RUNS, params={"page": page, "page_size": 2, "sort_order": "asc"})
        ).json()
        seen += [run["run_id"] for run in reply["data"]["runs"]]
        assert reply["data"]["count"] == len(reply["data"]["runs"])
    assert seen == made
    assert reply["meta"] == {
        "page": 3,
        "page_size": 2,
        "total_count": 5,
        "total_pages": 3,
        "sort_by": "created_at",
        "sort_order": "asc",
        "group_id": None,
    }


async def test_runs_are_filtered_by_group_status_and_time(server):
    await server.client.post(RUNS, params={"group_id": "mine"})
    await server.client.post(RUNS, params={"group_id": "other"})
    await server.finish((await server.claim())[0])

    async def count(**query):
        return (await server.client.get(RUNS, params=query)).json()["meta"]["total_count"]

    assert await count(group_id="mine") == 1
    assert await count(group_id="mine", status="completed") == 1
    assert await count(status="queued") == 1
    assert await count(created_after="2020-01-01") == 2
    assert await count(created_before="2020-01-01T00:00:00Z") == 0
    assert await count(workflow_id="words") == 2


@pytest.mark.parametrize(
    "query",
    [
        {"page": "0"},
        {"page": "one"},
        {"page": "9" * 5000},
        {"page_size": "101"},
        {"sort_by": "cost"},
        {"sort_order": "up"},
        {"status": "done"},
        {"created_after": "yesterday"},
    ],
)
async def test_listings_are_asked_for_strictly(server, query):
    reply = await server.client.get(RUNS, params=query)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "INVALID_PARAMETER")
    assert reply.json()["error"]["details"]["field"] in query


@pytest.mark.parametrize("how", ["post", "delete"])
async def test_a_cancelled_run_stays_cancelled(server, how):
    run_id = (await server.submit())["run_id"]
    call = (
        server.client.post(f"{RUNS}/{run_id}/cancel")
        if how == "post"
        else server.client.delete(f"{RUNS}/{run_id}")
    )
    reply = await call
    assert isinstance(reply.json()["data"], str)
    again = await server.client.post(f"{RUNS}/{run_id}/cancel")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "RUN_ALREADY_FINISHED")
    assert again.json()["errors"] == ["The run is already cancelled."]
    assert await server.claim() == []


async def test_a_running_run_that_is_cancelled_cannot_be_finished(server):
    run_id = (await server.submit())["run_id"]
    [claimed] = await server.claim()
    await server.client.post(f"{RUNS}/{run_id}/cancel")
    with pytest.raises(LeaseLost):
        await server.finish(claimed)


async def test_an_output_is_204_until_it_is_ready(server):
    submitted = await server.submit()
    name = submitted["output_names"][0]
    queued = await outputs(server, name)
    [claimed] = await server.claim()
    running = await outputs(server, f"{name}.txt", run_id=submitted["run_id"])
    await server.finish(claimed)
    assert (queued.status_code, queued.content, running.status_code) == (204, b"", 204)
    for filename in (name, f"{name}.txt"):
        data = (await outputs(server, filename)).json()["data"]
        assert data["generation_status"] == "success"
        assert (await server.client.get(data["download_url"])).text == "a fox"


async def test_an_output_that_never_comes_is_410_or_408(server, kit):
    cancelled = await server.submit()
    await server.client.delete(f"{RUNS}/{cancelled['run_id']}")
    failed = await server.run(Outcome("failed", 0.1, error=problem("NODE_FAILED", "It broke.")))
    late = await server.run(Outcome("timed_out", 9.0, error=problem("TIMEOUT", "It took too long.")))
    replies = [await outputs(server, run["output_names"][0]) for run in (cancelled, failed, late)]
    assert [reply.status_code for reply in replies] == [410, 410, 408]
    assert replies[1].json()["errors"] == ["It broke."]
    assert (failed["status"], failed["error"]["code"]) == ("failed", "NODE_FAILED")


async def test_outputs_that_nobody_was_promised_are_404(server):
    run = await server.run()
    unknown = [
        await outputs(server, "words_3_ABCDEFGHIJ"),
        await outputs(server, "result.png"),
        await outputs(server, "result.png", run_id=run["run_id"]),
        await outputs(server, run["output_names"][0], run_id="another"),
    ]
    assert [reply.status_code for reply in unknown] == [404, 404, 404, 404]
    assert (await server.client.get(f"{RUNS}/output")).status_code == 400


async def test_unknown_runs_routes_and_methods_take_the_one_shape(server):
    for reply, status, code in [
        (await server.client.get(f"{RUNS}/nothing"), 404, "NOT_FOUND"),
        (await server.client.get("/api/v1/nothing"), 404, "NOT_FOUND"),
        (await server.client.put(RUNS), 405, "METHOD_NOT_ALLOWED"),
    ]:
        body = reply.json()
        assert (reply.status_code, body["status"], body["error"]["code"]) == (status, "error", code)
        assert body["errors"] == [body["error"]["message"]]
    assert reply.headers["allow"] == "GET, POST"


async def test_health_queue_and_workflows_show_what_is_there(server):
    await server.submit()
    [host] = (await server.client.get("/api/v1/comfy/health")).json()["data"]
    assert (host["container"], host["status"]) == ("host-1", "idle")
    [entry] = (await server.client.get("/api/v1/comfy/queue")).json()["data"]
    assert entry["queue"]["queue_running"] == []
    assert [number for number, _ in entry["queue"]["queue_pending"]] == [1]
    [workflow] = (await server.client.get("/api/v1/comfy/workflows")).json()["data"]["workflows"]
    assert (workflow["workflow_id"], sorted(workflow["inputs"])) == ("words", ["prompt", "steps"])
    assert len(workflow["outputs"]) == 2


async def test_readiness_metrics_and_home_answer_without_a_key(server):
    headers = server.as_(None)
    assert (await server.client.get("/healthz", headers=headers)).text == "ok"
    assert (await server.client.get("/readyz", headers=headers)).json()["data"]["deployments"] == ["words"]
    assert "flowscale_queue_depth" in (await server.client.get("/metrics", headers=headers)).text
    home = (await server.client.get("/", headers=headers)).text
    links = re.findall(r"href='?([^' >]+)", home)
    assert "/api/v1/docs" in links
    assert {(await server.client.get(link, headers=headers)).status_code for link in links} == {200}
    server.state.served.ready = False
    reply = await server.client.get("/readyz", headers=headers)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
