"""The running node: progress, previews, threads."""

from __future__ import annotations

import asyncio
import threading

from flowscale_runtime.graph import context, current
from flowscale_runtime.graph.testing import api, node_class


def run(make_bench, function):
    bench = make_bench({"Probe": node_class(function, returns=("*",))})
    outcome = bench.run({"1": api("Probe"), "2": api("Show", value=["1", 0])})
    assert outcome.error is None
    return bench, outcome.ui["2"]["value"][0]


def test_progress_and_previews_name_the_node(make_bench):
    def probe():
        current().progress(1, 2)
        current().progress(2, 2, preview="picture")
        return (1,)

    bench, _ = run(make_bench, probe)
    assert bench.heard.events[1:-2] == [
        ("node_started", "1"),
        ("node_progress", "1", 1, 2),
        ("node_progress", "1", 2, 2),
        ("node_preview", "1", "picture"),
        ("node_finished", "1", None),
    ]


def test_the_context_names_node_and_class(make_bench):
    _, value = run(make_bench, lambda: ((current().node_id, current().class_type, current().display_id),))
    assert value == ("1", "Probe", "1")


def test_plain_threads_see_the_node_that_started_them(make_bench):
    def probe():
        seen = []
        thread = threading.Thread(target=lambda: seen.append(current().node_id))
        thread.start()
        thread.join()
        return (seen[0],)

    assert run(make_bench, probe)[1] == "1"


def test_worker_threads_of_async_nodes_see_their_own_node(make_bench):
    async def probe():
        return (await asyncio.to_thread(lambda: current().node_id),)

    assert run(make_bench, probe)[1] == "1"


def test_outside_of_a_run_progress_goes_nowhere():
    assert context.running() is None
    assert current().node_id == ""
    current().progress(1, 2, preview="x")


def test_nothing_is_running_after_a_run(make_bench):
    run(make_bench, lambda: (1,))
    assert context.running() is None


def test_an_async_node_that_ends_does_not_hide_another(make_bench):
    async def slow():
        for _ in range(20):
            await asyncio.sleep(0)
        return (await asyncio.to_thread(lambda: current().node_id),)

    async def quick():
        return (1,)

    bench = make_bench(
        {"Slow": node_class(slow, returns=("*",)), "Quick": node_class(quick, returns=("INT",))}
    )
    graph = {
        "1": api("Slow"),
        "2": api("Quick"),
        "3": api("Show", value=["1", 0]),
        "4": api("Show", value=["2", 0]),
    }
    assert bench.run(graph).ui["3"] == {"value": ["1"]}
