"""From what runs to what the editor opens, and back; pictures of differences."""

import itertools
import xml.etree.ElementTree as ET
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flowscale_workflows.conversion import to_api
from flowscale_workflows.conversion.to_ui import to_ui
from flowscale_workflows.differences import diff
from flowscale_workflows.layout import SLOWEST, Box, placed
from flowscale_workflows.picture import drawn

Json = dict[str, Any]
DEFINITIONS: Json = {
    "Sampler": {
        "input": {
            "required": {
                "model": ["MODEL", {}],
                "seed": ["INT", {"default": 0}],
                "steps": ["INT", {"default": 20}],
                "name": [["euler", "heun"], {}],
            },
            "optional": {"text": ["STRING", {}]},
        },
        "output": ["LATENT", "MODEL"],
        "output_name": ["LATENT", "model"],
    }
}


def node(model: Any = None, **inputs: Any) -> Json:
    given = {"seed": 1, "steps": 20, "name": "euler", "text": "", **inputs}
    return {"class_type": "Sampler", "inputs": {**given, **({"model": model} if model else {})}}


def plain(graph: Json) -> Json:
    """A graph without titles, which the editor's form always has."""
    return {name: {key: one[key] for key in ("class_type", "inputs")} for name, one in graph.items()}


def test_there_and_back_is_the_same_graph() -> None:
    graph = {"1": node(steps=5), "2": node(["1", 1], seed=7, text="a"), "7": node(["2", 1], name="heun")}
    ui = to_ui(graph, DEFINITIONS)
    assert plain(to_api(ui, DEFINITIONS)) == graph
    assert ui["nodes"][1]["widgets_values"] == [7, "fixed", 20, "euler", "a"]
    assert (ui["last_node_id"], len(ui["links"])) == (7, 2)


def test_classes_that_nobody_defines_keep_their_values_by_name() -> None:
    graph = {
        "1": {"class_type": "Thing", "inputs": {"a": 1, "b": "x"}},
        "2": {"class_type": "Other", "inputs": {"thing": ["1", 2], "on": True}},
    }
    assert plain(to_api(to_ui(graph, {}), {})) == graph


def test_ids_of_unfolded_subgraphs_become_numbers() -> None:
    graph = {"12:5": node(), "12:6": node(["12:5", 1]), "13": node(["12:6", 1])}
    ui = to_ui(graph, DEFINITIONS)
    assert [one["id"] for one in ui["nodes"]] == [14, 15, 13]
    assert not diff(graph, plain(to_api(ui, DEFINITIONS)))


def test_nodes_stand_right_of_what_feeds_them_and_none_covers_another(text_to_image: Json) -> None:
    nodes = {str(one["id"]): one for one in to_ui(text_to_image, {})["nodes"]}
    for name, one in text_to_image.items():
        for value in one["inputs"].values():
            if isinstance(value, list):
                assert nodes[value[0]]["pos"][0] < nodes[name]["pos"][0]
    boxes = [Box(*one["pos"], *one["size"]) for one in nodes.values()]
    assert not any(covers(one, other) for one in boxes for other in boxes if one is not other)


def covers(one: Box, other: Box) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


@settings(max_examples=20)
@given(
    st.integers(1, 12).flatmap(
        lambda count: st.tuples(
            st.just(count),
            st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=20),
        )
    )
)
def test_any_graph_gets_a_place_for_each_node(drawing: Any) -> None:
    count, pairs = drawing
    names = [str(number) for number in range(count)]
    links = [(str(min(pair)), str(max(pair))) for pair in pairs]
    boxes = list(placed(names, links, lambda _: (100.0, 50.0)).values())
    assert len(boxes) == count
    assert not any(covers(one, other) for one in boxes for other in boxes if one is not other)


def test_a_very_large_graph_is_placed_by_depth() -> None:
    names = [str(number) for number in range(SLOWEST + 1)]
    boxes = placed(names, list(itertools.pairwise(names)), lambda _: (100.0, 50.0))
    assert [boxes[name].x for name in ("0", "1", str(SLOWEST))] == [0.0, 180.0, 180.0 * SLOWEST]


def test_the_picture_shows_what_came_went_and_changed(text_to_image: Json) -> None:
    new = {name: {**one, "inputs": dict(one["inputs"])} for name, one in text_to_image.items()}
    new["3"]["inputs"]["steps"] = 30
    new["20"] = {"class_type": "ImageInvert", "inputs": {"image": ["8", 0]}}
    del new["9"]
    svg = drawn(diff(text_to_image, new))
    texts = [one.text for one in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert "steps: 20 → 30" in texts
    assert {"ImageInvert", "SaveImage"} <= {text for text in texts if text}
    fills = [one.get("fill") for one in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")]
    assert (fills.count("#dcfce7"), fills.count("#fee2e2"), fills.count("#fef3c7")) == (1, 1, 1)
