"""What a run does: order, targets, events, outcome."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from flowscale_runtime.graph.testing import api, node_class


def graph_of_three():
    return {
        "1": api("Number", value=2),
        "2": api("Add", a=["1", 0], b=["1", 0]),
        "3": api("Show", value=["2", 0]),
    }


def test_values_flow_along_links(bench):
    assert bench.shown(graph_of_three()) == [4]


def test_events_come_in_the_order_of_the_work(bench):
    bench.run(graph_of_three())
    assert bench.heard.events == [
        ("started", 3, ()),
        ("node_started", "1"),
        ("node_finished", "1", None),
        ("node_started", "2"),
        ("node_finished", "2", None),
        ("node_started", "3"),
        ("node_finished", "3", {"value": [4]}),
    ]


def test_a_cached_output_tells_its_ui_again_without_starting(bench):
    bench.run(graph_of_three())
    outcome = bench.run(graph_of_three())
    assert bench.heard.events == [("started", 3, ("1", "2", "3")), ("node_finished", "3", {"value": [4]})]
    assert outcome.cached == ("1", "2", "3")
    assert outcome.ui == {"3": {"value": [4]}}
    assert outcome.seconds == {}


def test_seconds_are_told_for_nodes_that_ran(make_bench):
    ticks = iter(range(100))
    bench = make_bench(clock=lambda: next(ticks))
    assert bench.run(graph_of_three()).seconds == {"1": 1, "2": 1, "3": 1}


def test_only_what_outputs_need_runs(bench):
    graph = graph_of_three() | {"4": api("Number", value=9)}
    bench.run(graph)
    assert bench.ran == ["1", "2", "3"]


def test_targets_restrict_the_run_to_their_branch(bench):
    graph = graph_of_three() | {"4": api("Number", value=9), "5": api("Show", value=["4", 0])}
    outcome = bench.run(graph, targets=["5"])
    assert bench.ran == ["4", "5"]
    assert outcome.ui == {"5": {"value": [9]}}


def test_other_outputs_run_when_they_are_on_the_way(make_bench):
    both = node_class(
        lambda value: {"ui": {"value": [value]}, "result": (value,)},
        required={"value": ("*",)},
        returns=("INT",),
        OUTPUT_NODE=True,
    )
    bench = make_bench({"ShowAndPass": both})
    graph = {
        "1": api("Number", value=3),
        "2": api("ShowAndPass", value=["1", 0]),
        "3": api("Show", value=["2", 0]),
        "4": api("Show", value=["1", 0]),
    }
    outcome = bench.run(graph, targets=["3"])
    assert outcome.ui == {"2": {"value": [3]}, "3": {"value": [3]}}


def test_no_target_means_nothing_runs(bench):
    outcome = bench.run(graph_of_three(), targets=[])
    assert (outcome.status, bench.ran) == ("completed", [])


def test_the_node_that_feeds_an_output_comes_before_older_ones(bench):
    graph = {
        "a": api("Number", value=1),
        "b": api("Add", a=["a", 0], b=1),
        "c": api("Add", a=["b", 0], b=["late", 0]),
        "show c": api("Show", value=["c", 0]),
        "late": api("Number", value=5),
        "show late": api("Show", value=["late", 0]),
    }
    bench.run(graph)
    assert bench.ran.index("show late") == bench.ran.index("late") + 1
    assert bench.ran[0] == "late"


def test_the_first_failure_ends_the_run_and_keeps_what_was_shown(make_bench):
    def burst():
        raise ValueError("no")

    bench = make_bench({"Burst": node_class(burst, returns=("INT",))})
    graph = {
        "1": api("Number", value=1),
        "2": api("Show", value=["1", 0]),
        "3": api("Burst"),
        "4": api("Add", a=["3", 0], b=["1", 0]),
        "5": api("Show", value=["4", 0]),
    }
    outcome = bench.run(graph)
    assert outcome.status == "failed"
    assert "4" not in bench.ran
    again = bench.run(graph | {"3": api("Number", value=1)})
    assert again.status == "completed"
    assert set(again.ui) == {"2", "5"}


def test_a_failed_run_leaves_the_executor_usable(make_bench):
    calls = []

    def sometimes(value):
        calls.append(value)
        if len(calls) == 1:
            raise RuntimeError("first time")
        return (value,)

    bench = make_bench({"Sometimes": node_class(sometimes, required={"value": ("INT",)}, returns=("INT",))})
    graph = {"1": api("Sometimes", value=4), "2": api("Show", value=["1", 0])}
    assert bench.run(graph).status == "failed"
    assert bench.shown(graph) == [4]


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        ({"1": {"class_type": "Show", "inputs": {"value": ["9", 0]}}}, "'9'"),
        ({"1": {"class_type": "Nope", "inputs": {}}}, "'Nope'"),
        ({"1": {"inputs": {}}}, "'1' has no class_type"),
        ({"1": "text"}, "'1' has no class_type"),
    ],
)
def test_graphs_that_were_not_validated_end_as_failures(bench, graph, message):
    outcome = bench.run(graph, targets=["1"])
    assert outcome.status == "failed"
    assert message in outcome.error.message
    assert outcome.error.hint


def test_unknown_targets_end_as_failures(bench):
    assert "'77'" in bench.run(graph_of_three(), targets=["77"]).error.message


def test_a_cycle_is_told_with_its_path(bench):
    graph = {
        "1": api("Add", "First", a=["2", 0], b=1),
        "2": api("Add", a=["1", 0], b=1),
        "3": api("Show", value=["2", 0]),
    }
    outcome = bench.run(graph)
    assert outcome.status == "failed"
    assert outcome.error.node_id in {"1", "2"}
    assert "1 -> 2 -> 1" in outcome.error.message or "2 -> 1 -> 2" in outcome.error.message
    assert bench.ran == []


def test_a_cycle_outside_of_the_targets_harms_nobody(bench):
    graph = graph_of_three() | {"8": api("Add", a=["9", 0], b=1), "9": api("Add", a=["8", 0], b=1)}
    assert bench.shown(graph) == [4]


def test_hidden_surroundings_are_entered_once_per_run(make_bench):
    entered = []

    @contextmanager
    def around():
        entered.append("in")
        yield
        entered.append("out")

    bench = make_bench(around=around)
    bench.run(graph_of_three())
    assert entered == ["in", "out"]


async def test_it_runs_on_a_running_loop_too(bench):
    outcome = await bench.executor.arun(graph_of_three())
    assert outcome.ui == {"3": {"value": [4]}}


def test_wide_and_deep_graphs_run_each_node_once(bench):
    graph = {"0": api("Number", value=0)}
    for index in range(1, 3000):
        graph[str(index)] = api("Add", a=[str(index - 1), 0], b=["0", 0])
        graph[f"w{index}"] = api("Add", a=["0", 0], b=index)
        graph[f"s{index}"] = api("Show", value=[f"w{index}", 0])
    graph["end"] = api("Show", value=["2999", 0])
    outcome = bench.run(graph)
    assert outcome.status == "completed"
    assert len(bench.ran) == len(set(bench.ran)) == len(graph)


@pytest.mark.parametrize("count", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_depth_is_no_limit(bench, count):
    graph = {"0": api("Number", value=1)}
    for index in range(1, count):
        graph[str(index)] = api("Add", a=[str(index - 1), 0], b=1)
    graph["end"] = api("Show", value=[str(count - 1), 0])
    assert bench.shown(graph) == [count]


def test_too_many_nodes_are_refused_before_any_runs(make_bench):
    bench = make_bench(max_nodes=2)
    outcome = bench.run(graph_of_three())
    assert outcome.status == "failed"
    assert "3 nodes, 2 are allowed" in outcome.error.message
    assert bench.ran == []


def test_classes_are_asked_for_their_inputs_once_per_run(make_bench):
    asked = []

    class Counted:
        RETURN_TYPES = ("INT",)
        FUNCTION = "work"

        @classmethod
        def INPUT_TYPES(cls):
            asked.append(1)
            return {"required": {"a": ("INT", {}), "b": ("INT", {})}}

        def work(self, a, b):
            return (a + b,)

    bench = make_bench({"Counted": Counted})
    graph = {str(n): api("Counted", a=[str(n - 1), 0] if n else 0, b=n) for n in range(50)}
    graph["end"] = api("Show", value=["49", 0])
    bench.run(graph)
    assert len(asked) == 1
