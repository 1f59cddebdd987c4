"""Runs, with the blocking and the asynchronous client."""

import asyncio
import json
import threading

import httpx
import pytest

from flowscale import (
    FlowScaleConflictError,
    FlowScaleNetworkError,
    FlowScaleNotFoundError,
    FlowScaleProtocolError,
    FlowScaleRunCancelledError,
    FlowScaleRunFailedError,
    FlowScaleTimeoutError,
    FlowScaleValidationError,
    RunId,
)
from flowscale._core.waiting import poll_delays
from flowscale.testing import AsyncMockFlowScaleClient, FakeOutput, FakeServer, MockFlowScaleClient, png

FIRST = "00000000-0000-7000-8000-000000000001"


def test_a_quick_run_takes_one_request(bench):
    result = bench(bench.runs.execute(prompt="a mountain"))
    assert bench.paths() == ["POST runs"]
    assert result.status == result["status"] == "completed"
    assert (result.ok, result.finished, result.progress) == (True, True, 100.0)
    assert result.outputs[0].url == result["outputs"][0]["url"]
    assert result.execution_time == 2.0
    assert result.created_at.year == 2023


def test_a_long_run_is_followed_by_its_events(make):
    bench = make(duration=60)
    result = bench(bench.runs.execute(prompt="a film"))
    assert result.ok
    assert bench.paths() == ["POST runs", f"GET runs/{FIRST}/events", f"GET runs/{FIRST}"]


def test_without_events_the_run_is_asked_for_now_and_then(make):
    bench = make(duration=13, events=False)
    result = bench(bench.runs.execute(prompt="a film"))
    assert result.ok
    assert bench.paths()[:3] == ["POST runs", f"GET runs/{FIRST}/events", f"GET runs/{FIRST}"]
    assert bench.server.clock.slept == pytest.approx([0.25, 0.375, 0.5625, 0.84375, 1.265625])


def test_polls_get_rarer_up_to_a_limit():
    delays = poll_delays()
    assert [round(next(delays), 2) for _ in range(9)] == [0.25, 0.38, 0.56, 0.84, 1.27, 1.9, 2.85, 3.0, 3.0]


def test_a_poll_interval_replaces_events(make):
    bench = make(duration=5)
    run_id = bench(bench.runs.execute_async(prompt="x"))
    bench(bench.runs.wait_for_completion(run_id, poll_interval=2))
    assert bench.paths() == ["POST runs", *[f"GET runs/{FIRST}"] * 4]
    assert bench.server.clock.slept == [2, 2, 2]


def test_progress_is_told_in_order(make):
    bench, seen = make(duration=60), []
    bench(bench.runs.execute(prompt="x", on_progress=seen.append))
    assert [(news.event, news.status, news.percent) for news in seen] == [
        ("queued", "queued", 0),
        ("started", "running", 0),
        ("progress", "running", 25),
        ("progress", "running", 50),
        ("progress", "running", 75),
        ("progress", "running", 100),
        ("output", "running", 100),
        ("completed", "completed", 100),
    ]
    assert seen[2].data["node"] == "3"
    assert {news.run_id for news in seen} == {FIRST}


def test_keep_alive_comments_are_no_progress(make):
    bench, seen = make(duration=400), []
    bench(bench.runs.execute(prompt="x", on_progress=seen.append))
    assert [news.event for news in seen] == ["queued", "started", *["progress"] * 4, "output", "completed"]


def test_progress_is_told_while_polling_too(make):
    bench, seen = make(duration=8, events=False), []
    bench(bench.runs.execute(prompt="x", on_progress=seen.append))
    shares = [news.percent for news in seen]
    assert shares == sorted(set(shares))
    assert (seen[-1].status, seen[-1].percent, seen[-1].event) == ("completed", 100, "poll")


def test_a_broken_stream_resumes_where_it_was(make):
    bench, seen = make(duration=60), []
    bench.server.break_events(after=3)
    bench(bench.runs.execute(prompt="x", on_progress=seen.append))
    followed = [request for request in bench.server.requests if request.url.path.endswith("/events")]
    assert [request.headers.get("last-event-id") for request in followed] == [None, "3"]
    assert [news.percent for news in seen if news.event == "progress"] == [25, 50, 75, 100]


def test_streams_that_keep_breaking_give_way_to_polling(make):
    bench = make(duration=60)
    for _ in range(4):
        bench.server.break_events(after=0)
    assert bench(bench.runs.execute(prompt="x")).ok
    assert bench.paths().count(f"GET runs/{FIRST}/events") == 4
    assert bench.paths().count(f"GET runs/{FIRST}") > 10


def test_waiting_outlives_a_restart_of_the_server(make):
    bench = make(duration=60, events=False)
    run_id = bench(bench.runs.execute_async(prompt="x"))
    bench.server.drop(times=12, path="/runs/")
    assert bench(bench.runs.wait_for_completion(run_id)).ok


def test_waiting_for_a_lost_server_ends_with_the_run_id(make):
    bench = make(duration=60)
    run_id = bench(bench.runs.execute_async(prompt="x"))
    bench.server.drop(times=10_000)
    with pytest.raises(FlowScaleNetworkError) as raised:
        bench(bench.runs.wait_for_completion(run_id))
    assert raised.value.run_id == run_id


def test_a_failed_run_raises_what_the_run_says(bench):
    bench.server.fail_run("out of memory", code="OUT_OF_MEMORY", node="3")
    with pytest.raises(FlowScaleRunFailedError, match="out of memory") as raised:
        bench(bench.runs.execute(prompt="x"))
    assert (raised.value.code, raised.value.details, raised.value.run_id) == (
        "OUT_OF_MEMORY",
        {"node": "3"},
        FIRST,
    )
    assert raised.value.run["status"] == "failed"


def test_a_run_that_timed_out_raises_a_time_out(bench):
    bench.server.time_out_run()
    with pytest.raises(FlowScaleTimeoutError, match="timed out: The run took too long"):
        bench(bench.runs.execute(prompt="x"))


def test_waiting_for_a_cancelled_run_says_so(make):
    bench = make(duration=60)
    run_id = bench(bench.runs.execute_async(prompt="x"))
    assert bench(bench.runs.cancel(run_id)) == "Run cancelled successfully"
    with pytest.raises(FlowScaleRunCancelledError):
        bench(bench.runs.wait_for_completion(run_id))
    with pytest.raises(FlowScaleConflictError, match="ended already"):
        bench(bench.runs.cancel(run_id))


@pytest.mark.parametrize("events", [True, False])
def test_waiting_stops_at_the_timeout_and_the_run_goes_on(make, events):
    bench = make(duration=500, events=events)
    with pytest.raises(FlowScaleTimeoutError, match=f"wait_for_completion\\('{FIRST}'\\)") as raised:
        bench(bench.runs.execute(prompt="x", timeout=40))
    assert raised.value.run_id == FIRST
    assert 40 <= bench.server.clock.now() <= 140
    assert bench(bench.runs.get_status(FIRST)) == "running"
    assert bench(bench.runs.wait_for_completion(raised.value.run_id)).ok


def test_execute_async_returns_the_id_at_once(make):
    bench = make(duration=60)
    run_id = bench(bench.runs.execute_async(prompt="x"))
    assert (run_id, type(run_id)) == (FIRST, RunId)
    assert bench.server.clock.now() == 0
    assert "prefer" not in bench.server.requests[0].headers


def test_samples_with_await_run_on_the_blocking_client_too():
    client = MockFlowScaleClient()

    async def generate():
        run_id = await client.runs.execute_async(prompt="complex generation task", duration=30)
        return await client.runs.wait_for_completion(run_id)

    assert asyncio.run(generate()).ok


def test_a_callback_may_be_a_coroutine_function():
    client, seen = AsyncMockFlowScaleClient(), []

    async def note(progress):
        await asyncio.sleep(0)
        seen.append(progress.status)

    asyncio.run(client.runs.execute(prompt="x", on_progress=note))
    assert seen[-1] == "completed"


def test_an_error_in_a_callback_reaches_the_caller(bench):
    def refuse(progress):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bench(bench.runs.execute(prompt="x", on_progress=refuse))


def test_names_in_the_mapping_are_inputs_and_keywords_may_be_options(bench):
    bench(
        bench.runs.execute({"priority": "high", "timeout": 5, "self": 1}, prompt="x", priority=7, timeout=60)
    )
    run = bench.server.runs[FIRST]
    assert run.inputs == {"priority": "high", "timeout": 5, "self": 1, "prompt": "x"}
    assert run.options == {"priority": 7}


def test_an_input_given_twice_is_refused(bench):
    with pytest.raises(FlowScaleValidationError, match="'prompt' is given twice") as raised:
        bench(bench.runs.execute({"prompt": "a"}, prompt="b"))
    assert raised.value.details == {"field": "prompt", "reason": "given_twice"}
    assert bench.server.requests == []


@pytest.mark.parametrize("image", [None, b"bytes"])
def test_options_travel_beside_inputs_in_every_encoding(bench, image):
    bench(
        bench.runs.execute(
            prompt="x", image=image, workflow_id="demo", group_id="g", tags=["a", "b"], priority=3, ttl=60,
            webhook="https://hook.example/x",
        )
    )  # fmt: skip
    options = {name: str(value) for name, value in bench.server.runs[FIRST].options.items()}
    assert options.pop("tags") in {"a,b", "['a', 'b']"}
    assert options == {
        "workflow_id": "demo", "group_id": "g", "priority": "3", "ttl": "60", "webhook": "https://hook.example/x",
    }  # fmt: skip


def test_the_client_may_name_workflow_and_group_for_all_calls(make):
    bench = make(client={"workflow_id": "mine", "group_id": "ours"})
    bench(bench.runs.execute(prompt="x"))
    bench(bench.runs.execute(prompt="x", workflow_id="other"))
    bench(bench.runs.execute_batch([{"prompt": "x"}]))
    assert [run.workflow_id for run in bench.server.runs.values()] == ["mine", "other", "mine"]
    assert {run.options["group_id"] for run in bench.server.runs.values()} == {"ours"}


def test_a_batch_keeps_its_order_and_shows_every_run(bench):
    bench.server.fail_run("first")
    results = bench(bench.runs.execute_batch([{"prompt": "a"}, {"prompt": "b"}, {"prompt": "c"}]))
    assert [result.inputs[0]["value"] for result in results] == ["a", "b", "c"]
    assert [result.ok for result in results] == [False, True, True]
    with pytest.raises(FlowScaleRunFailedError, match="first"):
        results[0].raise_for_status()
    assert bench.paths()[0] == "POST runs/batch"
    assert bench.server.runs[FIRST].options["batch_size"] == 3


def test_a_batch_with_files_goes_run_by_run(bench):
    results = bench(bench.runs.execute_batch([{"image": b"one"}, {"image": b"two"}]))
    assert len(results) == 2
    assert [run.inputs["image"].content for run in bench.server.runs.values()] == [b"one", b"two"]


def test_an_empty_batch_is_empty(bench):
    assert bench(bench.runs.execute_batch([])) == []


def test_a_batch_can_be_looked_at_as_a_whole(bench):
    bench(bench.runs.execute_batch([{"prompt": "a"}, {"prompt": "b"}]))
    assert len(bench(bench.runs.get_batch("batch-1")).runs) == 2


def test_list_sends_its_filters(bench):
    for number in range(3):
        bench(bench.runs.execute(prompt=number))
    page = bench(
        bench.runs.list(
            page=1,
            page_size=2,
            status="completed",
            created_after="2023-01-01",
            sort_by="created_at",
            sort_order="asc",
        )
    )
    assert [run.run_id[-1] for run in page] == ["1", "2"]
    assert (len(page), page.total_count, page.total_pages, page.page, page.has_next) == (2, 3, 2, 1, True)
    assert (page[0].run_id, page[0:1][0].run_id) == (FIRST, FIRST)
    assert dict(bench.server.requests[-1].url.params) == {
        "page": "1", "page_size": "2", "status": "completed", "created_after": "2023-01-01",
        "sort_by": "created_at", "sort_order": "asc",
    }  # fmt: skip
    assert len(bench(bench.runs.list(status="failed"))) == 0


def test_iterate_goes_through_all_pages_and_shows_no_run_twice(bench):
    for number in range(5):
        bench(bench.runs.execute(prompt=number))
    shown = bench.all(bench.runs.iterate(page_size=2, sort_order="asc"))
    assert [run.run_id[-1] for run in shown] == ["1", "2", "3", "4", "5"]
    assert [request.url.params["page"] for request in bench.server.requests[-3:]] == ["1", "2", "3"]


def test_a_run_started_between_pages_shifts_nothing_into_sight_twice():
    client = MockFlowScaleClient()
    for number in range(3):
        client.runs.execute(prompt=number)
    shown = client.runs.iterate(page_size=2)
    seen = [next(shown).run_id[-1], next(shown).run_id[-1]]
    client.runs.execute(prompt="new")
    assert seen + [run.run_id[-1] for run in shown] == ["3", "2", "1"]


def test_a_run_is_shown_as_it_is(make):
    bench = make(duration=10)
    run_id = bench(bench.runs.execute_async(prompt="x"))
    bench.server.clock.advance(5)
    run = bench(bench.runs.get(run_id))
    assert (run.status, run.progress, run.ok, run.outputs, run.completed_at) == (
        "running",
        50,
        False,
        (),
        None,
    )
    assert bench(bench.runs.get_status(run_id)) == "running"
    assert bench(bench.runs.get_outputs(run_id)) == ()
    bench.server.clock.advance(5)
    assert [output.size for output in bench(bench.runs.get_outputs(run_id))] == [len(png())]


def test_outputs_of_a_failed_run_raise(bench):
    bench.server.fail_run()
    run_id = bench(bench.runs.execute_async(prompt="x"))
    bench.server.clock.advance(9)
    with pytest.raises(FlowScaleRunFailedError):
        bench(bench.runs.get_outputs(run_id))


def test_an_output_asked_for_by_name_is_none_until_it_is_ready(make):
    bench = make(duration=10)
    run_id = bench(bench.runs.execute_async(prompt="x"))
    assert bench(bench.runs.get_output("output_9_AAAAAAAAAA", run_id=run_id)) is None
    bench.server.clock.advance(10)
    found = bench(bench.runs.get_output("output_9_AAAAAAAAAA.png"))
    assert (found.generation_status, found["download_url"][:8]) == ("success", "https://")


@pytest.mark.parametrize(
    ("ending", "error"), [("time_out_run", FlowScaleTimeoutError), ("fail_run", FlowScaleRunFailedError)]
)
def test_an_output_that_never_comes_raises_at_once(bench, ending, error):
    getattr(bench.server, ending)()
    bench(bench.runs.execute_async(prompt="x"))
    bench.server.clock.advance(9)
    with pytest.raises(error):
        bench(bench.runs.get_output("output_9_AAAAAAAAAA"))
    assert bench.paths() == ["POST runs", "GET runs/output"]


def test_retry_logs_timings_and_feedback_reach_their_routes(bench):
    run_id = bench(bench.runs.execute_async(prompt="x"))
    assert bench(bench.runs.retry(run_id)) == FIRST[:-1] + "2"
    assert bench(bench.runs.logs(run_id)) == [{"node": "3", "message": "run 1"}]
    assert bench(bench.runs.timings(run_id)) == {"3": 2.0}
    bench(bench.runs.feedback(run_id, 0.9, "sharp"))
    assert bench.server.feedback == [{"run_id": run_id, "score": 0.9, "comment": "sharp"}]


def test_an_unknown_run_is_not_found(bench):
    with pytest.raises(FlowScaleNotFoundError):
        bench(bench.runs.wait_for_completion("nothing"))


@pytest.mark.parametrize("run_id", ["../keys", "a/b", "x?y=1", "%2e%2e"])
def test_an_id_never_leads_to_another_route(bench, run_id):
    with pytest.raises(FlowScaleNotFoundError):
        bench(bench.runs.get(run_id))
    assert bench.server.requests[0].url.raw_path.count(b"/") == 4


def test_an_empty_id_is_refused(bench):
    with pytest.raises(ValueError, match="run_id is empty"):
        bench(bench.runs.get(""))


def test_an_answer_without_a_run_is_a_protocol_error(bench):
    bench.server.answer(httpx.Response(200, json={"status": "success", "data": {}}))
    with pytest.raises(FlowScaleProtocolError, match="lacks run_id"):
        bench(bench.runs.execute(prompt="x"))


def test_unknown_fields_of_a_run_are_kept_and_missing_ones_are_none():
    run = MockFlowScaleClient().bind(
        {"run_id": "r", "status": "running", "gpu": "L4", "created_at": "nonsense"}
    )
    assert (run.gpu, run["gpu"], run.cost, run.created_at, run.metadata) == ("L4", "L4", None, None, {})
    with pytest.raises(AttributeError, match="no field 'colour'"):
        run.colour  # noqa: B018


def test_one_blocking_client_serves_many_threads():
    server = FakeServer(outputs=lambda inputs: [FakeOutput("o.txt", str(inputs["n"]).encode(), "text/plain")])
    client, results = MockFlowScaleClient(server), {}

    def work(number):
        results[number] = client.runs.execute(n=number).outputs[0].data

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: str(number).encode() for number in range(8)}


def test_services_answer(bench):
    assert bench(bench.client.health())[0].status == "idle"
    assert bench(bench.client.queue())[0].queue == {"queue_running": [], "queue_pending": []}
    assert bench(bench.client.openapi())["openapi"] == "3.1.0"
    assert [item.name for item in bench(bench.client.workflows.list())] == ["demo"]
    assert bench(bench.client.deployments.get("demo")).replicas == 1
    assert len(bench(bench.client.deployments.list())) == 1


def test_keys_are_made_rotated_and_revoked(bench):
    key = bench(bench.client.keys.create("ci", scopes=["runs:execute"]))
    assert (key.key, key.scopes) == ("fs_key-1", ["runs:execute"])
    assert bench(bench.client.keys.rotate(key.id)).key == "fs_key-1_rotated"
    assert [row.key for row in bench(bench.client.keys.list())] == [None]
    limited = bench(bench.client.keys.create("shop", role="viewer", deployments=["portrait"], rate="10/s"))
    assert (limited.role, limited.deployments, limited.rate) == ("viewer", ["portrait"], "10/s")
    bench(bench.client.keys.rotate(limited.id, overlap=60))
    assert json.loads(bench.server.requests[-1].content) == {"overlap": 60}
    bench(bench.client.keys.revoke(key.id))
    assert [row.name for row in bench(bench.client.keys.list())] == ["shop"]
