"""Validation: what is refused, in which words of the protocol."""

from __future__ import annotations

import json

import pytest

from flowscale_runtime.graph import ExecutionBlocker, avalidate, validate
from flowscale_runtime.graph.testing import api, node_class


def probe(kind="*", options=None, **attributes):
    spec = (kind, options) if options is not None else (kind,)
    return node_class(lambda **_: (1,), required={"a": spec}, returns=("INT",), **attributes)


def check(classes, cls, value, **more):
    graph = {
        "1": api("Number", value=1),
        "2": api("Probe", a=value, **more),
        "3": api("Show", value=["2", 0]),
    }
    return validate(graph, classes | {"Probe": cls})


def only_error(result, node_id="2"):
    assert not result.ok
    (entry,) = result.node_errors.values()
    assert list(result.node_errors) == [node_id]
    assert entry["dependent_outputs"] == ["3"]
    (error,) = entry["errors"]
    assert set(error) == {"type", "message", "details", "extra_info"}
    json.dumps(result.node_errors)
    return error


def test_a_sound_graph_names_its_outputs(classes):
    result = check(classes, probe("INT"), ["1", 0])
    assert (result.ok, result.targets, result.error, result.node_errors) == (True, ("3",), None, {})


@pytest.mark.parametrize(
    ("kind", "options", "value", "error_type"),
    [
        ("INT", {}, "x", "invalid_input_type"),
        ("INT", {}, None, "invalid_input_type"),
        ("INT", {}, float("inf"), "invalid_input_type"),
        ("FLOAT", {}, "1.5x", "invalid_input_type"),
        ("INT", {"min": 3}, 2, "value_smaller_than_min"),
        ("INT", {"min": 3}, "2", "value_smaller_than_min"),
        ("FLOAT", {"max": 1.0}, 1.01, "value_bigger_than_max"),
        (["a", "b"], {}, "c", "value_not_in_list"),
        (["a", "b"], None, "c", "value_not_in_list"),
        ("COMBO", {"options": ["a", "b"]}, "c", "value_not_in_list"),
        ("COMBO", {"options": ["a"], "multiselect": True}, {"__value__": ["a", "c"]}, "value_not_in_list"),
        ("INT", {}, ["1"], "bad_linked_input"),
        ("INT", {}, ["1", 0, 0], "bad_linked_input"),
        ("INT", {}, [1, 0], "bad_linked_input"),
        ("INT", {}, ["99", 0], "bad_linked_input"),
        ("INT", {}, ["1", 5], "bad_linked_input"),
        ("INT", {}, ["1", -1], "bad_linked_input"),
        ("STRING", {}, ["1", 0], "return_type_mismatch"),
    ],
)
def test_bad_values_have_their_type_of_error(classes, kind, options, value, error_type):
    error = only_error(check(classes, probe(kind, options), value))
    assert error["type"] == error_type
    assert error["extra_info"]["input_name"] == "a"
    assert "a" in error["details"]


@pytest.mark.parametrize(
    ("kind", "options", "value"),
    [
        ("INT", {"min": 0, "max": 5}, 5),
        ("INT", {"min": 0, "max": 5}, "0"),
        ("STRING", {}, 5),
        ("BOOLEAN", {}, "yes"),
        (["a", "b"], {}, "b"),
        ([1, 2], {}, 2),
        ("COMBO", {"options": ["a", "b"], "multiselect": True}, {"__value__": ["a", "b"]}),
        ("COMBO", {}, "anything"),
        ("INT,FLOAT", {}, ["1", 0]),
        ("*", {}, ["1", 0]),
        ("CUSTOM", {"min": 3}, "text"),
    ],
)
def test_good_values_pass(classes, kind, options, value):
    assert check(classes, probe(kind, options), value).ok


def test_a_missing_input_is_named(classes):
    graph = {"2": api("Probe"), "3": api("Show", value=["2", 0])}
    error = only_error(validate(graph, classes | {"Probe": probe("INT")}))
    assert (error["type"], error["details"]) == ("required_input_missing", "a")
    assert error["extra_info"] == {"input_name": "a"}


def test_optional_inputs_may_be_missing(classes):
    cls = node_class(lambda a=0: (a,), optional={"a": ("INT",)}, returns=("INT",))
    graph = {"2": api("Probe"), "3": api("Show", value=["2", 0])}
    assert validate(graph, classes | {"Probe": cls}).ok


def test_a_mismatch_tells_both_types(classes):
    error = only_error(check(classes, probe("STRING", {"multiline": True}), ["1", 0]))
    assert error["extra_info"] == {
        "input_name": "a",
        "input_config": ["STRING", {"multiline": True}],
        "received_type": "INT",
        "linked_node": ["1", 0],
    }


def test_range_errors_tell_config_and_value(classes):
    error = only_error(check(classes, probe("INT", {"min": 3}), 2))
    assert error["extra_info"] == {
        "input_name": "a",
        "input_config": ["INT", {"min": 3}],
        "received_value": 2,
    }


@pytest.mark.parametrize(("count", "sent"), [(20, True), (21, False)])
def test_long_lists_of_choices_are_not_sent_back(classes, count, sent):
    error = only_error(check(classes, probe("COMBO", {"options": [str(n) for n in range(count)]}), "x"))
    assert (error["extra_info"]["input_config"] is not None) == sent


@pytest.mark.parametrize("graph", [None, [], "x", {}, 5])
def test_what_is_no_graph_is_refused(classes, graph):
    assert validate(graph, classes).error["type"] == "no_prompt"


def test_unknown_classes_are_named_with_the_title(classes):
    result = validate({"5": api("Nope", "My node")}, classes)
    assert result.error["type"] == "missing_node_type"
    assert result.error["extra_info"] == {"node_id": "5", "class_type": "Nope", "node_title": "My node"}


@pytest.mark.parametrize(
    "node", [{}, "text", None, {"class_type": 5}, {"class_type": "Number", "inputs": [1]}]
)
def test_malformed_nodes_are_refused(classes, node):
    assert validate({"1": node}, classes).error["type"] == "missing_node_type"


@pytest.mark.parametrize("targets", [None, [], ["1"], ["99"]])
def test_without_an_output_there_is_nothing_to_run(classes, targets):
    assert validate({"1": api("Number", value=1)}, classes, targets).error["type"] == "prompt_no_outputs"


def test_targets_leave_other_outputs_unchecked(classes):
    graph = {"1": api("Number", value=1), "2": api("Show", value=["1", 0]), "3": api("Show", value=["9", 0])}
    result = validate(graph, classes, ["2"])
    assert (result.ok, result.targets, result.node_errors) == (True, ("2",), {})


def test_valid_outputs_run_beside_invalid_ones(classes):
    graph = {
        "1": api("Number", value="x"),
        "2": api("Add", a=["1", 0], b=1),
        "3": api("Show", value=["2", 0]),
        "4": api("Show", value=["1", 0]),
        "5": api("Number", value=1),
        "6": api("Show", value=["5", 0]),
    }
    result = validate(graph, classes)
    assert (result.ok, result.targets) == (True, ("6",))
    assert list(result.node_errors) == ["1"]
    assert result.node_errors["1"]["dependent_outputs"] == ["3", "4"]
    assert result.node_errors["1"]["class_type"] == "Number"


def test_all_outputs_invalid_fail_the_graph(classes):
    result = validate({"1": api("Show")}, classes)
    assert result.error["type"] == "prompt_outputs_failed_validation"
    assert set(result.error) == {"type", "message", "details", "extra_info"}


def test_all_errors_of_a_node_are_told_at_once(classes):
    result = validate({"1": api("Add", a="x"), "2": api("Show", value=["1", 0])}, classes)
    assert [error["type"] for error in result.node_errors["1"]["errors"]] == [
        "invalid_input_type",
        "required_input_missing",
    ]


def test_a_cycle_is_told_at_one_of_its_nodes(classes):
    graph = {
        "1": api("Add", a=["2", 0], b=1),
        "2": api("Add", a=["1", 0], b=1),
        "3": api("Show", value=["2", 0]),
    }
    error = only_error(validate(graph, classes), node_id="1")
    assert error["type"] == "dependency_cycle"
    assert sorted(error["extra_info"]["cycle_nodes"]) == ["1", "2"]


def test_a_node_linked_to_itself_is_a_cycle(classes):
    graph = {"2": api("Add", a=["2", 0], b=1), "3": api("Show", value=["2", 0])}
    assert only_error(validate(graph, classes))["details"] == "2 -> 2"


def test_a_graph_of_too_many_nodes_is_refused(classes):
    graph = {str(n): api("Number", value=n) for n in range(5)}
    assert validate(graph, classes, max_nodes=4).error["type"] == "too_many_nodes"


def test_depth_is_no_limit(classes):
    graph = {"0": api("Number", value="bad")}
    for index in range(1, 20_000):
        graph[str(index)] = api("Add", a=[str(index - 1), 0], b=1)
    graph["end"] = api("Show", value=["19999", 0])
    result = validate(graph, classes)
    assert list(result.node_errors) == ["0"]
    assert result.node_errors["0"]["dependent_outputs"] == ["end"]


# The node's own word


def own(function, kind="INT", options=None):
    return probe(kind, options or {}, VALIDATE_INPUTS=staticmethod(function))


@pytest.mark.parametrize(
    ("answer", "details"), [("too odd", "a - too odd"), (False, "a"), (None, "a - None"), (0, "a - 0")]
)
def test_a_node_can_refuse_its_inputs(classes, answer, details):
    error = only_error(check(classes, own(lambda a: answer), 1))
    assert (error["type"], error["details"]) == ("custom_validation_failed", details)
    assert error["extra_info"]["input_name"] == "a"


@pytest.mark.parametrize("answer", [True, ExecutionBlocker(None)])
def test_a_node_can_accept_its_inputs(classes, answer):
    assert check(classes, own(lambda a: answer), 1).ok


def test_naming_an_input_turns_its_standard_checks_off(classes):
    assert check(classes, own(lambda a: True, "INT", {"max": 5}), 10).ok
    assert check(classes, own(lambda a: True, ["x"]), "y").ok


def test_keyword_arguments_turn_them_off_for_all(classes):
    assert check(classes, own(lambda **inputs: True, "INT", {"max": 5}), 10).ok


def test_other_arguments_leave_them_on(classes):
    cls = node_class(
        lambda **_: (1,),
        required={"a": ("INT", {"max": 5}), "b": ("INT",)},
        returns=("INT",),
        VALIDATE_INPUTS=staticmethod(lambda b: True),
    )
    assert only_error(check(classes, cls, 10, b=1))["type"] == "value_bigger_than_max"


def test_conversion_is_checked_all_the_same(classes):
    result = check(classes, own(lambda a: True), "x")
    assert result.node_errors["2"]["errors"][0]["type"] == "invalid_input_type"


def test_it_sees_converted_literals_and_none_for_links(classes):
    seen = []
    cls = own(lambda a: seen.append(a) or True)
    check(classes, cls, "7")
    check(classes, cls, ["1", 0])
    assert seen == [7, None]


def test_asking_for_types_turns_type_checks_off(classes):
    seen = []
    cls = own(lambda input_types: seen.append(input_types) or True, "STRING")
    assert check(classes, cls, ["1", 0]).ok
    assert seen == [{"a": "INT"}]


def test_it_may_be_async_and_of_the_class(classes):
    class Later:
        RETURN_TYPES = ("INT",)
        FUNCTION = "work"

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"a": ("INT", {})}}

        @classmethod
        async def VALIDATE_INPUTS(cls, a):
            return f"not {a}"

    assert only_error(check(classes, Later, 3))["details"] == "a - not 3"


def test_an_exception_in_it_is_told_at_the_node(classes):
    def burst(a):
        raise KeyError("gone")

    error = only_error(check(classes, own(burst), 3))
    assert error["type"] == "exception_during_inner_validation"
    assert error["extra_info"]["exception_type"] == "KeyError"
    assert error["extra_info"]["traceback"]


def test_an_exception_in_an_output_node_has_a_type_of_its_own(classes):
    def burst(value):
        raise KeyError("gone")

    cls = node_class(
        lambda value: {}, required={"value": ("*",)}, OUTPUT_NODE=True, VALIDATE_INPUTS=staticmethod(burst)
    )
    result = validate({"1": api("Out", value=1)}, classes | {"Out": cls})
    assert result.node_errors["1"]["errors"][0]["type"] == "exception_during_validation"


def test_an_unreadable_class_is_an_error_of_the_graph(classes):
    class Broken:
        FUNCTION = "work"
        OUTPUT_NODE = True

        @classmethod
        def INPUT_TYPES(cls):
            raise OSError("no models folder")

    result = validate({"1": api("Broken")}, classes | {"Broken": Broken})
    assert result.error["type"] == "exception_during_validation"
    assert "no models folder" in result.error["details"]


async def test_it_runs_on_a_running_loop_too(classes):
    assert (await avalidate({"1": api("Show", value=1)}, classes)).ok


def test_undeclared_links_must_lead_somewhere_too(classes):
    error = only_error(check(classes, probe("INT"), 1, extra=["99", 0]))
    assert (error["type"], error["extra_info"]["input_name"]) == ("bad_linked_input", "extra")
