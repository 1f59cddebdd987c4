"""Signatures: what makes two nodes the same."""

from __future__ import annotations

import pytest

from flowscale_runtime.graph.signatures import Incomparable, ordered, plain
from flowscale_runtime.graph.testing import api, node_class


def graph(**literals):
    return {
        "1": api("Number", value=1),
        "2": api("Add", a=["1", 0], b=literals.get("b", 2)),
        "3": api("Show", value=["2", 0]),
    }


def rerun(bench, first, second):
    assert bench.run(first).status == "completed"
    assert bench.run(second).status == "completed"
    return bench.ran


def test_ids_titles_and_order_do_not_matter(bench):
    renumbered = {
        "30": api("Show", "A title", value=["20", 0]),
        "20": {"class_type": "Add", "inputs": {"b": 2, "a": ["10", 0]}, "_meta": {"title": "x"}},
        "10": api("Number", value=1),
    }
    assert rerun(bench, graph(), renumbered) == []


def test_a_changed_literal_runs_the_node_and_what_follows(bench):
    assert rerun(bench, graph(), graph(b=3)) == ["2", "3"]


def test_another_output_of_the_same_node_is_another_input(make_bench):
    bench = make_bench({"Two": node_class(lambda: (1, 2), returns=("INT", "INT"))})
    first = {"1": api("Two"), "2": api("Show", value=["1", 0])}
    second = {"1": api("Two"), "2": api("Show", value=["1", 1])}
    assert rerun(bench, first, second) == ["2"]


def test_literals_that_mean_the_same_are_the_same(bench):
    assert rerun(bench, graph(b=2), graph(b="2")) == []


def test_undeclared_literals_count(bench):
    changed = graph()
    changed["2"]["inputs"]["note"] = "hello"
    assert rerun(bench, graph(), changed) == ["2", "3"]


@pytest.mark.parametrize("attribute", [{"NOT_IDEMPOTENT": True}, {"hidden": {"uid": "UNIQUE_ID"}}])
def test_ids_matter_to_nodes_that_depend_on_them(make_bench, attribute):
    cls = node_class(
        lambda value, uid=None: (value,), required={"value": ("INT",)}, returns=("INT",), **attribute
    )
    bench = make_bench({"Own": cls})
    first = {"1": api("Own", value=1), "3": api("Show", value=["1", 0])}
    second = {"2": api("Own", value=1), "3": api("Show", value=["2", 0])}
    assert rerun(bench, first, first) == []
    assert rerun(bench, first, second) == ["2", "3"]


def fingerprinted(says):
    return node_class(
        lambda value: (value,), required={"value": ("INT",)}, returns=("INT",), IS_CHANGED=staticmethod(says)
    )


PRINTED = {"1": api("Printed", value=4), "2": api("Show", value=["1", 0])}


@pytest.mark.parametrize(
    ("says", "ran"),
    [
        (lambda value: value, []),
        (lambda value: float("nan"), ["1", "2"]),
        (lambda value: (1, [float("nan")]), ["1", "2"]),
        (lambda value: 1 / 0, ["1", "2"]),
        (lambda value: object(), ["1", "2"]),
        (lambda value: float("inf"), []),
        (lambda value: {"hash": b"abc", "parts": {1, 2}}, []),
    ],
)
def test_a_fingerprint_decides_whether_a_node_runs_again(make_bench, says, ran):
    assert rerun(make_bench({"Printed": fingerprinted(says)}), PRINTED, PRINTED) == ran


def test_a_changed_fingerprint_runs_the_node(make_bench):
    versions = iter(["a", "a", "b"])
    bench = make_bench({"Printed": fingerprinted(lambda value: next(versions))})
    assert rerun(bench, PRINTED, PRINTED) == []
    bench.run(PRINTED)
    assert bench.ran == ["1", "2"]


def test_fingerprints_see_literals_and_none_for_links(make_bench):
    seen = []
    cls = node_class(
        lambda a, b, uid: (1,),
        required={"a": ("INT",), "b": ("INT",)},
        hidden={"uid": "UNIQUE_ID", "prompt": "PROMPT"},
        returns=("INT",),
        IS_CHANGED=staticmethod(lambda **inputs: seen.append(inputs)),
        work=staticmethod(lambda **inputs: (1,)),
    )
    bench = make_bench({"Seen": cls})
    bench.shown({
        "1": api("Number", value=1), "2": api("Seen", a=["1", 0], b="7"), "3": api("Show", value=["2", 0])
    })  # fmt: skip
    assert seen == [{"a": None, "b": 7, "uid": "2", "prompt": {}}]


def test_fingerprints_may_be_async_and_of_the_class(make_bench):
    class Later:
        RETURN_TYPES = ("INT",)
        FUNCTION = "work"

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"value": ("INT", {})}}

        @classmethod
        async def IS_CHANGED(cls, value):
            return value

        def work(self, value):
            return (value,)

    assert rerun(make_bench({"Printed": Later}), PRINTED, PRINTED) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0, False), ("1", 1), ([1, 2], "[1, 2]"), ([1], {"0": 1}), (None, "None"), ([], {}), ("", None)],
)  # fmt: skip
def test_values_of_different_types_have_different_forms(one, other):
    assert repr(plain(one)) != repr(plain(other))


@pytest.mark.parametrize(
    ("one", "other"), [({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({1, 2, 3}, {3, 2, 1}), ([1, [2]], [1, [2]])]
)
def test_equal_values_have_equal_forms(one, other):
    assert plain(one) == plain(other)


@pytest.mark.parametrize("value", [object(), float("nan"), [float("nan")], {"a": object()}, memoryview(b"x")])
def test_values_without_a_plain_form_are_incomparable(value):
    with pytest.raises(Incomparable):
        plain(value)


def test_text_subclasses_count_as_their_text():
    class Name(str):
        pass

    assert plain(Name("x")) == plain("x")


def test_deeply_nested_literals_do_no_harm(bench):
    deep = []
    for _ in range(5000):
        deep = [deep]
    first = graph()
    first["2"]["inputs"]["note"] = {"deep": deep}
    assert rerun(bench, first, first) == ["2", "3"]


def test_sources_come_first():
    sources = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}
    assert ordered(["a"], sources) == ["d", "b", "c", "a"]


def test_cycles_are_passed_over():
    assert sorted(ordered(["a"], {"a": ["b"], "b": ["a"]})) == ["a", "b"]
