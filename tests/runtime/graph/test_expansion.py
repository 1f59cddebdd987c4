"""Expansion: a node becomes a graph."""

from __future__ import annotations

from flowscale_runtime.graph import ExecutionBlocker, GraphBuilder
from flowscale_runtime.graph.testing import api, node_class


def adder(count):
    """Adds 1 `count` times by a chain of inner nodes."""
    builder = GraphBuilder()
    link = builder.node("Number", value=0).out(0)
    for _ in range(count):
        link = builder.node("Add", a=link, b=1).out(0)
    return {"result": (link,), "expand": builder.finalize()}


ADDER = node_class(adder, required={"count": ("INT",)}, returns=("INT",))


def test_the_result_is_what_the_inner_graph_gives(make_bench):
    bench = make_bench({"Adder": ADDER})
    assert bench.shown({"7": api("Adder", count=3), "8": api("Show", value=["7", 0])}) == [3]
    assert bench.ran == ["7", "7.0.0.1", "7.0.0.2", "7.0.0.3", "7.0.0.4", "8"]


def test_children_are_announced_before_they_start(make_bench):
    bench = make_bench({"Adder": ADDER})
    bench.run({"7": api("Adder", count=1), "8": api("Show", value=["7", 0])})
    events = [event for event in bench.heard.events if event[0] in {"node_expanded", "node_started"}]
    assert events[:3] == [
        ("node_started", "7"),
        ("node_expanded", "7", {"7.0.0.1": "7", "7.0.0.2": "7"}),
        ("node_started", "7.0.0.1"),
    ]


def test_an_expanded_node_finishes_once_after_its_children(make_bench):
    bench = make_bench({"Adder": ADDER})
    bench.run({"7": api("Adder", count=1), "8": api("Show", value=["7", 0])})
    finished = [event[0] for event in bench.heard.named("node_finished")]
    assert finished == ["7.0.0.1", "7.0.0.2", "7", "8"]


def test_expanded_results_are_cached_and_children_are_reused(make_bench):
    bench = make_bench({"Adder": ADDER})
    graph = {"7": api("Adder", count=3), "8": api("Show", value=["7", 0])}
    bench.shown(graph)
    bench.shown(graph)
    assert bench.ran == []
    longer = {"7": api("Adder", count=4), "8": api("Show", value=["7", 0])}
    assert bench.shown(longer) == [4]
    assert bench.ran == ["7", "7.0.0.5", "8"]


def test_expansions_nest(make_bench):
    def countdown(n, total):
        if n == 0:
            return (total,)
        builder = GraphBuilder()
        inner = builder.node("Countdown", n=n - 1, total=builder.node("Add", a=total, b=n).out(0))
        return {"result": (inner.out(0),), "expand": builder.finalize()}

    cls = node_class(countdown, required={"n": ("INT",), "total": ("INT",)}, returns=("INT",))
    bench = make_bench({"Countdown": cls})
    assert bench.shown({"1": api("Countdown", n=40, total=0), "2": api("Show", value=["1", 0])}) == [820]


def test_each_call_over_a_list_expands_by_itself(make_bench):
    bench = make_bench({"Adder": ADDER})
    graph = {
        "1": api("Many", count=3),
        "2": api("Adder", count=["1", 0]),
        "3": api("Show", value=["2", 0]),
    }
    assert bench.shown(graph) == [0, 1, 2]
    assert {"2.0.0.1", "2.1.0.1", "2.2.0.2"} <= set(bench.executor.run(graph).ui) | {
        child for _, children in bench.heard.named("node_expanded") for child in children
    }


def test_some_calls_may_expand_and_others_answer(make_bench):
    cls = node_class(lambda n: adder(n) if n > 1 else (-n,), required={"n": ("INT",)}, returns=("INT",))
    bench = make_bench({"Maybe": cls})
    graph = {"1": api("Many", count=4), "2": api("Maybe", n=["1", 0]), "3": api("Show", value=["2", 0])}
    assert bench.shown(graph) == [0, -1, 2, 3]


def test_results_may_mix_links_and_values(make_bench):
    def both():
        builder = GraphBuilder()
        inner = builder.node("Number", value=5)
        return {"result": (inner.out(0), 7, ["not", "a link"]), "expand": builder.finalize()}

    bench = make_bench({"Both": node_class(both, returns=("INT", "INT", "*"))})
    outcome = bench.run({
        "1": api("Both"),
        "2": api("Show", value=["1", 0]), "3": api("Show", value=["1", 1]), "4": api("Show", value=["1", 2]),
    })  # fmt: skip
    assert [ui["value"] for ui in outcome.ui.values()].__len__() == 3
    assert outcome.ui["2"] == {"value": [5]}
    assert outcome.ui["3"] == {"value": [7]}
    assert outcome.ui["4"] == {"value": [["not", "a link"]]}


def test_an_inner_list_becomes_the_list_of_the_outer_output(make_bench):
    def listed(count):
        builder = GraphBuilder()
        return {"result": (builder.node("Many", count=count).out(0),), "expand": builder.finalize()}

    cls = node_class(listed, required={"count": ("INT",)}, returns=("INT",))
    bench = make_bench({"Listed": cls})
    assert bench.shown({"1": api("Listed", count=3), "2": api("Show", value=["1", 0])}) == [0, 1, 2]


def test_inner_output_nodes_run_and_are_shown_as_their_parent(make_bench):
    def shows():
        builder = GraphBuilder()
        builder.node("Show", value=builder.node("Number", value=5).out(0))
        return {"result": (1,), "expand": builder.finalize()}

    bench = make_bench({"Shows": node_class(shows, returns=("INT",))})
    outcome = bench.run({"1": api("Shows"), "2": api("Show", value=["1", 0])})
    assert outcome.ui == {"1.0.0.2": {"value": [5]}, "2": {"value": [1]}}
    assert outcome.shown_as == {"1.0.0.2": "1"}


def test_a_display_override_shows_children_elsewhere(make_bench):
    def shows():
        builder = GraphBuilder()
        builder.node("Show", value=3).set_override_display_id("2")
        return {"result": (1,), "expand": builder.finalize()}

    bench = make_bench({"Shows": node_class(shows, returns=("INT",))})
    assert bench.run({"1": api("Shows"), "2": api("Show", value=["1", 0])}).shown_as == {"1.0.0.1": "2"}


def test_children_may_use_values_of_the_outer_graph(make_bench):
    def outer(a):
        builder = GraphBuilder()
        return {"result": (builder.node("Add", a=a, b=["9", 0]).out(0),), "expand": builder.finalize()}

    cls = node_class(outer, required={"a": ("INT", {"rawLink": True})}, returns=("INT",))
    bench = make_bench({"Outer": cls})
    graph = {
        "1": api("Number", value=5),
        "9": api("Number", value=30),
        "2": api("Outer", a=["1", 0]),
        "3": api("Show", value=["2", 0]),
    }
    assert bench.shown(graph) == [35]
    assert bench.ran == ["1", "2", "9", "2.0.0.1", "3"]


def test_objects_may_be_inputs_of_children(make_bench):
    given = []

    def outer():
        builder = GraphBuilder()
        return {"result": (builder.node("Probe", a=object()).out(0),), "expand": builder.finalize()}

    classes = {
        "Outer": node_class(outer, returns=("INT",)),
        "Probe": node_class(lambda a: given.append(a) or (2,), required={"a": ("*",)}, returns=("INT",)),
    }
    assert make_bench(classes).shown({"1": api("Outer"), "2": api("Show", value=["1", 0])}) == [2]
    assert type(given[0]) is object


def test_a_failure_inside_is_told_for_the_node_of_the_graph(make_bench):
    def outer():
        builder = GraphBuilder()
        return {"result": (builder.node("Burst").out(0),), "expand": builder.finalize()}

    def burst():
        raise ValueError("inside")

    classes = {"Outer": node_class(outer, returns=("INT",)), "Burst": node_class(burst, returns=("INT",))}
    error = make_bench(classes).run({"5": api("Outer", "My outer"), "6": api("Show", value=["5", 0])}).error
    assert (error.node_id, error.title, error.class_type, error.inner_id) == (
        "5",
        "My outer",
        "Burst",
        "5.0.0.1",
    )


def test_unknown_classes_inside_are_blamed_on_the_node(make_bench):
    def outer():
        return {"result": (["x", 0],), "expand": {"x": {"class_type": "Nope", "inputs": {}}}}

    error = make_bench({"Outer": node_class(outer, returns=("INT",))}).run({
        "5": api("Outer"), "6": api("Show", value=["5", 0]),
    }).error  # fmt: skip
    assert error.node_id == "5"
    assert "'Nope'" in error.message


def test_a_cycle_made_at_run_time_is_blamed_on_the_node(make_bench):
    def outer():
        builder = GraphBuilder()
        one, two = builder.node("Add", a=0, b=0), builder.node("Add", a=0, b=0)
        one.set_input("a", two.out(0))
        two.set_input("a", one.out(0))
        return {"result": (one.out(0),), "expand": builder.finalize()}

    error = make_bench({"Outer": node_class(outer, returns=("INT",))}).run({
        "5": api("Outer", "Loop"), "6": api("Show", value=["5", 0]),
    }).error  # fmt: skip
    assert (error.node_id, error.title) == ("5", "Loop")
    assert error.exception_type.endswith("DependencyCycle")


def test_waiting_for_itself_is_a_cycle(make_bench):
    bench = make_bench({"Self": node_class(lambda: {"result": (["5", 0],), "expand": {}}, returns=("INT",))})
    error = bench.run({"5": api("Self"), "6": api("Show", value=["5", 0])}).error
    assert error.node_id == "5"
    assert "5 -> 5" in error.message


def test_taken_ids_are_refused(make_bench):
    def outer():
        return {"result": (["6", 0],), "expand": {"6": {"class_type": "Number", "inputs": {"value": 1}}}}

    error = make_bench({"Outer": node_class(outer, returns=("INT",))}).run({
        "5": api("Outer"), "6": api("Show", value=["5", 0]),
    }).error  # fmt: skip
    assert error.node_id == "5"
    assert "'6', which is taken" in error.message


def test_an_endless_expansion_ends_at_the_limit(make_bench):
    def outer():
        builder = GraphBuilder()
        return {"result": (builder.node("Outer").out(0),), "expand": builder.finalize()}

    bench = make_bench({"Outer": node_class(outer, returns=("INT",))}, max_nodes=100)
    error = bench.run({"1": api("Outer"), "2": api("Show", value=["1", 0])}).error
    assert "101 nodes, 100 are allowed" in error.message
    assert error.node_id == "1"


def test_an_empty_expansion_is_a_plain_result(make_bench):
    bench = make_bench({"Empty": node_class(lambda: {"result": (4,), "expand": {}}, returns=("INT",))})
    assert bench.shown({"1": api("Empty"), "2": api("Show", value=["1", 0])}) == [4]


def test_blockers_cross_the_border(make_bench):
    def outer():
        builder = GraphBuilder()
        return {"result": (builder.node("Stop").out(0),), "expand": builder.finalize()}

    classes = {
        "Outer": node_class(outer, returns=("INT",)),
        "Stop": node_class(lambda: (ExecutionBlocker("stop"),), returns=("INT",)),
    }
    outcome = make_bench(classes).run({"1": api("Outer"), "2": api("Show", value=["1", 0])})
    assert (outcome.status, outcome.blocked) == ("completed", {"2": "stop"})


def test_nesting_may_be_deep(make_bench):
    def countdown(n, total):
        if n == 0:
            return (total,)
        builder = GraphBuilder()
        inner = builder.node("Countdown", n=n - 1, total=builder.node("Add", a=total, b=1).out(0))
        return {"result": (inner.out(0),), "expand": builder.finalize()}

    cls = node_class(countdown, required={"n": ("INT",), "total": ("INT",)}, returns=("INT",))
    bench = make_bench({"Countdown": cls})
    assert bench.shown({"1": api("Countdown", n=2000, total=0), "2": api("Show", value=["1", 0])}) == [2000]
    assert max(map(len, bench.ran)) < 250
    assert len(bench.ran) == len(set(bench.ran)) == 4002


def test_a_result_linked_to_a_missing_output_is_a_failure_of_the_node(make_bench):
    def outer():
        builder = GraphBuilder()
        return {"result": (builder.node("Number", value=1).out(3),), "expand": builder.finalize()}

    error = make_bench({"Outer": node_class(outer, returns=("INT",))}).run({
        "5": api("Outer"), "6": api("Show", value=["5", 0]),
    }).error  # fmt: skip
    assert error.node_id == "5"
    assert "output 3" in error.message
