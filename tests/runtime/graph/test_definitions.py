"""Definitions: a class as its entry in /object_info."""

from __future__ import annotations

import json

from flowscale_runtime.graph import describe
from flowscale_runtime.graph.testing import node_class


class Name(str):
    """A string that isn't quite one."""

    __slots__ = ()


def test_a_plain_class_has_these_keys():
    cls = node_class(
        lambda: None,
        required={"a": ("INT", {"default": 1}), "b": (["x", "y"],)},
        optional={"c": (Name("IMAGE"),)},
        hidden={"prompt": "PROMPT"},
        returns=(Name("IMAGE"), "INT"),
        DESCRIPTION="Does things",
        OUTPUT_NODE=True,
    )
    assert describe("Probe", cls, "custom_nodes.mine", "The probe") == {
        "input": {
            "required": {"a": ["INT", {"default": 1}], "b": [["x", "y"]]},
            "optional": {"c": ["IMAGE"]},
            "hidden": {"prompt": "PROMPT"},
        },
        "input_order": {"required": ["a", "b"], "optional": ["c"], "hidden": ["prompt"]},
        "is_input_list": False,
        "output": ["IMAGE", "INT"],
        "output_is_list": [False, False],
        "output_name": ["IMAGE", "INT"],
        "name": "Probe",
        "display_name": "The probe",
        "description": "Does things",
        "python_module": "custom_nodes.mine",
        "category": "testing",
        "output_node": True,
        "has_intermediate_output": False,
        "search_aliases": [],
    }


def test_other_keys_are_there_when_the_class_sets_them():
    cls = node_class(
        lambda: None, DEPRECATED=True, OUTPUT_TOOLTIPS=("what",), RETURN_NAMES=("n",), returns=("INT",)
    )
    entry = describe("Probe", cls, "m")
    assert (entry["deprecated"], entry["output_tooltips"], entry["output_name"]) == (True, ["what"], ["n"])
    assert "experimental" not in entry


def test_without_a_display_name_the_class_stands_for_it():
    assert describe("Probe", node_class(lambda: None), "m")["display_name"] == "Probe"


def test_definitions_are_plain_json():
    odd = {"default": float("inf"), "choices": {3, 1}, "thing": object, 5: Name("x")}
    entry = describe("Probe", node_class(lambda: None, required={"a": ("INT", odd)}), "m")
    assert type(entry["input"]["required"]["a"][1]["5"]) is str
    assert entry["input"]["required"]["a"][1]["choices"] == [1, 3]
    assert json.loads(json.dumps(entry, allow_nan=False)) == entry
