"""ExecutionBlocker: what would receive it is skipped."""

from __future__ import annotations

import pytest

from flowscale_runtime.graph import ExecutionBlocker
from flowscale_runtime.graph.testing import api, node_class


def gate(message=None):
    return node_class(
        lambda value, limit: (value if value < limit else ExecutionBlocker(message),),
        required={"value": ("INT",), "limit": ("INT",)},
        returns=("INT",),
    )


def graph(limit):
    return {
        "1": api("Many", count=4),
        "2": api("Gate", value=["1", 0], limit=limit),
        "3": api("Add", a=["2", 0], b=100),
        "4": api("Show", value=["3", 0]),
    }


def test_in_a_list_only_the_blocked_elements_are_skipped(make_bench):
    assert make_bench({"Gate": gate()}).shown(graph(2)) == [100, 101]


def test_a_silent_blocker_is_told_to_nobody(make_bench):
    bench = make_bench({"Gate": gate()})
    outcome = bench.run(graph(0))
    assert (outcome.status, outcome.ui, outcome.blocked) == ("completed", {}, {})


def test_a_message_is_told_at_the_first_consumer_and_the_run_goes_on(make_bench):
    bench = make_bench({"Gate": gate("too big")})
    outcome = bench.run(graph(3))
    assert outcome.status == "completed"
    assert outcome.blocked == {"3": "too big"}
    assert bench.heard.named("node_blocked") == [("3", "too big")]
    assert outcome.ui == {"4": {"value": [100, 101, 102]}}


@pytest.mark.parametrize("returned", [ExecutionBlocker(None), {"result": ExecutionBlocker(None)}])
def test_a_blocker_in_place_of_the_result_blocks_every_output(make_bench, returned):
    bench = make_bench({"Stop": node_class(lambda: returned, returns=("INT", "INT"))})
    outcome = bench.run({"1": api("Stop"), "2": api("Show", value=["1", 1])})
    assert (outcome.status, outcome.ui) == ("completed", {})


def test_a_whole_list_node_is_skipped_when_any_element_blocks(make_bench):
    total = node_class(lambda a: (sum(a),), required={"a": ("INT",)}, returns=("INT",), INPUT_IS_LIST=True)
    bench = make_bench({"Gate": gate(), "Total": total})
    outcome = bench.run(graph(2) | {"3": api("Total", a=["2", 0])})
    assert outcome.ui == {}


def test_a_blocked_list_output_stays_blocked(make_bench):
    double = node_class(
        lambda a: ([a, a],), required={"a": ("INT",)}, returns=("INT",), OUTPUT_IS_LIST=(True,)
    )
    bench = make_bench({"Gate": gate(), "Double": double})
    assert bench.shown(graph(2) | {"3": api("Double", a=["2", 0])}) == [0, 0, 1, 1]


def test_blocked_results_are_cached_like_others(make_bench):
    bench = make_bench({"Gate": gate("no")})
    bench.run(graph(0))
    bench.run(graph(0))
    assert bench.ran == []
