"""Schema nodes: declared by io.Schema, run by the same executor."""

from __future__ import annotations

import asyncio

import pytest

from flowscale_runtime.graph import ExecutionBlocker, GraphBuilder, describe, validate
from flowscale_runtime.graph.testing import api
from flowscale_runtime.graph.v3 import io

KEYS = {
    "input", "input_order", "is_input_list", "output", "output_is_list", "output_name", "output_tooltips",
    "output_matchtypes", "name", "display_name", "description", "python_module", "category", "output_node",
    "deprecated", "experimental", "dev_only", "api_node", "price_badge", "search_aliases", "essentials_category",
    "has_intermediate_output",
}  # fmt: skip


def schema_node(execute, inputs=(), outputs=("INT",), methods=None, **schema):
    """A schema node that calls `execute(cls, ...)`."""

    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            made = [io.Custom(one).Output() if isinstance(one, str) else one for one in outputs]
            return io.Schema("Probe", inputs=list(inputs), outputs=made, **schema)

    namespace = {"execute": classmethod(execute)}
    namespace |= {name: classmethod(function) for name, function in (methods or {}).items()}
    return type("Probe", (Node,), namespace)


@pytest.fixture
def shown(make_bench):
    """Runs one schema node on the given inputs; what its first output gives."""

    def show(cls, **inputs):
        bench = make_bench({"Probe": cls})
        return bench.shown({
            "n": api("Number", value=5), "m": api("Many", count=3),
            "1": api("Probe", **inputs), "2": api("Show", value=["1", 0]),
        })  # fmt: skip

    return show


NUMBER = io.Int.Input("a", default=1, min=0, max=10)


def test_values_come_by_name_and_leave_in_a_node_output(shown):
    cls = schema_node(lambda cls, a, b: io.NodeOutput(a + b), [NUMBER, io.Int.Input("b")])
    assert shown(cls, a=["n", 0], b="2") == [7]


@pytest.mark.parametrize(
    "returned", [(4,), {"result": (4,)}, io.NodeOutput(4), io.NodeOutput.from_dict({"result": (4,)})]
)
def test_other_shapes_of_a_result_are_read(shown, returned):
    assert shown(schema_node(lambda cls: returned)) == [4]


def test_what_is_no_result_is_refused(make_bench):
    bench = make_bench({"Probe": schema_node(lambda cls: 5)})
    error = bench.run({"1": api("Probe"), "2": api("Show", value=["1", 0])}).error
    assert "io.NodeOutput" in error.hint


def test_blocking_stops_what_follows(make_bench):
    for returned in (io.NodeOutput(block_execution="enough"), ExecutionBlocker("enough")):
        bench = make_bench({"Probe": schema_node(lambda cls, returned=returned: returned)})
        outcome = bench.run({"1": api("Probe"), "2": api("Show", value=["1", 0])})
        assert (outcome.status, outcome.blocked) == ("completed", {"2": "enough"})


def test_ui_helpers_are_written_out(make_bench):
    class Helper:
        def as_dict(self):
            return {"images": [1]}

    cls = schema_node(lambda cls: io.NodeOutput(ui=Helper()), outputs=(), is_output_node=True)
    assert make_bench({"Probe": cls}).run({"1": api("Probe")}).ui == {"1": {"images": [1]}}


def test_schema_nodes_expand(shown):
    def execute(cls, a):
        builder = GraphBuilder()
        return io.NodeOutput(builder.node("Add", a=a, b=10).out(0), expand=builder.finalize())

    assert shown(schema_node(execute, [NUMBER], enable_expand=True), a=3) == [13]


def test_async_schema_nodes_run_side_by_side(make_bench):
    there = []

    async def execute(cls, a):
        there.append(a)
        while len(there) < 2:
            await asyncio.sleep(0)
        return io.NodeOutput(a)

    bench = make_bench({"Probe": schema_node(execute, [NUMBER])})
    graph = {
        "1": api("Probe", a=1),
        "2": api("Probe", a=2),
        "3": api("Add", a=["1", 0], b=["2", 0]),
        "4": api("Show", value=["3", 0]),
    }
    assert bench.shown(graph) == [3]


def test_hidden_values_are_on_the_class(shown):
    cls = schema_node(
        lambda cls: io.NodeOutput((cls.hidden.unique_id, cls.hidden.prompt, cls.hidden.of_tomorrow)),
        hidden=[io.Hidden.unique_id],
    )
    assert shown(cls) == [("1", None, None)]


def test_output_nodes_get_prompt_and_metadata_without_asking(make_bench):
    seen = []
    cls = schema_node(
        lambda cls: seen.append((cls.hidden.prompt, cls.hidden.extra_pnginfo)),
        outputs=(),
        is_output_node=True,
    )
    graph = {"1": api("Probe")}
    make_bench({"Probe": cls}).run(graph, extra={"extra_pnginfo": {"workflow": 1}})
    assert seen == [(graph, {"workflow": 1})]


def test_what_a_node_sets_on_its_class_is_gone_after_the_call(make_bench):
    def execute(cls, a):
        cls.count = getattr(cls, "count", 0) + 1
        return io.NodeOutput(cls.count)

    bench = make_bench({"Probe": schema_node(execute, [NUMBER])})
    for value in (1, 2):
        assert bench.shown({"1": api("Probe", a=value), "2": api("Show", value=["1", 0])}) == [1]


def test_lists_map_as_in_the_plain_form(shown):
    doubled = schema_node(lambda cls, a: io.NodeOutput(a * 2), [NUMBER])
    assert shown(doubled, a=["m", 0]) == [0, 2, 4]
    total = schema_node(lambda cls, a: io.NodeOutput(sum(a)), [NUMBER], is_input_list=True)
    assert shown(total, a=["m", 0]) == [3]
    spread = schema_node(lambda cls: io.NodeOutput([7, 8]), outputs=[io.Int.Output(is_output_list=True)])
    assert shown(spread) == [7, 8]


def test_lazy_inputs_are_asked_for(make_bench):
    cls = schema_node(
        lambda cls, yes=None, no=None: io.NodeOutput(yes),
        [io.Int.Input("yes", lazy=True), io.Int.Input("no", lazy=True)],
        methods={"check_lazy_status": lambda cls, yes=None, no=None: ["yes"] if yes is None else []},
    )
    bench = make_bench({"Probe": cls})
    graph = {
        "y": api("Number", value=1), "n": api("Number", value=2),
        "1": api("Probe", yes=["y", 0], no=["n", 0]), "2": api("Show", value=["1", 0]),
    }  # fmt: skip
    assert bench.shown(graph) == [1]
    assert "n" not in bench.ran


def test_fingerprints_decide_on_reruns(make_bench):
    cls = schema_node(lambda cls: io.NodeOutput(1), methods={"fingerprint_inputs": lambda cls: float("nan")})
    bench = make_bench({"Probe": cls})
    graph = {"1": api("Probe"), "2": api("Show", value=["1", 0])}
    bench.shown(graph)
    bench.shown(graph)
    assert bench.ran == ["1", "2"]


def test_all_inputs_can_be_accepted(shown):
    cls = schema_node(lambda cls, **inputs: io.NodeOutput(inputs), accept_all_inputs=True)
    assert shown(cls, x=1, y=["n", 0]) == [{"x": 1, "y": 5}]


def test_undeclared_literals_are_dropped_otherwise(shown):
    cls = schema_node(lambda cls, **inputs: io.NodeOutput(inputs))
    assert shown(cls, x=1, y=["n", 0]) == [{"y": 5}]


def error_types(classes, cls, **inputs):
    graph = {"n": api("Number", value=5), "1": api("Probe", **inputs), "2": api("Show", value=["1", 0])}
    result = validate(graph, {**classes, "Probe": cls})
    return [error["type"] for error in result.node_errors.get("1", {"errors": []})["errors"]]


def test_standard_checks_hold(classes):
    cls = schema_node(lambda cls, a: None, [NUMBER])
    assert error_types(classes, cls, a=11) == ["value_bigger_than_max"]
    assert error_types(classes, cls) == ["required_input_missing"]


def test_validate_inputs_is_asked_and_takes_checks_over(classes):
    cls = schema_node(
        lambda cls, a: None, [NUMBER], methods={"validate_inputs": lambda cls, a: a != 12 or "not twelve"}
    )
    assert error_types(classes, cls, a=11) == []
    assert error_types(classes, cls, a=12) == ["custom_validation_failed"]


def test_a_definition_has_all_22_keys():
    cls = schema_node(
        lambda cls: None,
        [NUMBER, io.Image.Input("image", optional=True, tooltip="what")],
        [io.Image.Output(display_name="result"), io.Mask.Output(tooltip="t", is_output_list=True)],
        display_name="The probe",
        category="testing",
        is_output_node=True,
        is_deprecated=True,
        search_aliases=["p"],
    )
    entry = describe("Probe", cls, "mine")
    assert set(entry) == KEYS
    assert entry["input"] == {
        "required": {"a": ["INT", {"default": 1, "min": 0, "max": 10}]},
        "optional": {"image": ["IMAGE", {"tooltip": "what"}]},
        "hidden": {"prompt": ["PROMPT"], "extra_pnginfo": ["EXTRA_PNGINFO"]},
    }
    assert entry["input_order"]["required"] == ["a"]
    assert (entry["output"], entry["output_name"]) == (["IMAGE", "MASK"], ["result", "MASK"])
    assert (entry["output_is_list"], entry["output_tooltips"]) == ([False, True], [None, "t"])
    assert (entry["name"], entry["display_name"], entry["python_module"]) == ("Probe", "The probe", "mine")
    assert (entry["output_node"], entry["deprecated"], entry["search_aliases"]) == (True, True, ["p"])
    assert (entry["price_badge"], entry["output_matchtypes"]) == (None, None)


def test_contradictions_in_a_schema_are_refused():
    cls = schema_node(lambda cls: None, [NUMBER, NUMBER])
    with pytest.raises(Exception, match="more than one input called a"):
        describe("Probe", cls, "m")
