"""Two changes of one workflow made one; what both changed differently is named."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_workflows.differences import diff
from flowscale_workflows.graphs import check
from flowscale_workflows.merging import merge_graphs, merge_ui

Json = dict[str, Any]


def changed(graph: Json, node: str, **inputs: Any) -> Json:
    new = copy.deepcopy(graph)
    new[node]["inputs"] |= inputs
    return new


def renumbered(graph: Json, by: int) -> Json:
    def value(item: Any) -> Any:
        return [str(int(item[0]) + by), item[1]] if isinstance(item, list) else item

    return {
        str(int(node_id) + by): {
            **node,
            "inputs": {name: value(item) for name, item in node["inputs"].items()},
        }
        for node_id, node in graph.items()
    }


def test_a_side_that_changed_nothing_gives_way(text_to_image: Json) -> None:
    new = changed(text_to_image, "3", steps=30)
    for ours, theirs in ((text_to_image, new), (new, text_to_image), (new, copy.deepcopy(new))):
        merged = merge_graphs(text_to_image, ours, theirs)
        assert (merged.conflicts, diff(merged.workflow, new).to_text()) == ((), "")


def test_changes_of_different_values_go_together_whatever_the_numbers(text_to_image: Json) -> None:
    ours = changed(text_to_image, "3", steps=30)
    theirs = renumbered(changed(text_to_image, "6", text="a dog"), 50)
    merged = merge_graphs(text_to_image, ours, theirs)
    assert merged.conflicts == ()
    assert merged.workflow["3"]["inputs"]["steps"] == 30
    assert merged.workflow["6"]["inputs"]["text"] == "a dog"
    assert merged.workflow.keys() == text_to_image.keys()


def test_a_value_that_both_changed_is_a_conflict_and_ours_stays(text_to_image: Json) -> None:
    ours, theirs = (changed(text_to_image, "3", steps=steps) for steps in (30, 40))
    merged = merge_graphs(text_to_image, ours, theirs)
    [conflict] = merged.conflicts
    assert str(conflict) == "node 3 steps: 20 became 30 and 40"
    assert (conflict.kind, merged.workflow["3"]["inputs"]["steps"]) == ("value", 30)


def test_the_same_change_on_both_sides_is_no_conflict(text_to_image: Json) -> None:
    ours, theirs = (changed(text_to_image, "3", steps=30) for _ in range(2))
    assert merge_graphs(text_to_image, ours, theirs).conflicts == ()


def test_new_nodes_of_both_sides_get_ids_of_their_own(text_to_image: Json) -> None:
    ours, theirs = copy.deepcopy(text_to_image), copy.deepcopy(text_to_image)
    ours["20"] = {"class_type": "ImageInvert", "inputs": {"image": ["8", 0]}}
    theirs["20"] = {"class_type": "ImageBlur", "inputs": {"image": ["8", 0]}}
    merged = merge_graphs(text_to_image, ours, theirs)
    new = {
        node_id: merged.workflow[node_id]["class_type"] for node_id in merged.workflow.keys() - text_to_image
    }
    assert (merged.conflicts, new) == ((), {"20": "ImageInvert", "21": "ImageBlur"})
    check(merged.workflow)


def test_the_same_node_added_twice_is_one(text_to_image: Json) -> None:
    ours, theirs = copy.deepcopy(text_to_image), copy.deepcopy(text_to_image)
    ours["20"] = theirs["33"] = {"class_type": "ImageInvert", "inputs": {"image": ["8", 0]}}
    merged = merge_graphs(text_to_image, ours, theirs)
    assert (merged.conflicts, len(merged.workflow)) == ((), len(text_to_image) + 1)


def test_a_node_removed_by_one_and_changed_by_the_other_stays_and_is_named(text_to_image: Json) -> None:
    ours = {node_id: node for node_id, node in copy.deepcopy(text_to_image).items() if node_id != "9"}
    theirs = changed(text_to_image, "9", filename_prefix="other")
    for one, other in ((ours, theirs), (theirs, ours)):
        merged = merge_graphs(text_to_image, one, other)
        assert [(item.kind, item.node) for item in merged.conflicts] == [("removed", "9")]
        assert merged.workflow["9"]["inputs"]["filename_prefix"] == "other"
    assert merge_graphs(text_to_image, ours, text_to_image).workflow.keys() == ours.keys()


def test_links_that_make_a_circle_only_together_are_a_conflict() -> None:
    base = {name: {"class_type": f"Kind{name}", "inputs": {"x": 1}} for name in "12"}
    ours, theirs = changed(base, "1", x=["2", 0]), changed(base, "2", x=["1", 0])
    [conflict] = merge_graphs(base, ours, theirs).conflicts
    assert conflict.kind == "cycle"
    assert "cycle" in str(conflict)


def test_a_removed_node_that_the_other_side_links_to_comes_back() -> None:
    base = {
        "1": {"class_type": "A", "inputs": {}},
        "2": {"class_type": "B", "inputs": {"x": 1}},
    }
    ours = {"2": base["2"]}
    theirs = changed(base, "2", x=["1", 0])
    merged = merge_graphs(base, ours, theirs)
    assert [(item.kind, item.node) for item in merged.conflicts] == [("removed", "1")]
    check(merged.workflow)


EDITS = st.lists(
    st.tuples(st.sampled_from(["3", "5", "6", "7", "9"]), st.sampled_from("abc"), st.integers(0, 3)),
    max_size=6,
)


@given(EDITS, EDITS)
def test_every_merge_is_sound_and_the_same_from_both_sides(mine: Any, other: Any) -> None:
    base = {
        node_id: {"class_type": f"Kind{node_id}", "inputs": {"a": 0, "b": 0}}
        for node_id in ("3", "5", "6", "7", "9")
    }
    ours, theirs = copy.deepcopy(base), copy.deepcopy(base)
    for side, edits in ((ours, mine), (theirs, other)):
        for node_id, name, value in edits:
            side[node_id]["inputs"][name] = value
    one, two = merge_graphs(base, ours, theirs), merge_graphs(base, theirs, ours)
    assert len(one.conflicts) == len(two.conflicts)
    if not one.conflicts:
        assert one.workflow == two.workflow
    check(one.workflow)


@pytest.fixture
def ui() -> Json:
    return {
        "last_node_id": 2,
        "last_link_id": 1,
        "nodes": [
            {
                "id": 1,
                "type": "LoadImage",
                "pos": [0, 0],
                "size": [100, 50],
                "mode": 0,
                "inputs": [],
                "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}],
                "widgets_values": ["cat.png", "image"],
                "properties": {},
            },
            {
                "id": 2,
                "type": "SaveImage",
                "pos": [200, 0],
                "size": [100, 50],
                "mode": 0,
                "inputs": [{"name": "images", "type": "IMAGE", "link": 1}],
                "outputs": [],
                "widgets_values": ["ComfyUI"],
                "properties": {},
            },
        ],
        "links": [[1, 1, 0, 2, 0, "IMAGE"]],
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def test_files_of_the_editor_merge_with_positions_and_values(ui: Json) -> None:
    ours, theirs = copy.deepcopy(ui), copy.deepcopy(ui)
    ours["nodes"][0]["pos"] = [50, 50]
    ours["nodes"][0]["widgets_values"][0] = "dog.png"
    theirs["nodes"][1]["widgets_values"] = ["Best"]
    theirs["nodes"][0]["pos"] = [9, 9]
    merged = merge_ui(ui, ours, theirs)
    assert merged.conflicts == ()
    first, second = merged.workflow["nodes"]
    assert (first["pos"], first["widgets_values"], second["widgets_values"]) == (
        [50, 50],
        ["dog.png", "image"],
        ["Best"],
    )
    assert merged.workflow["links"] == [[1, 1, 0, 2, 0, "IMAGE"]]


def test_a_node_between_and_a_value_elsewhere_go_together(ui: Json) -> None:
    ours, theirs = copy.deepcopy(ui), copy.deepcopy(ui)
    slots = {"inputs": [{"name": "image", "type": "IMAGE", "link": 2}]}
    slots["outputs"] = [{"name": "IMAGE", "type": "IMAGE", "links": [1]}]
    ours["nodes"].append(
        {"id": 3, "type": "ImageInvert", "pos": [1, 1], "mode": 0, "properties": {}, **slots}
    )
    ours["links"] = [[2, 1, 0, 3, 0, "IMAGE"], [1, 3, 0, 2, 0, "IMAGE"]]
    theirs["nodes"].append({"id": 3, "type": "Note", "pos": [2, 2], "mode": 0, "widgets_values": ["hello"]})
    merged = merge_ui(ui, ours, theirs)
    assert merged.conflicts == ()
    kinds = {node["id"]: node["type"] for node in merged.workflow["nodes"]}
    assert kinds == {1: "LoadImage", 2: "SaveImage", 3: "ImageInvert", 4: "Note"}
    ends = sorted((link[1], link[3]) for link in merged.workflow["links"])
    assert (ends, merged.workflow["last_node_id"]) == ([(1, 3), (3, 2)], 4)


def test_conflicts_in_files_of_the_editor_are_named(ui: Json) -> None:
    ours, theirs = copy.deepcopy(ui), copy.deepcopy(ui)
    ours["nodes"][1]["widgets_values"], theirs["nodes"][1]["widgets_values"] = ["a"], ["b"]
    theirs["nodes"][0]["mode"], ours["nodes"][0]["mode"] = 2, 4
    told = [str(conflict) for conflict in merge_ui(ui, ours, theirs).conflicts]
    assert told == ["node 1 mode: 0 became 4 and 2", "node 2 widget 0: 'ComfyUI' became 'a' and 'b'"]
