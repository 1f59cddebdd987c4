"""Lazy inputs: evaluated when the node asks for them."""

from __future__ import annotations

import pytest

from flowscale_runtime.graph.testing import api, node_class

LAZY = ("*", {"lazy": True})


def switch(asked=None):
    def check(on, yes=None, no=None):
        if asked is not None:
            asked.append((on, yes, no))
        if on and yes is None:
            return ["yes"]
        if not on and no is None:
            return ["no"]
        return []

    return node_class(
        lambda on, yes=None, no=None: (yes if on else no,),
        required={"on": ("BOOLEAN",), "yes": LAZY, "no": LAZY},
        returns=("*",),
        check_lazy_status=staticmethod(check),
    )


def graph(on):
    return {
        "1": api("Number", value=1),
        "2": api("Number", value=2),
        "3": api("Switch", on=on, yes=["1", 0], no=["2", 0]),
        "4": api("Show", value=["3", 0]),
    }


@pytest.mark.parametrize(("on", "value", "ran"), [(True, 1, ["3", "1", "4"]), (False, 2, ["3", "2", "4"])])
def test_only_the_branch_that_is_asked_for_runs(make_bench, on, value, ran):
    bench = make_bench({"Switch": switch()})
    assert bench.shown(graph(on)) == [value]
    assert bench.ran == ran


def test_the_node_is_asked_again_until_it_wants_nothing_new(make_bench):
    asked = []
    bench = make_bench({"Switch": switch(asked)})
    bench.shown(graph(True))
    assert asked == [(True, None, None), (True, 1, None)]


def test_both_branches_are_in_the_signature(make_bench):
    bench = make_bench({"Switch": switch()})
    bench.shown(graph(True))
    changed = graph(True) | {"2": api("Number", value=99)}
    assert bench.shown(changed) == [1]
    assert bench.ran == ["3", "4"]


def test_a_lazy_input_that_is_known_is_given_without_running(make_bench):
    bench = make_bench({"Switch": switch()})
    both = graph(False) | {"5": api("Show", value=["1", 0])}
    bench.run(both)
    outcome = bench.run(both | {"3": api("Switch", on=True, yes=["1", 0], no=["2", 0])})
    assert outcome.ui["4"] == {"value": [1]}
    assert bench.ran == ["3", "4"]


def test_a_node_can_ask_in_steps(make_bench):
    def check(a=None, b=None, c=None):
        return next(([name] for name, value in (("a", a), ("b", b), ("c", c)) if value is None), [])

    steps = node_class(
        lambda a, b, c: (a + b + c,),
        required={"a": LAZY, "b": LAZY, "c": LAZY},
        returns=("INT",),
        check_lazy_status=staticmethod(check),
    )
    bench = make_bench({"Steps": steps})
    graph = {str(n): api("Number", value=n) for n in (1, 2, 3)}
    graph["4"] = api("Steps", a=["1", 0], b=["2", 0], c=["3", 0])
    graph["5"] = api("Show", value=["4", 0])
    assert bench.shown(graph) == [6]
    assert bench.ran == ["4", "1", "2", "3", "5"]


def test_asking_may_be_async(make_bench):
    async def check(a=None):
        return ["a"] if a is None else []

    later = node_class(
        lambda a: (a,), required={"a": LAZY}, returns=("INT",), check_lazy_status=staticmethod(check)
    )
    bench = make_bench({"Later": later})
    graph = {"1": api("Number", value=8), "2": api("Later", a=["1", 0]), "3": api("Show", value=["2", 0])}
    assert bench.shown(graph) == [8]


def test_whole_list_nodes_see_a_list_of_one_none(make_bench):
    asked = []

    def check(a):
        asked.append(a)
        return ["a"] if a == (None,) or a == [None] else []

    whole = node_class(
        lambda a: (sum(a),),
        required={"a": LAZY},
        returns=("INT",),
        INPUT_IS_LIST=True,
        check_lazy_status=staticmethod(check),
    )
    bench = make_bench({"Whole": whole})
    graph = {"1": api("Many", count=4), "2": api("Whole", a=["1", 0]), "3": api("Show", value=["2", 0])}
    assert bench.shown(graph) == [6]
    assert asked == [[None], [0, 1, 2, 3]]


def test_lazy_without_a_say_stays_none(make_bench):
    mute = node_class(lambda a=None: (a is None,), optional={"a": LAZY}, returns=("BOOLEAN",))
    bench = make_bench({"Mute": mute})
    graph = {"1": api("Number", value=8), "2": api("Mute", a=["1", 0]), "3": api("Show", value=["2", 0])}
    assert bench.shown(graph) == [True]
    assert bench.ran == ["2", "3"]


def test_a_failing_question_is_a_failure_of_the_node(make_bench):
    def check(a=None):
        raise LookupError("which?")

    bad = node_class(
        lambda a: (a,), required={"a": LAZY}, returns=("*",), check_lazy_status=staticmethod(check)
    )
    error = make_bench({"Bad": bad}).run({
        "1": api("Number", value=8), "2": api("Bad", a=["1", 0]), "3": api("Show", value=["2", 0]),
    }).error  # fmt: skip
    assert (error.node_id, error.exception_type, error.message) == ("2", "LookupError", "which?")


def test_a_lazy_cycle_is_found_at_run_time(make_bench):
    bench = make_bench({"Switch": switch()})
    circular = graph(True) | {"1": api("Add", a=["3", 0], b=1)}
    outcome = bench.run(circular)
    assert outcome.status == "failed"
    assert outcome.error.exception_type.endswith("DependencyCycle")
