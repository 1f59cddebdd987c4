"""GraphBuilder: writing graphs."""

from __future__ import annotations

from flowscale_runtime.graph import GraphBuilder
from flowscale_runtime.graph.builder import add_graph_prefix


def test_nodes_are_numbered_under_the_prefix():
    builder = GraphBuilder(prefix="p.")
    first = builder.node("A", x=1)
    second = builder.node("B", y=first.out(2))
    assert (first.id, second.id) == ("p.1", "p.2")
    assert builder.finalize() == {
        "p.1": {"class_type": "A", "inputs": {"x": 1}},
        "p.2": {"class_type": "B", "inputs": {"y": ["p.1", 2]}},
    }


def test_a_named_node_is_found_again():
    builder = GraphBuilder(prefix="p.")
    node = builder.node("A", "loop", x=1)
    assert builder.node("A", "loop") is node
    assert builder.lookup_node("loop") is node
    assert builder.lookup_node("other") is None


def test_inputs_can_be_set_read_and_taken_away():
    node = GraphBuilder(prefix="").node("A", x=1)
    node.set_input("y", 2)
    node.set_input("x", None)
    assert (node.get_input("x"), node.get_input("y"), node.inputs) == (None, 2, {"y": 2})


def test_nodes_can_be_removed():
    builder = GraphBuilder(prefix="")
    builder.node("A", "a")
    builder.remove_node("a")
    assert builder.finalize() == {}


def test_an_output_can_be_replaced_wherever_it_goes():
    builder = GraphBuilder(prefix="p.")
    builder.node("A", "a")
    first = builder.node("B", x=["p.a", 0], y=["p.a", 1])
    second = builder.node("B", x=["p.a", 0])
    builder.replace_node_output("a", 0, ["9", 3])
    builder.replace_node_output("a", 1, None)
    assert first.inputs == {"x": ["9", 3]}
    assert second.inputs == {"x": ["9", 3]}


def test_the_display_override_is_written():
    builder = GraphBuilder(prefix="")
    builder.node("A", "a").set_override_display_id("7")
    assert builder.finalize() == {"a": {"class_type": "A", "inputs": {}, "override_display_id": "7"}}


def test_prefixes_move_a_whole_graph():
    graph = {
        "a": {"class_type": "A", "inputs": {"x": ["b", 0], "y": [1, 2]}},
        "b": {"class_type": "B", "inputs": {}},
    }
    moved, outputs = add_graph_prefix(graph, [["a", 0], 5], "p.")
    assert set(moved) == {"p.a", "p.b"}
    assert moved["p.a"]["inputs"] == {"x": ["p.b", 0], "y": [1, 2]}
    assert outputs == (["p.a", 0], 5)
