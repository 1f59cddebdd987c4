"""List semantics: lists become calls, calls become lists."""

from __future__ import annotations

import pytest

from flowscale_runtime.graph import BadInputs
from flowscale_runtime.graph.forms import Returned, Traits
from flowscale_runtime.graph.mapping import calls, merge
from flowscale_runtime.graph.testing import api, node_class


@pytest.mark.parametrize(
    ("lists", "whole", "expected"),
    [
        ({}, False, [{}]),
        ({}, True, [{}]),
        ({"a": [], "b": []}, False, [{}]),
        ({"a": [1]}, False, [{"a": 1}]),
        ({"a": [1, 2], "b": [9]}, False, [{"a": 1, "b": 9}, {"a": 2, "b": 9}]),
        ({"a": [1, 2, 3], "b": [7, 8]}, False, [{"a": 1, "b": 7}, {"a": 2, "b": 8}, {"a": 3, "b": 8}]),
        ({"a": [1, 2], "b": [9]}, True, [{"a": [1, 2], "b": [9]}]),
        ({"a": [], "b": [9]}, True, [{"a": [], "b": [9]}]),
    ],
)
def test_calls_follow_the_longest_list_and_shorter_ones_repeat_their_last(lists, whole, expected):
    assert calls(lists, whole) == expected


def test_an_empty_list_beside_others_is_refused_by_name():
    with pytest.raises(BadInputs, match="'a' received an empty list") as refused:
        calls({"a": [], "b": [1]}, False)
    assert refused.value.name == "a"


@pytest.mark.parametrize(
    ("returned", "is_list", "expected"),
    [
        ([(1, 2)], (), [[1], [2]]),
        ([(1,), (2,)], (), [[1, 2]]),
        ([([1, 2],)], (True,), [[1, 2]]),
        ([([1, 2],), ([3],)], (True,), [[1, 2, 3]]),
        ([([1, 2], [3, 4])], (True, False), [[1, 2], [[3, 4]]]),
        ([()], (), []),
        ([(1,), (1, 2)], (), [[1, 1], [2]]),
    ],
)
def test_list_outputs_are_joined_and_others_collected(returned, is_list, expected):
    result = merge([Returned(values) for values in returned], Traits(output_is_list=is_list))
    assert result.outputs == expected


def test_ui_lists_are_concatenated_over_calls():
    returned = [
        Returned((), {"images": [1]}),
        Returned((), None),
        Returned((), {"images": [2], "text": ["x"]}),
    ]
    assert merge(returned, Traits()).ui == {"images": [1, 2], "text": ["x"]}


def test_ui_of_a_call_is_not_shared_with_the_node():
    own = {"images": [1]}
    merged = merge([Returned((), own)], Traits()).ui
    merged["images"].append(2)
    assert own == {"images": [1]}


def test_a_list_output_calls_what_follows_once_per_element(bench):
    graph = {
        "1": api("Many", count=3),
        "2": api("Add", a=["1", 0], b=10),
        "3": api("Show", value=["2", 0]),
    }
    assert bench.shown(graph) == [10, 11, 12]


def test_a_node_of_whole_lists_is_called_once(make_bench):
    total = node_class(lambda values, scale: (sum(values) * scale[0],), INPUT_IS_LIST=True,
                       required={"values": ("INT",), "scale": ("INT",)}, returns=("INT",))  # fmt: skip
    bench = make_bench({"Total": total})
    graph = {
        "1": api("Many", count=4),
        "2": api("Total", values=["1", 0], scale=2),
        "3": api("Show", value=["2", 0]),
    }
    assert bench.shown(graph) == [12]


def test_an_empty_list_output_leads_to_one_call_without_arguments(make_bench):
    given = []
    probe = node_class(
        lambda **inputs: given.append(inputs) or (1,), required={"a": ("INT",)}, returns=("INT",)
    )
    bench = make_bench({"Probe": probe})
    bench.shown({"1": api("Many", count=0), "2": api("Probe", a=["1", 0]), "3": api("Show", value=["2", 0])})
    assert given == [{}]


def test_an_empty_list_beside_a_literal_names_the_input(bench):
    graph = {"1": api("Many", count=0), "2": api("Add", a=["1", 0], b=1), "3": api("Show", value=["2", 0])}
    error = bench.run(graph).error
    assert (error.node_id, error.input) == ("2", "a")


def test_a_missing_output_is_told_with_both_ends(make_bench):
    short = node_class(lambda: (1,), returns=("INT", "INT"))
    bench = make_bench({"Short": short})
    error = bench.run({"1": api("Short"), "2": api("Show", value=["1", 1])}).error
    assert (error.node_id, error.input) == ("2", "value")
    assert "output 1 of node '1', which gave 1 value(s)" in error.message


def test_wrapped_lists_reach_the_node_as_one_value(make_bench):
    given = []
    probe = node_class(lambda a: given.append(a) or (1,), required={"a": ("*",)}, returns=("INT",))
    bench = make_bench({"Probe": probe})
    value = {"__type__": "LIST", "__value__": ["text", 0]}
    bench.shown({"1": api("Probe", a=value), "2": api("Show", value=["1", 0])})
    assert given == [["text", 0]]


@pytest.mark.parametrize(
    ("kind", "literal", "expected"),
    [
        ("INT", "7", 7),
        ("INT", 7.9, 7),
        ("FLOAT", 2, 2.0),
        ("STRING", 5, "5"),
        ("BOOLEAN", 1, True),
        ("INT", True, 1),
        ("INT", "x", "x"),
        ("*", "7", "7"),
    ],
)
def test_literals_take_the_declared_type(make_bench, kind, literal, expected):
    given = []
    probe = node_class(lambda a: given.append(a) or (1,), required={"a": (kind, {})}, returns=("INT",))
    bench = make_bench({"Probe": probe})
    bench.shown({"1": api("Probe", a=literal), "2": api("Show", value=["1", 0])})
    assert given == [expected]
    assert type(given[0]) is type(expected)


def test_undeclared_links_arrive_and_undeclared_literals_do_not(make_bench):
    given = []
    probe = node_class(
        lambda **inputs: given.append(inputs) or (1,), required={"a": ("INT",)}, returns=("INT",)
    )
    bench = make_bench({"Probe": probe})
    graph = {
        "1": api("Number", value=5),
        "2": api("Probe", a=1, extra=["1", 0], stray=3),
        "3": api("Show", value=["2", 0]),
    }
    bench.shown(graph)
    assert given == [{"a": 1, "extra": 5}]


def test_raw_links_arrive_as_links(make_bench):
    given = []
    probe = node_class(
        lambda a: given.append(a) or (1,), required={"a": ("*", {"rawLink": True})}, returns=("INT",)
    )
    bench = make_bench({"Probe": probe})
    bench.shown(
        {"1": api("Number", value=5), "2": api("Probe", a=["1", 0]), "3": api("Show", value=["2", 0])}
    )
    assert given == [["1", 0]]
