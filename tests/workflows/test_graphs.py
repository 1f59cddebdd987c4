"""What a graph must keep to, and how nodes are found in it."""

import copy
from typing import Any

import pytest

from flowscale_workflows import graphs
from flowscale_workflows.errors import GraphError

Json = dict[str, Any]


def test_a_sound_graph_passes_unchanged(text_to_image: Json) -> None:
    before = copy.deepcopy(text_to_image)
    assert graphs.check(text_to_image) is text_to_image
    assert text_to_image == before


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        ([], "a list"),
        ({}, "no nodes"),
        ({"1": []}, "Node 1 is a list"),
        ({"1": {"inputs": {}}}, "Node 1 has no class_type"),
        ({"1": {"class_type": 5}}, "Node 1 has no class_type"),
        ({"1": {"class_type": "A", "inputs": [1]}}, "inputs of node 1 are a list"),
        ({"": {"class_type": "A", "inputs": {}}}, "Node ids"),
        (
            {"1": {"class_type": "A", "inputs": {"x": ["2", 0]}}},
            "Input 'x' of node 1 (A) is linked to node 2",
        ),
        ({"1": {"class_type": "A", "inputs": {"x": ["1", -1]}}}, "negative output slot"),
    ],
)
def test_a_broken_graph_is_refused_with_the_place(graph: object, said: str) -> None:
    with pytest.raises(GraphError) as caught:
        graphs.check(graph)
    assert said in str(caught.value)


def test_a_cycle_is_refused_naming_its_nodes() -> None:
    graph = {
        "1": {"class_type": "A", "inputs": {"x": ["2", 0]}},
        "2": {"class_type": "A", "inputs": {"x": ["1", 0]}},
    }
    with pytest.raises(GraphError, match=r"cycle: (1 → 2 → 1|2 → 1 → 2)"):
        graphs.check(graph)


def test_a_hundred_thousand_nodes_are_refused() -> None:
    graph = {str(number): {"class_type": "A", "inputs": {}} for number in range(100_000)}
    with pytest.raises(GraphError, match="100,000 nodes; at most 50,000"):
        graphs.check(graph)


def test_a_long_chain_passes() -> None:
    graph: Json = {"0": {"class_type": "A", "inputs": {}}}
    graph |= {str(i): {"class_type": "A", "inputs": {"x": [str(i - 1), 0]}} for i in range(1, 20_000)}
    assert graphs.order(graphs.check(graph))[-1] == "19999"


def test_deep_json_is_refused() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(GraphError, match="nested more than 100"):
        graphs.check({"1": {"class_type": "A", "inputs": {"x": deep}}})


def test_sources_come_before_consumers(text_to_image: Json) -> None:
    order = graphs.order(text_to_image)
    assert set(order) == set(text_to_image)
    for link in graphs.links(text_to_image):
        assert order.index(link.source) < order.index(link.node)


@pytest.mark.parametrize("value", [["4", 0], ["a:b", 3]])
def test_a_text_and_a_slot_are_a_link(value: object) -> None:
    assert graphs.is_link(value)


@pytest.mark.parametrize("value", ["4", ["4"], [4, 0], ["4", "0"], ["4", True], ["4", 0, 1], ("4", 0), None])
def test_anything_else_is_a_literal(value: object) -> None:
    assert not graphs.is_link(value)


@pytest.mark.parametrize(
    ("reference", "place"),
    [("6.text", ("6", "text")), ("Prompt.text", ("6", "text")), ("KSampler.cfg", ("3", "cfg"))],
)
def test_widgets_are_found_by_id_title_or_class(
    text_to_image: Json, reference: str, place: tuple[str, str]
) -> None:
    assert graphs.find(text_to_image, reference) == place


def test_titles_and_widgets_may_hold_dots() -> None:
    graph = {"1": {"class_type": "A", "inputs": {"mode.width": 1}, "_meta": {"title": "v1.5 size"}}}
    assert graphs.find(graph, "v1.5 size.mode.width") == ("1", "mode.width")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("text", "not of the form"),
        ("Promt.text", "Did you mean 'Prompt'"),
        ("CLIPTextEncode.text", "nodes 6, 7"),
    ],
)
def test_an_unclear_reference_is_refused(text_to_image: Json, reference: str, said: str) -> None:
    with pytest.raises(GraphError) as caught:
        graphs.find(text_to_image, reference)
    assert said in str(caught.value)


def test_nodes_are_found_by_id_or_title(text_to_image: Json) -> None:
    assert graphs.find_node(text_to_image, "9") == "9"
    assert graphs.find_node(text_to_image, "Negative") == "7"
    assert graphs.find_node(text_to_image, "9.images") == "9"


def test_api_and_editor_form_are_told_apart(text_to_image: Json) -> None:
    assert graphs.is_api(text_to_image)
    assert not graphs.is_ui(text_to_image)
    assert graphs.is_ui({"nodes": [], "links": []})
    assert not graphs.is_api({"nodes": [], "links": []})
    assert not graphs.is_api({})
