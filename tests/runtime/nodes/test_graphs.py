"""Whole graphs of our nodes through validation and the executor."""

import pytest
import torch
from PIL import Image

from flowscale_runtime.graph import Executor, validate
from flowscale_runtime.nodes import folders, images


@pytest.fixture
def run(own_packs, place):
    executor = Executor(own_packs.classes)

    def go(graph):
        checked = validate(graph, own_packs.classes)
        assert checked.ok, (checked.error, checked.node_errors)
        return executor.run(graph)

    return go


def node(class_type, **inputs):
    return {"class_type": class_type, "inputs": inputs}


def saved(outcome, node_id, key="images"):
    assert outcome.status == "completed", outcome.error
    return [
        folders.current().output / entry["subfolder"] / entry["filename"]
        for entry in outcome.ui[node_id][key]
    ]


def test_a_picture_is_loaded_changed_and_saved(run, place):
    Image.new("RGB", (8, 4), (255, 0, 0)).save(place.input / "in.png")
    graph = {
        "1": node("FSLoadImage", image="in.png", label="Photo"),
        "2": node("ImageInvert", image=["1", 0]),
        "3": node("ImageScaleBy", image=["2", 0], upscale_method="lanczos", scale_by=0.5),
        "4": node(
            "FSSaveImage",
            images=["3", 0],
            filename_prefix="out",
            format="png",
            quality=95,
            lossless=False,
            label="",
        ),
    }
    (path,) = saved(run(graph), "4")
    image = images.load(path).image
    assert image.shape == (1, 2, 4, 3)
    assert image[0, 0, 0].tolist() == [0, 1, 1]
    assert '"FSLoadImage"' in Image.open(path).text["prompt"]


def test_a_file_is_loaded_again_only_when_its_content_changed(run, place):
    graph = {
        "1": node("LoadImage", image="a.png"),
        "2": node("ImageInvert", image=["1", 0]),
        "3": node("PreviewImage", images=["2", 0]),
    }
    Image.new("RGB", (4, 4)).save(place.input / "a.png")
    assert run(graph).cached == ()
    Image.new("RGB", (4, 4)).save(place.input / "a.png")  # the same content, a new file
    assert set(run(graph).cached) == {"1", "2", "3"}
    Image.new("RGB", (4, 4), "red").save(place.input / "a.png")
    assert run(graph).cached == ()


def test_a_missing_file_is_found_before_the_run(own_packs, place):
    graph = {"1": node("LoadImage", image="gone.png"), "2": node("PreviewImage", images=["1", 0])}
    checked = validate(graph, own_packs.classes)
    assert not checked.ok
    assert "no file 'gone.png'" in str(checked.node_errors["1"]["errors"])


def test_a_damaged_file_fails_its_node_with_a_hint(run, place):
    (place.input / "bad.png").write_bytes(b"hello")
    outcome = run({"1": node("LoadImage", image="bad.png"), "2": node("PreviewImage", images=["1", 0])})
    assert outcome.status == "failed"
    assert (outcome.error.node_id, outcome.error.class_type) == ("1", "LoadImage")
    assert outcome.error.message.startswith("bad.png: not an image")
    assert "send a whole PNG" in outcome.error.hint


def test_growing_inputs_and_choices_with_inputs_work(run, place):
    graph = {
        "1": node("EmptyImage", width=4, height=4, batch_size=1, color=0xFF0000),
        "2": node("EmptyImage", width=8, height=8, batch_size=2, color=0x00FF00),
        "3": node("BatchImagesNode", **{"images.image0": ["1", 0], "images.image1": ["2", 0]}),
        "4": node("ResizeImageMaskNode", input=["3", 0], resize_type="scale dimensions",
                  **{"resize_type.width": 6, "resize_type.height": 2, "resize_type.crop": "center"}, scale_method="area"),
        "5": node("SaveImageAdvanced", images=["4", 0], filename_prefix="x", format="png",
                  **{"format.bit_depth": "8-bit", "format.input_color_space": "sRGB"}),
    }  # fmt: skip
    paths = saved(run(graph), "5")
    assert [images.load(path).image.shape for path in paths] == [(1, 2, 6, 3)] * 3


def test_missing_growing_inputs_are_refused(own_packs, place):
    graph = {
        "1": node("EmptyImage", width=4, height=4, batch_size=1, color=0),
        "2": node("BatchImagesNode", **{"images.image0": ["1", 0]}),
        "3": node("PreviewImage", images=["2", 0]),
    }
    checked = validate(graph, own_packs.classes)
    assert not checked.ok
    (error,) = checked.node_errors["2"]["errors"]
    assert (error["type"], error["extra_info"]["input_name"]) == ("required_input_missing", "images.image1")


@pytest.mark.parametrize(
    ("inputs", "kind"),
    [
        ({"resize_type": "shrink"}, "value_not_in_list"),
        ({"resize_type": "scale width"}, "required_input_missing"),
        ({"resize_type": "scale width", "resize_type.width": 99999}, "value_bigger_than_max"),
    ],
)
def test_inputs_of_a_choice_are_checked(own_packs, place, inputs, kind):
    graph = {
        "1": node("EmptyImage", width=4, height=4, batch_size=1, color=0),
        "2": node("ResizeImageMaskNode", input=["1", 0], scale_method="area", **inputs),
        "3": node("PreviewImage", images=["2", 0]),
    }
    checked = validate(graph, own_packs.classes)
    assert [error["type"] for error in checked.node_errors["2"]["errors"]] == [kind]


def test_formulas_and_switches_choose_what_runs(run, place):
    graph = {
        "1": node("PrimitiveInt", value=7),
        "2": node("ComfyMathExpression", expression="a > 5", **{"values.a": ["1", 0]}),
        "3": node("ComfySwitchNode", switch=["2", 2], on_true=["4", 0], on_false=["5", 0]),
        "4": node("PrimitiveString", value="large"),
        "5": node(
            "RegexReplace",
            string="x",
            regex_pattern="(",
            replace="",
            case_insensitive=True,
            multiline=False,
            dotall=False,
            count=0,
        ),
        "6": node("PreviewAny", source=["3", 0]),
    }
    outcome = run(graph)
    assert outcome.status == "completed", outcome.error
    assert outcome.ui["6"]["text"] == ["large"]
    assert "5" not in outcome.seconds


def test_lists_run_the_nodes_after_them_once_for_each_item(run, place):
    graph = {
        "1": node("PrimitiveString", value="a"),
        "2": node("PrimitiveString", value="b"),
        "3": node("CreateList", **{"inputs.input0": ["1", 0], "inputs.input1": ["2", 0]}),
        "4": node("StringConcatenate", string_a=["3", 0], string_b="!", delimiter=""),
        "5": node("PreviewAny", source=["4", 0]),
        "6": node("GetItemFromList", list=["3", 0], index=1),
        "7": node("PreviewAny", source=["6", 0]),
    }
    outcome = run(graph)
    assert outcome.ui["5"]["text"] == ["a!", "b!"]
    assert outcome.ui["7"]["text"] == ["b"]


def test_a_video_is_made_saved_loaded_and_taken_apart(run, place):
    graph = {
        "1": node("EmptyImage", width=16, height=16, batch_size=5, color=0x808080),
        "2": node("EmptyAudio", duration=0.5, sample_rate=48000, channels=2),
        "3": node("CreateVideo", images=["1", 0], fps=10, audio=["2", 0]),
        "4": node(
            "SaveVideo",
            video=["3", 0],
            filename_prefix="video/run",
            format="auto",
            **{"format.codec": "auto"},
        ),
    }
    (path,) = saved(run(graph), "4")
    path.rename(place.input / "in.mp4")
    graph = {
        "1": node("LoadVideo", file="in.mp4"),
        "2": node("Video Slice", video=["1", 0], start_time=0.2, duration=0.0, strict_duration=False),
        "3": node("GetVideoComponents", video=["2", 0]),
        "4": node("SaveImage", images=["3", 0], filename_prefix="frame"),
        "5": node("SaveAudioMP3", audio=["3", 1], filename_prefix="audio/run", quality="V0"),
        "6": node("CreateVideo", images=["3", 0], fps=["3", 2], bit_depth=["3", 3]),
        "7": node("SaveVideo", video=["6", 0], filename_prefix="again", format="mp4", codec="h264"),
    }
    outcome = run(graph)
    assert len(saved(outcome, "4")) == 3
    assert len(saved(outcome, "5", "audio")) == 1
    assert saved(outcome, "7")[0].suffix == ".mp4"


def test_pixels_are_the_same_in_every_run(own_packs, place):
    graph = {
        "1": node("EmptyImage", width=32, height=32, batch_size=1, color=0x336699),
        "2": node("ImageAddNoise", image=["1", 0], seed=5, strength=0.2),
        "3": node("ImageBlur", image=["2", 0], blur_radius=3, sigma=1.5),
        "4": node("ImageQuantize", image=["3", 0], colors=16, dither="floyd-steinberg"),
        "5": node("SaveImage", images=["4", 0], filename_prefix="same"),
    }
    paths = [saved(Executor(own_packs.classes).run(graph), "5")[0] for _ in range(2)]
    assert paths[0] != paths[1]
    assert torch.equal(images.load(paths[0]).image, images.load(paths[1]).image)
    assert paths[0].read_bytes() == paths[1].read_bytes()
