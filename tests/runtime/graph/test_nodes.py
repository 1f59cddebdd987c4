"""What nodes get beside their inputs: hidden values, their own state, the graph."""

from __future__ import annotations

import pytest

from flowscale_runtime.graph import DynamicPrompt
from flowscale_runtime.graph.testing import api, node_class

HIDDEN = {
    "prompt": "PROMPT",
    "dynprompt": "DYNPROMPT",
    "png": "EXTRA_PNGINFO",
    "uid": "UNIQUE_ID",
    "token": "AUTH_TOKEN_COMFY_ORG",
    "key": "API_KEY_COMFY_ORG",
    "source": "COMFY_USAGE_SOURCE",
}
EXTRA = {
    "extra_pnginfo": {"workflow": {}},
    "auth_token_comfy_org": "t",
    "api_key_comfy_org": "k",
    "comfy_usage_source": "here",
}


def hidden(make_bench, extra):
    seen = []
    cls = node_class(lambda **values: seen.append(values) or (1,), hidden=HIDDEN, returns=("INT",))
    graph = {"7": api("Probe"), "8": api("Show", value=["7", 0])}
    make_bench({"Probe": cls}).shown(graph, extra=extra)
    return graph, seen[0]


def test_hidden_inputs_tell_of_the_run(make_bench):
    graph, seen = hidden(make_bench, EXTRA)
    prompt = seen.pop("dynprompt")
    assert seen == {
        "prompt": graph, "png": {"workflow": {}}, "uid": "7", "token": "t", "key": "k", "source": "here"
    }  # fmt: skip
    assert isinstance(prompt, DynamicPrompt)
    assert prompt.get_node("7") == graph["7"]


def test_hidden_inputs_that_nobody_gave_are_none(make_bench):
    _, seen = hidden(make_bench, None)
    assert (seen["png"], seen["token"], seen["key"], seen["source"]) == (None, None, None, None)


def test_extra_data_is_not_in_the_signature(make_bench):
    cls = node_class(lambda png: (1,), hidden={"png": "EXTRA_PNGINFO"}, returns=("INT",))
    bench = make_bench({"Probe": cls})
    graph = {"7": api("Probe"), "8": api("Show", value=["7", 0])}
    bench.run(graph, extra=EXTRA)
    bench.run(graph, extra=None)
    assert bench.ran == []


def test_the_dynamic_prompt_knows_expanded_nodes():
    prompt = DynamicPrompt({"1": api("A")})
    prompt.add_ephemeral_node("1.0.0.1", api("B"), "1", "1")
    prompt.add_ephemeral_node("1.0.0.1.0.0.1", api("C"), "1.0.0.1", "1.0.0.1")
    assert prompt.get_parent_node_id("1.0.0.1.0.0.1") == "1.0.0.1"
    assert prompt.get_real_node_id("1.0.0.1.0.0.1") == "1"
    assert prompt.get_display_node_id("1.0.0.1.0.0.1") == "1"
    assert prompt.get_parent_node_id("1") is None
    assert prompt.all_node_ids() == {"1", "1.0.0.1", "1.0.0.1.0.0.1"}
    assert prompt.has_node("1.0.0.1")
    assert len(prompt) == 3


def test_unknown_nodes_are_refused_by_the_dynamic_prompt():
    with pytest.raises(Exception, match="no node '5'"):
        DynamicPrompt({}).get_node("5")


class Counter:
    """Counts its calls on the instance."""

    RETURN_TYPES = ("INT",)
    FUNCTION = "work"
    made = 0

    def __init__(self):
        type(self).made += 1
        self.calls = 0

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"seed": ("INT", {})}}

    def work(self, seed):
        self.calls += 1
        return (self.calls,)


class OtherCounter(Counter):
    """Another class with the same state."""


def counted(seed, node_id="1", class_type="Counter"):
    return {node_id: api(class_type, seed=seed), "2": api("Show", value=[node_id, 0])}


@pytest.fixture
def counters(make_bench):
    Counter.made = OtherCounter.made = 0
    return make_bench({"Counter": Counter, "Other": OtherCounter})


def test_an_instance_lives_across_runs(counters):
    assert [counters.shown(counted(seed)) for seed in (1, 2, 3)] == [[1], [2], [3]]
    assert Counter.made == 1


def test_each_node_and_class_has_its_own(counters):
    counters.shown(counted(1))
    assert counters.shown(counted(2, class_type="Other")) == [1]


def test_instances_go_with_their_node(counters):
    counters.shown(counted(1))
    counters.shown(counted(2, node_id="9"))
    assert counters.shown(counted(3)) == [1]


def test_instances_of_expanded_nodes_live_across_runs(make_bench):
    Counter.made = 0

    def outer(seed):
        return {
            "result": (["1.x", 0],),
            "expand": {"1.x": {"class_type": "Counter", "inputs": {"seed": seed}}},
        }

    bench = make_bench({
        "Counter": Counter, "Outer": node_class(outer, required={"seed": ("INT",)}, returns=("INT",)),
    })  # fmt: skip
    assert [bench.shown(counted(seed, class_type="Outer")) for seed in (1, 2)] == [[1], [2]]


def test_intermediate_outputs_are_shown_again_when_known(make_bench):
    cls = node_class(
        lambda value: {"ui": {"value": [value]}, "result": (value,)},
        required={"value": ("INT",)},
        returns=("INT",),
        HAS_INTERMEDIATE_OUTPUT=True,
    )
    bench = make_bench({"Peek": cls})
    graph = {"1": api("Peek", value=5), "2": api("Show", value=["1", 0])}
    assert bench.run(graph).ui == {"1": {"value": [5]}, "2": {"value": [5]}}
    assert bench.run(graph).ui == {"1": {"value": [5]}, "2": {"value": [5]}}
    assert bench.ran == []


class AnyName(dict):
    """As packs write it: every name is there."""

    def __contains__(self, key):
        return True

    def __getitem__(self, key):
        return ("*",)


def test_groups_that_claim_any_name_take_literals_under_it(make_bench):
    cls = node_class(lambda **inputs: (inputs,), optional=AnyName(), returns=("*",))
    bench = make_bench({"Any": cls})
    graph = {
        "n": api("Number", value=5),
        "1": api("Any", lora_1={"on": True}, any_2=["n", 0]),
        "2": api("Show", value=["1", 0]),
    }
    assert bench.shown(graph) == [{"lora_1": {"on": True}, "any_2": 5}]


def test_what_a_run_shows_is_not_the_cached_value(bench):
    graph = {"1": api("Number", value=5), "2": api("Show", value=["1", 0])}
    bench.run(graph).ui["2"]["value"].append("changed")
    assert bench.shown(graph) == [5]
