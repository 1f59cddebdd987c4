"""The editor's form becomes the executable form, as the editor itself would send it."""

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_workflows import conversion, graphs
from flowscale_workflows.errors import ConversionError, WorkflowError

Json = dict[str, Any]
MakeEditor = Callable[[], Any]
MUTED, BYPASSED = 2, 4


def inputs(file: Json, definitions: Json) -> Json:
    """The inputs of every node of the converted file, which must be a sound graph."""
    graph = conversion.to_api(file, definitions)
    if graph:
        graphs.check(graph)
    return {node_id: node["inputs"] for node_id, node in graph.items()}


def test_values_and_links_are_written(editor: MakeEditor, definitions: Json) -> None:
    file = editor()
    file.node(1, "LoadImage", "a.png", "image").node(2, "Blur", 5, title="Softer").node(3, "SaveImage", "out")
    file.link(1, 0, 2, "image", "IMAGE").link(2, 0, 3, "images", "IMAGE")
    before = copy.deepcopy(file.file())
    assert conversion.to_api(file.file(), definitions) == {
        "1": {"inputs": {"image": "a.png"}, "class_type": "LoadImage", "_meta": {"title": "LoadImage"}},
        "2": {
            "inputs": {"radius": 5, "image": ["1", 0]},
            "class_type": "Blur",
            "_meta": {"title": "Softer"},
        },
        "3": {
            "inputs": {"filename_prefix": "out", "images": ["2", 0]},
            "class_type": "SaveImage",
            "_meta": {"title": "SaveImage"},
        },
    }
    assert file.file() == before


def test_the_title_is_the_display_name_unless_given(editor: MakeEditor, definitions: Json) -> None:
    graph = conversion.to_api(editor().node(2, "Blur", 5).file(), definitions)
    assert graph["2"]["_meta"] == {"title": "Blur it"}


def test_links_may_be_objects(editor: MakeEditor, definitions: Json) -> None:
    file = editor().node(1, "LoadImage", "a.png").node(2, "Blur", 5).link(1, 0, 2, "image").file()
    file["links"] = [{"id": 1, "origin_id": 1, "origin_slot": 0, "target_id": 2, "target_slot": 0}]
    assert inputs(file, definitions)["2"] == {"radius": 5, "image": ["1", 0]}


class TestWidgets:
    def test_the_control_slot_behind_a_seed_is_skipped(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(3, "KSampler", 7, "randomize", 4, 1.5, "heun").file()
        assert inputs(file, definitions)["3"] == {"seed": 7, "steps": 4, "cfg": 1.5, "sampler_name": "heun"}

    @pytest.mark.parametrize(
        "option", [{}, {"control_after_generate": True}, {"control_after_generate": "fixed"}]
    )
    def test_a_seed_has_a_control_slot_unless_switched_off(
        self, editor: MakeEditor, entry: Any, option: Json
    ) -> None:
        known = {"N": entry({"noise_seed": ["INT", option], "a": ["INT", {}]})}
        assert inputs(editor().node(1, "N", 7, "fixed", 2).file(), known)["1"] == {"noise_seed": 7, "a": 2}

    def test_a_seed_whose_control_is_off_has_none(self, editor: MakeEditor, entry: Any) -> None:
        known = {"N": entry({"seed": ["INT", {"control_after_generate": False}], "a": ["STRING", {}]})}
        assert inputs(editor().node(1, "N", 7, "fixed").file(), known)["1"] == {"seed": 7, "a": "fixed"}

    def test_required_widgets_come_before_optional_ones(self, editor: MakeEditor, entry: Any) -> None:
        known = {"N": entry({"b": ["INT", {}], "a": ["INT", {}]}, {"c": ["STRING", {}]})}
        assert inputs(editor().node(1, "N", 1, 2, "x").file(), known)["1"] == {"b": 1, "a": 2, "c": "x"}

    def test_the_declared_order_wins_over_the_order_of_keys(self, editor: MakeEditor, entry: Any) -> None:
        known = {"N": entry({"b": ["INT", {}], "a": ["INT", {}]}) | {"input_order": {"required": ["a", "b"]}}}
        assert inputs(editor().node(1, "N", 1, 2).file(), known)["1"] == {"a": 1, "b": 2}

    def test_sockets_hold_no_value(self, editor: MakeEditor, entry: Any) -> None:
        known = {"N": entry({"x": ["LATENT", {}], "f": ["INT", {"forceInput": True}], "a": ["INT", {}]})}
        assert inputs(editor().node(1, "N", 3).file(), known)["1"] == {"a": 3}

    def test_a_type_of_its_own_may_have_a_widget(self, editor: MakeEditor, entry: Any) -> None:
        known = {"N": entry({"x": ["INT,FLOAT", {"widgetType": "FLOAT"}], "a": ["INT", {}]})}
        assert inputs(editor().node(1, "N", 0.5, 3).file(), known)["1"] == {"x": 0.5, "a": 3}

    def test_dummies_of_old_files_are_dropped(self, editor: MakeEditor, entry: Any) -> None:
        known = {
            "N": entry(
                {
                    "a": ["INT", {}],
                    "f": ["STRING", {"forceInput": True}],
                    "seed": ["INT", {}],
                    "b": ["INT", {}],
                }
            )
        }
        old = editor().node(1, "N", 1, "dummy", 2, "fixed", 3).file()
        new = editor().node(1, "N", 1, 2, "fixed", 3).file()
        assert inputs(old, known) == inputs(new, known) == {"1": {"a": 1, "seed": 2, "b": 3}}

    def test_missing_values_are_the_defaults(self, editor: MakeEditor, definitions: Json) -> None:
        assert inputs(editor().node(5, "EmptyLatentImage", 64).file(), definitions)["5"] == {
            "width": 64,
            "height": 512,
            "batch_size": 1,
        }
        assert inputs(editor().node(5, "LoadImage").file(), definitions)["5"] == {"image": "a.png"}

    @pytest.mark.parametrize(
        ("values", "wanted"),
        [
            (["size", 8, 9, "area"], {"mode": "size", "mode.width": 8, "mode.height": 9, "method": "area"}),
            (["factor", 1.5, "area"], {"mode": "factor", "mode.by": 1.5, "method": "area"}),
            (["unheard of", "area"], {"mode": "unheard of", "method": "area"}),
        ],
    )
    def test_a_dynamic_choice_brings_its_own_inputs(
        self, editor: MakeEditor, definitions: Json, values: list[Any], wanted: Json
    ) -> None:
        assert inputs(editor().node(1, "Resize", *values).file(), definitions)["1"] == wanted

    def test_names_win_over_the_declared_order(self, editor: MakeEditor, definitions: Json) -> None:
        named = {"gone": 5, "seed": 1, "control_after_generate": "fixed", "sampler_name": "heun", "cfg": 2.0}
        file = editor().node(3, "KSampler", *named.values(), widgets_values_named=named).file()
        assert inputs(file, definitions)["3"] == {"seed": 1, "steps": 20, "cfg": 2.0, "sampler_name": "heun"}

    def test_the_list_has_the_values_and_the_names_their_places(
        self, editor: MakeEditor, definitions: Json
    ) -> None:
        file = (
            editor().node(5, "EmptyLatentImage", 1, 2, widgets_values_named={"height": 8, "width": 9}).file()
        )
        assert inputs(file, definitions)["5"] == {"height": 1, "width": 2, "batch_size": 1}

    @pytest.mark.parametrize(
        ("values", "wanted"),
        [([7, "fixed", "fixed", 2.0], 2.0), ([7, "fixed", 2.0, "fixed"], 2.0), ([], 3.0), (None, 3.0)],
    )
    def test_names_find_their_places_past_further_controls(
        self, editor: MakeEditor, definitions: Json, values: Any, wanted: float
    ) -> None:
        named = {"seed": 7, "control_after_generate": "fixed", "cfg": 3.0}
        file = editor().node(3, "KSampler", widgets_values_named=named).file()
        file["nodes"][0]["widgets_values"] = values
        assert inputs(file, definitions)["3"]["cfg"] == wanted

    def test_values_may_be_an_object(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(2, "Blur", widgets_values={"radius": 8, "videopreview": {"hidden": True}}).file()
        assert inputs(file, definitions)["2"] == {"radius": 8}

    def test_lists_are_wrapped(self, editor: MakeEditor, entry: Any) -> None:
        known = {"N": entry({"x": [["a", "b"], {"multiselect": True}]})}
        assert inputs(editor().node(1, "N", ["a", 1]).file(), known)["1"] == {"x": {"__value__": ["a", 1]}}

    def test_inputs_that_the_class_dropped_are_left_out(self, editor: MakeEditor, definitions: Json) -> None:
        file = (
            editor().node(1, "LoadImage", "a.png").node(2, "Blur", 5).node(3, "Resize", "factor", 1.5, "area")
        )
        file.link(1, 0, 2, "gone", widget=True).link(1, 0, 2, "more").link(1, 0, 3, "mode.width", widget=True)
        found = inputs(file.file(), definitions)
        assert found["2"] == {"radius": 5, "more": ["1", 0]}
        assert found["3"] == {"mode": "factor", "mode.by": 1.5, "method": "area"}


class TestUnknownClasses:
    def test_named_values_are_taken(self, editor: MakeEditor) -> None:
        named = {"text": "x", "seed": 1, "control_after_generate": "fixed", "fixed": "fixed", "$$preview": 1}
        assert inputs(editor().node(1, "N", widgets_values_named=named).file(), {})["1"] == {
            "text": "x",
            "seed": 1,
        }

    def test_names_of_all_widgets_in_the_file_are_taken(self, editor: MakeEditor) -> None:
        slots = [
            {"name": name, "type": "INT", "widget": {"name": name}} for name in ("seed", "steps", "image")
        ]
        file = editor().node(1, "N", 7, "fixed", 20, "a.png", "image", inputs=slots).file()
        assert inputs(file, {})["1"] == {"seed": 7, "steps": 20, "image": "a.png"}

    def test_another_node_of_the_class_tells_the_names(self, editor: MakeEditor) -> None:
        file = (
            editor().node(1, "N", 1, "a").node(2, "N", 2, "b", widgets_values_named={"n": 2, "t": "b"}).file()
        )
        assert inputs(file, {}) == {"1": {"n": 1, "t": "a"}, "2": {"n": 2, "t": "b"}}

    def test_what_cannot_be_named_is_said(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(1, "N", 1, 2).node(2, "Blur", 5).link(1, 0, 2, "image").file()
        result = conversion.convert(file, definitions)
        assert (result.unknown_classes, result.unnamed) == (("N",), ("1",))
        assert result.graph["1"]["inputs"] == {}
        assert result.graph["2"]["inputs"] == {"radius": 5, "image": ["1", 0]}


class TestVirtualNodes:
    def test_notes_are_left_out(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(1, "Note", "x").node(2, "MarkdownNote", "y").node(3, "Blur", 1).file()
        assert list(inputs(file, definitions)) == ["3"]

    def test_reroutes_are_followed(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(1, "LoadImage", "a.png").node(2, "Reroute").node(3, "Reroute").node(4, "Blur", 1)
        file.link(1, 0, 2, "").link(2, 0, 3, "").link(3, 0, 4, "image")
        assert inputs(file.file(), definitions)["4"] == {"radius": 1, "image": ["1", 0]}

    def test_an_open_reroute_gives_nothing(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(3, "Reroute").node(4, "Blur", 1).link(3, 0, 4, "image")
        assert inputs(file.file(), definitions) == {"4": {"radius": 1}}

    def test_reroutes_in_a_circle_are_refused(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(2, "Reroute").node(3, "Reroute").node(4, "Blur", 1)
        file.link(3, 0, 2, "").link(2, 0, 3, "").link(3, 0, 4, "image")
        with pytest.raises(ConversionError, match="in a circle"):
            conversion.to_api(file.file(), definitions)

    def test_a_very_long_chain_of_reroutes_is_followed_once(self, definitions: Json) -> None:
        count = 20_000
        slot = {"name": "", "type": "*"}
        nodes = [{"id": 0, "type": "LoadImage", "widgets_values": ["a.png"]}]
        nodes += [{"id": at, "type": "Reroute", "inputs": [slot | {"link": at}]} for at in range(1, count)]
        nodes += [
            {
                "id": count + at,
                "type": "Blur",
                "inputs": [{"name": "image", "type": "IMAGE", "link": count + at}],
            }
            for at in range(count)
        ]
        links = [[at, at - 1, 0, at, 0, "*"] for at in range(1, count)]
        links += [[count + at, count - 1, 0, count + at, 0, "*"] for at in range(count)]
        graph = conversion.to_api({"nodes": nodes, "links": links}, definitions)
        assert len(graph) == count + 1
        assert {tuple(node["inputs"]["image"]) for node in list(graph.values())[1:]} == {("0", 0)}

    def test_a_primitive_gives_its_value_to_each_widget(self, editor: MakeEditor, definitions: Json) -> None:
        file = (
            editor()
            .node(1, "PrimitiveNode", 9, "fixed")
            .node(2, "Blur", 1)
            .node(3, "Blur", 2)
            .node(5, "Reroute")
        )
        file.link(1, 0, 2, "radius", widget=True).link(1, 0, 5, "").link(5, 0, 3, "radius", widget=True)
        assert inputs(file.file(), definitions) == {"2": {"radius": 9}, "3": {"radius": 9}}

    def test_get_takes_what_set_was_given(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(1, "LoadImage", "a.png").node(2, "SetNode", "pic").node(3, "GetNode", "pic")
        file.node(4, "Blur", 1).node(5, "GetNode", "other").node(6, "Blur", 2)
        file.link(1, 0, 2, "IMAGE").link(3, 0, 4, "image").link(5, 0, 6, "image")
        found = inputs(file.file(), definitions)
        assert found["4"]["image"] == ["1", 0]
        assert "image" not in found["6"]

    def test_get_inside_a_subgraph_finds_set_outside(self, editor: MakeEditor, definitions: Json) -> None:
        inside = editor().node(10, "GetNode", "pic").node(11, "Blur", 1).link(10, 0, 11, "image")
        file = editor().node(1, "LoadImage", "a.png").node(2, "SetNode", "pic").node(3, "sub")
        file.link(1, 0, 2, "IMAGE").subgraph("sub", inside, [], [], [])
        assert inputs(file.file(), definitions)["3:11"]["image"] == ["1", 0]


class TestModes:
    def test_a_muted_node_is_gone_with_its_links(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(1, "LoadImage", "a.png", mode=MUTED).node(2, "Blur", 1).link(1, 0, 2, "image")
        assert inputs(file.file(), definitions) == {"2": {"radius": 1}}

    def test_a_widget_fed_by_a_muted_node_keeps_its_value(
        self, editor: MakeEditor, definitions: Json
    ) -> None:
        file = (
            editor().node(1, "MakeNumber", mode=MUTED).node(2, "Blur", 7).link(1, 0, 2, "radius", widget=True)
        )
        assert inputs(file.file(), definitions) == {"2": {"radius": 7}}

    def test_a_bypassed_node_hands_on_the_input_of_the_same_type(
        self, editor: MakeEditor, definitions: Json
    ) -> None:
        file = editor().node(1, "LoadImage", "a.png").node(2, "Blur", 1, mode=BYPASSED).node(3, "Blur", 2)
        file.nodes[1]["outputs"] = [{"name": "IMAGE", "type": "IMAGE"}]
        file.link(1, 0, 2, "image", "IMAGE").link(2, 0, 3, "image", "IMAGE")
        assert inputs(file.file(), definitions)["3"] == {"radius": 2, "image": ["1", 0]}

    @pytest.mark.parametrize(
        ("output", "slot", "wanted"),
        [
            ("MODEL", 0, ["1", 0]),
            ("CLIP", 1, ["1", 1]),
            ("CLIP", 0, ["1", 1]),
            ("VAE", 0, None),
            ("CLIP,VAE", 0, ["1", 1]),
            ("*", 1, ["1", 1]),
            ("*", 5, ["1", 0]),
        ],
    )
    def test_a_bypassed_output_picks_its_input(
        self, editor: MakeEditor, entry: Any, output: str, slot: int, wanted: Any
    ) -> None:
        known = {"Lora": entry({"strength": ["INT", {}], "model": ["MODEL", {}], "clip": ["CLIP", {}]})}
        file = editor().node(1, "Load").node(2, "Lora", 1, mode=BYPASSED).node(3, "Use")
        file.nodes[1]["outputs"] = [{"name": str(at), "type": output} for at in range(slot + 1)]
        file.link(1, 1, 2, "clip", "CLIP").link(1, 0, 2, "model", "MODEL").link(2, slot, 3, "x")
        assert inputs(file.file(), known)["3"].get("x") == wanted

    def test_a_muted_subgraph_is_gone_and_a_bypassed_one_hands_on(
        self, editor: MakeEditor, definitions: Json
    ) -> None:
        inside = editor().node(10, "Blur", 1).link(-10, 0, 10, "image")
        for mode, wanted in ((MUTED, None), (BYPASSED, ["1", 0]), (0, ["2:10", 0])):
            file = editor().node(1, "LoadImage", "a.png").node(2, "sub", mode=mode).node(3, "Blur", 2)
            file.nodes[1]["outputs"] = [{"name": "o", "type": "IMAGE"}]
            file.link(1, 0, 2, "image", "IMAGE").link(2, 0, 3, "image")
            file.subgraph("sub", copy.deepcopy(inside), ["image"], ["o"], [(10, 0, 0)])
            found = inputs(file.file(), definitions)
            assert found["3"].get("image") == wanted
            assert ("2:10" in found) == (mode == 0)


class TestSubgraphs:
    def test_ids_are_paths_and_borders_are_followed(self, editor: MakeEditor, definitions: Json) -> None:
        inside = editor().node(10, "Blur", 1).link(-10, 0, 10, "image")
        file = editor().node(1, "LoadImage", "a.png").node(2, "sub").node(3, "Blur", 2)
        file.link(1, 0, 2, "image").link(2, 0, 3, "image")
        file.subgraph("sub", inside, ["image"], ["o"], [(10, 0, 0)])
        assert inputs(file.file(), definitions) == {
            "1": {"image": "a.png"},
            "3": {"radius": 2, "image": ["2:10", 0]},
            "2:10": {"radius": 1, "image": ["1", 0]},
        }

    def test_nested_subgraphs_unfold(self, editor: MakeEditor, definitions: Json) -> None:
        inner = editor().node(20, "Blur", 1).link(-10, 0, 20, "image")
        outer = editor().node(10, "inner").link(-10, 0, 10, "picture")
        outer.subgraph("inner", inner, ["picture"], ["o"], [(20, 0, 0)])
        file = editor().node(1, "LoadImage", "a.png").node(2, "outer").node(3, "Blur", 2)
        file.link(1, 0, 2, "image").link(2, 0, 3, "image")
        file.subgraph("outer", outer, ["image"], ["o"], [(10, 0, 0)])
        found = inputs(file.file(), definitions)
        assert found["2:10:20"] == {"radius": 1, "image": ["1", 0]}
        assert found["3"]["image"] == ["2:10:20", 0]

    def test_each_instance_has_its_own_promoted_values(self, editor: MakeEditor, definitions: Json) -> None:
        inside = editor().node(10, "Blur", 1).link(-10, 0, 10, "radius", widget=True)
        file = editor().node(2, "sub", 5).node(3, "sub", 6).node(4, "sub", widgets_values_named={"size": 7})
        file.node(5, "sub").subgraph("sub", inside, ["size"], [], [])
        assert inputs(file.file(), definitions) == {
            "2:10": {"radius": 5},
            "3:10": {"radius": 6},
            "4:10": {"radius": 7},
            "5:10": {"radius": 1},
        }

    def test_a_link_to_a_promoted_widget_wins(self, editor: MakeEditor, definitions: Json) -> None:
        inside = editor().node(10, "Blur", 1).link(-10, 0, 10, "radius", widget=True)
        file = editor().node(1, "MakeNumber").node(2, "sub", 5).node(3, "PrimitiveNode", 8).node(4, "sub", 6)
        file.link(1, 0, 2, "size", widget=True).link(3, 0, 4, "size", widget=True)
        file.subgraph("sub", inside, ["size"], [], [])
        found = inputs(file.file(), definitions)
        assert (found["2:10"]["radius"], found["4:10"]["radius"]) == (["1", 0], 8)

    def test_one_promoted_value_reaches_every_widget_behind_it(
        self, editor: MakeEditor, definitions: Json
    ) -> None:
        inside = editor().node(10, "Blur", 1).node(11, "Blur", 2)
        inside.link(-10, 0, 10, "radius", widget=True).link(-10, 0, 11, "radius", widget=True)
        file = editor().node(2, "sub").subgraph("sub", inside, ["size"], [], [])
        assert inputs(file.file(), definitions) == {"2:10": {"radius": 1}, "2:11": {"radius": 1}}

    def test_values_beside_proxies_go_to_the_widgets_they_name(
        self, editor: MakeEditor, definitions: Json
    ) -> None:
        inside = editor().node(10, "Blur", 1).node(11, "EmptyLatentImage", 1, 2, 3)
        inside.link(-10, 0, 10, "radius", widget=True)
        proxies = [["-1", "size"], ["11", "height"]]
        file = editor().node(2, "sub", 7, 8, properties={"proxyWidgets": proxies})
        file.subgraph("sub", inside, ["size"], [], [])
        found = inputs(file.file(), definitions)
        assert found["2:10"] == {"radius": 7}
        assert found["2:11"] == {"width": 1, "height": 8, "batch_size": 3}

    def test_promotion_goes_through_nested_instances(self, editor: MakeEditor, definitions: Json) -> None:
        inner = editor().node(20, "Blur", 1).link(-10, 0, 20, "radius", widget=True)
        outer = editor().node(10, "inner", 4).link(-10, 0, 10, "size", widget=True)
        outer.subgraph("inner", inner, ["size"], [], [])
        file = editor().node(2, "outer", 9).node(3, "outer").subgraph("outer", outer, ["value"], [], [])
        assert inputs(file.file(), definitions) == {"2:10:20": {"radius": 9}, "3:10:20": {"radius": 4}}

    def test_colliding_inner_ids_are_renumbered_after_the_last_id(
        self, editor: MakeEditor, definitions: Json
    ) -> None:
        first = editor().node(1, "Blur", 1).node(7, "Blur", 2).link(1, 0, 7, "image")
        second = editor().node(7, "Blur", 3).node(8, "Blur", 4).link(7, 0, 8, "image")
        file = editor().node(1, "one").node(2, "two").subgraph("one", first, [], [], [])
        file.subgraph("two", second, [], [], [])
        assert inputs(file.file() | {"last_node_id": 7}, definitions) == {
            "1:8": {"radius": 1},
            "1:7": {"radius": 2, "image": ["1:8", 0]},
            "2:9": {"radius": 3},
            "2:10": {"radius": 4, "image": ["2:9", 0]},
        }

    def test_a_subgraph_inside_itself_is_refused(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(1, "sub").subgraph("sub", editor().node(2, "sub"), [], [], [])
        with pytest.raises(ConversionError, match="hold themselves"):
            conversion.to_api(file.file(), definitions)

    def test_unfolding_without_end_is_refused(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor()
        for level in range(8):
            inside = editor()
            for at in range(10):
                inside.node(100 * level + at, f"s{level + 1}")
            file.subgraph(f"s{level}", inside, [], [], [])
        with pytest.raises(ConversionError, match="more than 50,000 nodes"):
            conversion.to_api(file.node(9000, "s0").file(), definitions)


class TestGroupNodes:
    def test_a_group_node_is_unfolded(self, editor: MakeEditor, definitions: Json) -> None:
        def slot(name: str, kind: str = "IMAGE") -> Json:
            return {"name": name, "type": kind, "link": None}

        group = {
            "nodes": [
                {
                    "type": "Blur",
                    "widgets_values": [1],
                    "inputs": [slot("image")],
                    "outputs": [slot("IMAGE")],
                },
                {
                    "type": "Blur",
                    "widgets_values": [2],
                    "inputs": [slot("image")],
                    "outputs": [slot("IMAGE")],
                },
            ],
            "links": [[0, 0, 1, 0, 1, "IMAGE"]],
            "external": [],
        }
        file = editor().node(1, "LoadImage", "a.png").node(2, "workflow>Soft").node(3, "SaveImage", "x")
        file.extra["groupNodes"] = {"Soft": group}
        file.link(1, 0, 2, "image").link(2, 0, 3, "images")
        assert inputs(file.file(), definitions) == {
            "1": {"image": "a.png"},
            "3": {"filename_prefix": "x", "images": ["2:1", 0]},
            "2:0": {"radius": 1, "image": ["1", 0]},
            "2:1": {"radius": 2, "image": ["2:0", 0]},
        }


class TestTexts:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("a {red|blue} cat", "a red cat"),
            ("{a {b|c}|d}", "a b"),
            ("{one}", "one"),
            (r"\{kept\|as is\}", "{kept|as is}"),
            ("a // note\nb /* c\nd */ e", "a \nb  e"),
            ("{open|end", "{open|end"),
            ("a|b}", "a|b}"),
        ],
    )
    def test_groups_are_drawn_and_comments_left_out(
        self, editor: MakeEditor, definitions: Json, text: str, wanted: str
    ) -> None:
        assert inputs(editor().node(6, "CLIPTextEncode", text).file(), definitions)["6"]["text"] == wanted

    def test_who_draws_can_be_said(self, editor: MakeEditor, definitions: Json) -> None:
        file = editor().node(6, "CLIPTextEncode", "a {red|blue} cat").file()
        graph = conversion.to_api(file, definitions, choose=lambda options: options[-1])
        assert graph["6"]["inputs"]["text"] == "a blue cat"

    def test_other_texts_stay(self, editor: MakeEditor, entry: Any) -> None:
        known = {"N": entry({"text": ["STRING", {}]})}
        assert inputs(editor().node(1, "N", "{a|b} // c").file(), known)["1"]["text"] == "{a|b} // c"

    def test_file_names_are_filled_in(self, editor: MakeEditor, definitions: Json) -> None:
        name = "%date:yyyy-MM-dd_hhmmss%/%Size.width%x%EmptyLatentImage.height%_%seed%_%No.thing%"
        file = editor().node(5, "EmptyLatentImage", 64, 32, 1, title="Size").node(9, "SaveImage", name)
        file.nodes[0]["properties"]["Node name for S&R"] = "EmptyLatentImage"
        now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
        graph = conversion.to_api(file.file(), definitions, now=now)
        assert graph["9"]["inputs"]["filename_prefix"] == "2026-03-04_050607/64x32_%seed%_%No.thing%"
        assert inputs(file.file(), definitions)["9"]["filename_prefix"].startswith("%date:yyyy")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({}, "list of nodes"),
        ({"nodes": [1], "links": []}, "an id and a type"),
        ({"nodes": [{"id": 1}], "links": []}, "an id and a type"),
        ({"nodes": [], "links": [[1, 2]]}, "link of the editor's form is damaged"),
        ({"nodes": [], "links": ["x"]}, "link of the editor's form is damaged"),
        ({"nodes": [], "links": [[1, 2, "x", 3, 4]]}, "link of the editor's form is damaged"),
        ({"nodes": [], "definitions": {"subgraphs": [{}]}}, "definition has no id"),
        ({"nodes": [], "extra": {"groupNodes": {"a": 1}}}, "group node 'a' is damaged"),
    ],
)
def test_a_damaged_file_is_refused(file: Json, said: str) -> None:
    with pytest.raises(ConversionError) as caught:
        conversion.to_api(file, {})
    assert said in str(caught.value)


def test_a_cycle_is_refused(editor: MakeEditor, definitions: Json) -> None:
    file = editor().node(1, "Blur", 1).node(2, "Blur", 1).link(1, 0, 2, "image").link(2, 0, 1, "image")
    with pytest.raises(ConversionError, match="cycle"):
        conversion.to_api(file.file(), definitions)


SCRAP = st.none() | st.integers(-20, 5) | st.sampled_from(["", "a", "-10", "fixed", "Reroute", "Blur", "sub"])
SLOT = st.fixed_dictionaries({"name": SCRAP, "type": SCRAP, "link": SCRAP}, optional={"widget": SCRAP})
NODE = st.fixed_dictionaries(
    {
        "id": st.integers(1, 4),
        "type": st.sampled_from(
            ["Blur", "Resize", "KSampler", "Reroute", "GetNode", "SetNode", "PrimitiveNode"]
        )
        | st.sampled_from(["sub", "Other"]),
    },
    optional={
        "mode": st.sampled_from([0, 2, 4]),
        "inputs": st.lists(SLOT, max_size=3) | SCRAP,
        "outputs": st.lists(SLOT, max_size=2) | SCRAP,
        "widgets_values": st.lists(SCRAP, max_size=5) | SCRAP,
        "widgets_values_named": st.dictionaries(st.sampled_from(["radius", "mode", "seed"]), SCRAP) | SCRAP,
        "properties": st.dictionaries(
            st.sampled_from(["proxyWidgets"]), st.lists(st.lists(SCRAP), max_size=2)
        ),
    },
)
LINK = st.lists(st.integers(-20, 5), min_size=5, max_size=6)
CANVAS = {"nodes": st.lists(NODE, max_size=5), "links": st.lists(LINK, max_size=6)}
FILE = st.fixed_dictionaries(
    CANVAS
    | {
        "definitions": st.fixed_dictionaries(
            {
                "subgraphs": st.lists(
                    st.fixed_dictionaries(
                        CANVAS
                        | {
                            "id": st.just("sub"),
                            "inputs": st.lists(SLOT, max_size=2),
                            "outputs": st.lists(SLOT, max_size=2),
                        }
                    ),
                    max_size=1,
                )
            }
        )
    }
)


@given(file=FILE)
def test_any_file_gives_a_sound_graph_or_a_workflow_error(file: Json) -> None:
    known = {
        "Blur": {"input": {"required": {"image": ["IMAGE", {}], "radius": ["INT", {}]}}},
        "KSampler": {"input": {"required": {"seed": ["INT", {}], "steps": ["INT", {}]}}},
    }
    before = json.dumps(file)
    with suppress(WorkflowError):
        graph = conversion.to_api(file, known)
        assert not graph or graphs.check(graph)
    assert json.dumps(file) == before
