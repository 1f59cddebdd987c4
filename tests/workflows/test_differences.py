"""What changed between two graphs, whatever their nodes are numbered."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_workflows.differences import Retitling, Rewiring, WidgetChange, diff

Json = dict[str, Any]


def renumbered(graph: Json, names: dict[str, str]) -> Json:
    def value(item: Any) -> Any:
        return [names[item[0]], item[1]] if isinstance(item, list) else item

    return {
        names[node_id]: {**node, "inputs": {key: value(item) for key, item in node["inputs"].items()}}
        for node_id, node in graph.items()
    }


def test_a_graph_does_not_differ_from_itself(text_to_image: Json) -> None:
    changes = diff(text_to_image, copy.deepcopy(text_to_image))
    assert not changes
    assert changes.to_text() == ""
    assert changes.renumbered == {}


def test_renumbering_is_no_difference(text_to_image: Json) -> None:
    names = {node_id: str(100 - int(node_id)) for node_id in text_to_image}
    changes = diff(text_to_image, renumbered(text_to_image, names))
    assert not changes
    assert changes.renumbered == names


def test_ids_that_were_swapped_are_no_difference(text_to_image: Json) -> None:
    names = {node_id: node_id for node_id in text_to_image} | {"6": "7", "7": "6"}
    assert not diff(text_to_image, renumbered(text_to_image, names))


def test_a_changed_value_is_named_with_both_values(text_to_image: Json) -> None:
    new = renumbered(text_to_image, {node_id: f"9{node_id}" for node_id in text_to_image})
    new["93"]["inputs"]["steps"] = 30
    new["96"]["inputs"]["text"] = "a dog"
    changes = diff(text_to_image, new)
    assert changes.widgets == (
        WidgetChange("96", "text", "a cat", "a dog"),
        WidgetChange("93", "steps", 20, 30),
    )
    assert (changes.added, changes.removed, changes.rewired, changes.retitled) == ((), (), (), ())
    assert changes.to_text().splitlines() == [
        "~ node 96 ('Prompt', CLIPTextEncode) text: 'a cat' → 'a dog'",
        "~ node 93 (KSampler) steps: 20 → 30",
    ]


def test_a_node_put_between_is_added_and_rewired(text_to_image: Json) -> None:
    new = copy.deepcopy(text_to_image)
    new["20"] = {"class_type": "Lora", "inputs": {"model": ["4", 0], "strength": 1.0}}
    new["3"]["inputs"]["model"] = ["20", 0]
    changes = diff(text_to_image, new)
    assert changes.added == ("20",)
    assert changes.rewired == (Rewiring("3", "model", ("4", 0), ("20", 0)),)
    assert changes.to_text().splitlines() == [
        "+ node 20 (Lora)",
        "~ node 3 (KSampler) model: from node 4 (CheckpointLoaderSimple) output 0 to node 20 (Lora) output 0",
    ]


def test_a_node_taken_away_is_removed(text_to_image: Json) -> None:
    new = copy.deepcopy(text_to_image)
    del new["7"]
    del new["3"]["inputs"]["negative"]
    changes = diff(text_to_image, new)
    assert changes.removed == ("7",)
    assert changes.rewired == (Rewiring("3", "negative", ("7", 0), None),)
    assert "from node 7 ('Negative', CLIPTextEncode) output 0 to nothing" in changes.to_text()


def test_another_class_under_the_same_id_is_another_node(text_to_image: Json) -> None:
    new = copy.deepcopy(text_to_image)
    new["9"]["class_type"] = "PreviewImage"
    changes = diff(text_to_image, new)
    assert (changes.added, changes.removed) == (("9",), ("9",))


def test_a_link_in_place_of_a_value_is_both(text_to_image: Json) -> None:
    new = copy.deepcopy(text_to_image)
    new["20"] = {"class_type": "Number", "inputs": {"value": 3}}
    new["3"]["inputs"]["steps"] = ["20", 0]
    changes = diff(text_to_image, new)
    assert changes.rewired == (Rewiring("3", "steps", None, ("20", 0)),)
    assert changes.widgets == (WidgetChange("3", "steps", 20, None),)


def test_another_title_is_a_difference(text_to_image: Json) -> None:
    new = copy.deepcopy(text_to_image)
    new["6"]["_meta"]["title"] = "Text"
    assert diff(text_to_image, new).retitled == (Retitling("6", "Prompt", "Text"),)


@pytest.mark.parametrize(("before", "after", "differ"), [(1, 1.0, False), (1, True, True), (0, False, True)])
def test_numbers_are_compared_by_value_but_not_with_booleans(before: Any, after: Any, differ: bool) -> None:
    graphs = [{"1": {"class_type": "A", "inputs": {"x": value}}} for value in (before, after)]
    assert bool(diff(*graphs)) is differ


def test_json_names_all_kinds_of_changes(text_to_image: Json) -> None:
    new = copy.deepcopy(text_to_image)
    new["20"] = {"class_type": "Lora", "inputs": {"model": ["4", 0]}}
    new["3"]["inputs"] |= {"model": ["20", 0], "steps": 5}
    del new["9"]
    new["6"]["_meta"]["title"] = "Text"
    assert json.loads(json.dumps(diff(text_to_image, new).to_json())) == {
        "added": [{"id": "20", "class_type": "Lora", "title": "Lora"}],
        "removed": [{"id": "9", "class_type": "SaveImage", "title": "SaveImage"}],
        "widgets": [{"node": "3", "input": "steps", "before": 20, "after": 5}],
        "rewired": [{"node": "3", "input": "model", "before": ["4", 0], "after": ["20", 0]}],
        "retitled": [{"node": "6", "before": "Prompt", "after": "Text"}],
        "renumbered": {},
    }


def test_long_chains_that_changed_everywhere_are_compared() -> None:
    def chain(value: int) -> Json:
        first = {"0": {"class_type": "Start", "inputs": {}}}
        return first | {
            str(at): {"class_type": "A", "inputs": {"x": [str(at - 1), 0], "v": value}}
            for at in range(1, 5000)
        }

    new = renumbered(chain(2), {node_id: f"n{node_id}" for node_id in chain(2)})
    changes = diff(chain(1), new)
    assert (len(changes.widgets), len(changes.renumbered), changes.rewired) == (4999, 5000, ())


NODES = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(0, 1), st.lists(st.integers(0, 9), max_size=2)), max_size=8
)


def built(nodes: list[Any]) -> Json:
    """A graph whose nodes take only nodes before them."""
    return {
        str(at): {
            "class_type": kind,
            "inputs": {"v": value} | {f"in{n}": [str(s % at), 0] for n, s in enumerate(sources) if at},
        }
        for at, (kind, value, sources) in enumerate(nodes)
    }


@given(NODES, st.randoms())
def test_any_renumbering_is_no_difference(nodes: list[Any], random: Any) -> None:
    graph = built(nodes)
    ids = [f"n{at}" for at in range(len(graph))]
    random.shuffle(ids)
    other = renumbered(graph, dict(zip(graph, ids, strict=True)))
    shuffled = list(other.items())
    random.shuffle(shuffled)
    unique = len({json.dumps(node["inputs"]["v"]) + node["class_type"] for node in graph.values()})
    changes = diff(graph, dict(shuffled))
    assert (changes.added, changes.removed) == ((), ())
    if unique == len(graph):
        assert not changes


@given(NODES, NODES)
def test_every_node_is_kept_added_or_removed(one: list[Any], two: list[Any]) -> None:
    old, new = built(one), built(two)
    changes = diff(old, new)
    assert len(old) - len(changes.removed) == len(new) - len(changes.added)
    assert bool(changes) is bool(changes.to_text())
    assert not changes.renumbered or set(changes.renumbered) <= set(old) - set(changes.removed)
