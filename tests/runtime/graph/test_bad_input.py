"""Whatever comes in as a graph: validation answers, a run ends."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from flowscale_runtime.graph import Executor, validate
from flowscale_runtime.graph.testing import node_class

CLASSES = {
    "Number": node_class(lambda value=0: (value,), required={"value": ("INT", {"min": 0})}, returns=("INT",)),
    "Choose": node_class(lambda one, **_: (one,), required={"one": (["a", "b"],)}, returns=("STRING",)),
    "Show": node_class(lambda **_: {"ui": {"text": ["x"]}}, required={"value": ("*",)}, OUTPUT_NODE=True),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)
IDS = st.sampled_from(["1", "2", "3", "9"])
LINKS = st.tuples(IDS, st.integers(-1, 2)).map(list)
INPUTS = st.dictionaries(st.sampled_from(["value", "one", "other"]), LINKS | JSON, max_size=3)
NODES = st.fixed_dictionaries({"class_type": st.sampled_from([*CLASSES, "Nope"]), "inputs": INPUTS})
GRAPHS = st.dictionaries(IDS, NODES | NODES | NODES | JSON, max_size=4)


@given(JSON | GRAPHS)
@settings(max_examples=300)
def test_validation_answers_in_plain_json(graph):
    result = validate(graph, CLASSES)
    assert result.ok == bool(result.targets)
    assert result.ok != bool(result.error)
    json.dumps([result.error, result.node_errors], allow_nan=False)


@given(GRAPHS)
@settings(max_examples=300)
def test_a_run_ends_with_an_outcome(graph):
    outcome = Executor(CLASSES).run(graph)
    assert outcome.status in {"completed", "failed"}
    assert (outcome.error is not None) == (outcome.status == "failed")


@given(GRAPHS)
@settings(max_examples=300)
def test_what_is_valid_runs(graph):
    result = validate(graph, CLASSES)
    if result.ok and not result.error:
        outcome = Executor(CLASSES).run(graph, targets=result.targets)
        assert outcome.status == "completed" or outcome.error.input, outcome.error
