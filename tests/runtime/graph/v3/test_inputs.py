"""Inputs of schemas: their options in definitions, and how dynamic ones arrive."""

from __future__ import annotations

import enum

import pytest

from flowscale_runtime.graph import describe, validate
from flowscale_runtime.graph.testing import api
from flowscale_runtime.graph.v3 import io
from flowscale_runtime.graph.v3.layout import lay_out


class Size(enum.Enum):
    small = "S"
    large = "L"


@pytest.mark.parametrize(
    ("made", "kind", "options"),
    [
        (io.Int.Input("a", default=0, min=0, max=9, step=1, control_after_generate=True), "INT",
         {"default": 0, "min": 0, "max": 9, "step": 1, "control_after_generate": True}),
        (io.Float.Input("a", round=0.01, display_mode=io.NumberDisplay.slider), "FLOAT",
         {"round": 0.01, "display": "slider"}),
        (io.Boolean.Input("a", default=False, label_on="on"), "BOOLEAN", {"default": False, "label_on": "on"}),
        (io.String.Input("a", multiline=True, dynamic_prompts=True, placeholder="p"), "STRING",
         {"multiline": True, "dynamicPrompts": True, "placeholder": "p"}),
        (io.Combo.Input("a", ["x", "y"], upload=io.UploadType.image), "COMBO",
         {"multiselect": False, "options": ["x", "y"], "image_upload": True}),
        (io.Combo.Input("a", Size, default=Size.large), "COMBO",
         {"default": "L", "multiselect": False, "options": ["S", "L"]}),
        (io.Combo.Input("a", remote=io.RemoteOptions("/x")), "COMBO",
         {"multiselect": False, "remote": {"route": "/x", "control_after_refresh": "first"}}),
        (io.MultiCombo.Input("a", ["x"], chip=True), "COMBO",
         {"multiselect": True, "options": ["x"], "multi_select": {"chip": True}}),
        (io.Image.Input("a", lazy=True, raw_link=True, advanced=True, display_name="A"), "IMAGE",
         {"lazy": True, "rawLink": True, "advanced": True, "display_name": "A"}),
        (io.Custom("THING").Input("a", extra_dict={"own": 1}), "THING", {"own": 1}),
        (io.Int.Input("a", socketless=True, force_input=True, widget_type="SLIDER"), "INT",
         {"socketless": True, "forceInput": True, "widgetType": "SLIDER"}),
        (io.MultiType.Input("a", [io.Image, io.Mask]), "IMAGE,MASK", {}),
        (io.MultiType.Input(io.Float.Input("a", default=1.0), [io.Int, io.Float]), "FLOAT,INT",
         {"default": 1.0, "widgetType": "FLOAT"}),
        (io.MatchType.Input("a", io.MatchType.Template("t", [io.Image, io.Mask])), "COMFY_MATCHTYPE_V3",
         {"template": {"template_id": "t", "allowed_types": "IMAGE,MASK"}}),
    ],
)  # fmt: skip
def test_options_are_written_out(made, kind, options):
    assert (made.get_io_type(), made.as_dict()) == (kind, options)


def test_own_types_may_have_widgets_of_their_own():
    @io.comfytype(io_type="KNOB")
    class Knob(io.ComfyType):
        class Input(io.WidgetInput):
            pass

    assert Knob.Input("a", default=3).as_dict() == {"default": 3}
    assert Knob.Input("a").get_io_type() == Knob.Output().get_io_type() == "KNOB"


PREFIX = io.Autogrow.Input(
    "images", io.Autogrow.TemplatePrefix(io.Image.Input("image"), prefix="image", min=2, max=4)
)
NAMES = io.Autogrow.Input("values", io.Autogrow.TemplateNames(io.Int.Input("v"), names=["a", "b"], min=0))
COMBO = io.DynamicCombo.Input(
    "format",
    [
        io.DynamicCombo.Option("png", []),
        io.DynamicCombo.Option(
            "mp4",
            [
                io.Int.Input("crf", max=51),
                io.DynamicCombo.Input(
                    "codec",
                    [
                        io.DynamicCombo.Option("h264", [io.Int.Input("preset")]),
                        io.DynamicCombo.Option("av1", []),
                    ],
                ),
            ],
        ),
    ],
)
SLOT = io.DynamicSlot.Input(io.Image.Input("image"), [io.Float.Input("strength")])


@pytest.mark.parametrize(
    ("made", "given", "names"),
    [
        (PREFIX, {}, ["images.image0", "images.image1", "images.image2", "images.image3"]),
        (NAMES, {}, ["values.a", "values.b"]),
        (COMBO, {}, ["format"]),
        (COMBO, {"format": "png"}, ["format"]),
        (COMBO, {"format": "mp4"}, ["format", "format.crf", "format.codec"]),
        (COMBO, {"format": "mp4", "format.codec": "h264"},
         ["format", "format.crf", "format.codec", "format.codec.preset"]),
        (SLOT, {}, ["image"]),
        (SLOT, {"image": ["1", 0]}, ["image", "image.strength"]),
    ],
)  # fmt: skip
def test_dynamic_inputs_have_flat_names_as_far_as_they_are_called_for(made, given, names):
    assert list(lay_out([made], given).declared) == names


@pytest.mark.parametrize(
    ("made", "given", "arrives"),
    [
        (PREFIX, {"images.image0": 1, "images.image1": 2}, {"images": {"image0": 1, "image1": 2}}),
        (NAMES, {}, {"values": {}}),
        (COMBO, {"format": "png"}, {"format": {"format": "png"}}),
        (
            COMBO,
            {"format": "mp4", "format.crf": 20, "format.codec": "h264", "format.codec.preset": 3},
            {"format": {"format": "mp4", "crf": 20, "codec": {"codec": "h264", "preset": 3}}},
        ),
        (SLOT, {"image": 1, "image.strength": 0.5}, {"image": {"image": 1, "strength": 0.5}}),
    ],
)
def test_dynamic_inputs_arrive_as_nested_dicts(made, given, arrives):
    assert lay_out([made], given).arrange(given) == arrives


def probe(*inputs):
    class Probe(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema("Probe", inputs=list(inputs), outputs=[io.AnyType.Output()])

        @classmethod
        def execute(cls, **inputs):
            return io.NodeOutput(inputs)

    return Probe


def test_dynamic_inputs_reach_the_node(make_bench):
    bench = make_bench({"Probe": probe(COMBO, NAMES, io.Int.Input("plain"))})
    graph = {
        "n": api("Number", value=5),
        "1": api("Probe", format="mp4", plain=1, **{"format.crf": "20", "format.codec": "av1", "values.b": ["n", 0]}),
        "2": api("Show", value=["1", 0]),
    }  # fmt: skip
    assert bench.shown(graph) == [
        {"format": {"format": "mp4", "crf": 20, "codec": {"codec": "av1"}}, "values": {"b": 5}, "plain": 1}
    ]


def test_dynamic_inputs_map_over_lists_like_others(make_bench):
    bench = make_bench({"Probe": probe(NAMES)})
    graph = {
        "m": api("Many", count=2),
        "1": api("Probe", **{"values.a": ["m", 0], "values.b": 9}),
        "2": api("Show", value=["1", 0]),
    }
    assert bench.shown(graph) == [{"values": {"a": 0, "b": 9}}, {"values": {"a": 1, "b": 9}}]


def errors(classes, *inputs, **given):
    graph = {"1": api("Probe", **given), "2": api("Show", value=["1", 0])}
    result = validate(graph, {**classes, "Probe": probe(*inputs)})
    return [
        (error["type"], error["extra_info"]["input_name"])
        for entry in result.node_errors.values()
        for error in entry["errors"]
    ]


def test_dynamic_inputs_are_validated_by_their_flat_names(classes):
    given = {"format": "mp4", "format.crf": 99, "format.codec": "vp9"}
    assert errors(classes, COMBO, **given) == [
        ("value_bigger_than_max", "format.crf"),
        ("value_not_in_list", "format.codec"),
    ]
    assert errors(classes, COMBO, format="gif") == [("value_not_in_list", "format")]
    assert errors(classes, PREFIX) == [
        ("required_input_missing", "images.image0"),
        ("required_input_missing", "images.image1"),
    ]
    assert errors(classes, NAMES) == []


def test_dynamic_inputs_are_described_by_their_templates():
    options = describe("Probe", probe(PREFIX, COMBO, SLOT), "m")["input"]
    assert options["required"]["images"] == [
        "COMFY_AUTOGROW_V3",
        {
            "template": {
                "input": {"required": {"image": ["IMAGE", {}]}},
                "min": 2,
                "prefix": "image",
                "max": 4,
            }
        },
    ]
    kind, combo = options["required"]["format"]
    assert (kind, [option["key"] for option in combo["options"]]) == ("COMFY_DYNAMICCOMBO_V3", ["png", "mp4"])
    assert combo["options"][1]["inputs"]["required"]["crf"] == ["INT", {"max": 51}]
    assert options["optional"]["image"] == [
        "COMFY_DYNAMICSLOT_V3",
        {"slotType": "IMAGE", "inputs": {"required": {"strength": ["FLOAT", {}]}}},
    ]


def test_outputs_of_a_template_name_it():
    template = io.MatchType.Template("t")

    class Probe(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(
                "Probe",
                inputs=[io.MatchType.Input("a", template)],
                outputs=[io.MatchType.Output(template), io.Int.Output()],
            )

        @classmethod
        def execute(cls, a):
            return io.NodeOutput(a, 1)

    assert describe("Probe", Probe, "m")["output_matchtypes"] == ["t", None]
