"""What becomes an input or an output, and what it is called."""

from types import SimpleNamespace
from typing import Any

import pytest

from flowscale_workflows.errors import InterfaceError
from flowscale_workflows.interface import FILE_TYPES, Input, Interface, Output, derive

Json = dict[str, Any]


def spec(from_: str | None = None, **fields: Any) -> SimpleNamespace:
    return SimpleNamespace(from_=from_, **fields)


def names(interface: Interface) -> list[str]:
    return [item.name for item in interface.inputs]


def node(kind: str, title: str = "", **inputs: Any) -> Json:
    return {"class_type": kind, "inputs": inputs} | ({"_meta": {"title": title}} if title else {})


def test_without_io_nodes_every_widget_becomes_an_input(text_to_image: Json, definitions: Json) -> None:
    assert names(derive(text_to_image, definitions)) == [
        "ckpt_name_4",
        "text_6",
        "text_7",
        "width_5",
        "height_5",
        "batch_size_5",
        "seed_3",
        "steps_3",
        "cfg_3",
        "sampler_name_3",
        "filename_prefix_9",
    ]


def test_types_ranges_and_choices_are_the_declared_ones(text_to_image: Json, definitions: Json) -> None:
    interface = derive(text_to_image, definitions)
    assert interface.input("seed_3").type == "integer"
    assert interface.input("seed_3").maximum == 2**64 - 1
    assert interface.input("cfg_3") == Input(
        name="cfg_3",
        node_id="3",
        widget="cfg",
        type="number",
        label="KSampler: cfg",
        default=7.5,
        minimum=0.0,
        maximum=100.0,
        step=0.1,
    )
    assert interface.input("sampler_name_3").choices == ("euler", "heun")
    assert interface.input("text_6").multiline
    assert interface.input("text_6").description == "What the picture shows."
    assert interface.input("text_6").label == "Prompt: text"


def test_without_definitions_types_follow_the_values(text_to_image: Json) -> None:
    interface = derive(text_to_image, {})
    types = {item.widget: item.type for item in interface.inputs}
    assert types["seed"] == "integer"
    assert types["cfg"] == "number"
    assert types["text"] == "string"


def test_undeclared_values_are_no_inputs(definitions: Json) -> None:
    graph = {"1": node("Blur", radius=3, gone=5, image=["2", 0]), "2": node("LoadLatentOf", x=1)}
    assert names(derive(graph, definitions)) == ["radius_1", "x_2"]


def test_inputs_of_a_chosen_option_are_declared_with_it(definitions: Json) -> None:
    graph = {"1": node("Resize", mode="size", method="area", **{"mode.width": 8, "mode.height": 9})}
    interface = derive(graph, definitions)
    assert names(interface) == ["mode_1", "method_1", "mode_width_1", "mode_height_1"]
    assert interface.input("mode_1").choices == ("size", "factor")
    assert interface.input("mode_width_1").widget == "mode.width"


def test_our_io_nodes_win_over_everything_else(text_to_image: Json, definitions: Json) -> None:
    graph = text_to_image | {
        "51536": node("FSLoadText", default_value="a dog", label="What to paint"),
        "22068": node("FSLoadImage", image="me.png", label="Photo"),
        "11": node("FSSaveImage", images=["8", 0], filename_prefix="x", format="webp", label="Picture"),
    }
    interface = derive(graph, definitions)
    assert interface.inputs == (
        Input(
            "default_value_51536", "51536", "default_value", "string", label="What to paint", default="a dog"
        ),
        Input("image_22068", "22068", "image", "image", label="Photo", required=True),
    )
    assert interface.outputs == (Output("filename_prefix_11", "11", "image", label="Picture", format="webp"),)


@pytest.mark.parametrize(
    ("kind", "widget", "kind_of_input"),
    [
        ("FSLoadText", "default_value", "string"),
        ("FSLoadInteger", "default_value", "integer"),
        ("FSLoadImage", "image", "image"),
        ("FSLoadImageFromURL", "image_url", "image"),
        ("FSLoadVideo", "video", "video"),
        ("FSLoadVideoFromURL", "video_url", "video"),
        ("FSLoadAudio", "audio", "audio"),
        ("FSLoadAudioFromURL", "audio_url", "audio"),
        ("FSLoad3D", "model_file", "file"),
        ("FSLoadLoRA", "default_lora_name", "model"),
        ("CPackInputImage", "image", "image"),
        ("CPackInputInt", "value", "integer"),
        ("CPackInputFile", "file_path", "file"),
        ("ComfyUIDeployExternalNumber", "default_value", "number"),
        ("ComfyUIDeployExternalLora", "lora_url", "model"),
        ("LoadImage", "image", "image"),
        ("LoadImageMask", "image", "mask"),
        ("LoadVideo", "file", "video"),
        ("LoadAudio", "audio", "audio"),
    ],
)
def test_io_classes_are_recognised(kind: str, widget: str, kind_of_input: str) -> None:
    first = derive({"7": node(kind, **{widget: "x"})}, {}).inputs[0]
    assert (first.name, first.widget, first.type) == (f"{widget}_7", widget, kind_of_input)


def test_frames_of_a_video_can_be_chosen() -> None:
    graph = {"7": node("FSLoadVideo", video="a.mp4", skip_first_frames=0, select_every_nth=1, label="Clip")}
    assert names(derive(graph, {})) == ["video_7", "skip_first_frames_7", "select_every_nth_7"]


@pytest.mark.parametrize(
    ("kind", "kind_of_output", "file_format"),
    [
        ("FSSaveText", "text", "txt"),
        ("FSSaveInteger", "text", "txt"),
        ("FSSaveVideo", "video", "mp4"),
        ("FSSave3D", "file", None),
        ("SaveImage", "image", "png"),
        ("PreviewImage", "image", "png"),
        ("SaveAudioMP3", "audio", "mp3"),
        ("SaveSomeVideoOfMine", "video", None),
        ("PreviewAny", "text", "txt"),
    ],
)
def test_output_classes_are_recognised(kind: str, kind_of_output: str, file_format: str | None) -> None:
    assert derive({"9": node(kind)}, {}).outputs == (
        Output("filename_prefix_9", "9", kind_of_output, label=kind, format=file_format),  # type: ignore[arg-type]
    )


def test_a_declared_output_node_is_an_output_whatever_its_name(entry: Any) -> None:
    graph = {"1": node("CombineVideo"), "2": node("SaveNothing")}
    definitions = {"CombineVideo": entry({}, output_node=True), "SaveNothing": entry({})}
    assert [item.node_id for item in derive(graph, definitions).outputs] == ["1"]


def test_without_savers_the_loose_ends_of_unknown_classes_are_outputs() -> None:
    graph = {"1": node("Mystery"), "2": node("Riddle", x=["1", 0])}
    assert [item.node_id for item in derive(graph, {}).outputs] == ["2"]


def test_deploy_nodes_give_their_id_as_alias() -> None:
    graph = {
        "1": node(
            "ComfyUIDeployExternalText",
            input_id="prompt",
            default_value="cat",
            display_name="Prompt",
            description="What to paint",
        ),
        "2": node("ComfyUIDeployExternalImage", input_id="photo", default_value=["3", 0]),
        "3": node("LoadImage", image="a.png"),
        "4": node(
            "ComfyUIDeployExternalNumberSlider", input_id="size", default_value=1, min_value=0, max_value=2
        ),
    }
    prompt, photo, size = derive(graph, {}).inputs
    assert (prompt.alias, prompt.label, prompt.description) == ("prompt", "Prompt", "What to paint")
    assert (photo.alias, photo.type, photo.widget) == ("photo", "image", "input_id")
    assert (photo.required, photo.default) == (False, None)
    assert (size.minimum, size.maximum) == (0, 2)


def test_an_alias_used_twice_stays_with_the_first() -> None:
    graph = {str(i): node("ComfyUIDeployExternalText", input_id="prompt", default_value="") for i in range(2)}
    assert [item.alias for item in derive(graph, {}).inputs] == ["prompt", None]


def test_an_alias_that_is_the_name_of_another_input_is_dropped() -> None:
    kind = "ComfyUIDeployExternalText"
    graph = {
        "1": node(kind, input_id="default_value_2", default_value=""),
        "2": node(kind, input_id="x", default_value=""),
    }
    assert [item.alias for item in derive(graph, {}).inputs] == [None, "x"]


@pytest.mark.parametrize(
    ("value", "required", "default"),
    [("mine.png", True, None), ("https://example.com/a.png", False, "https://example.com/a.png")],
)
def test_a_file_of_the_author_is_no_default_but_a_url_is(
    value: str, required: bool, default: str | None
) -> None:
    item = derive({"1": node("FSLoadImageFromURL", image_url=value)}, {}).inputs[0]
    assert (item.required, item.default) == (required, default)


def test_a_spec_names_and_narrows_inputs(text_to_image: Json, definitions: Json) -> None:
    specs = {
        "prompt": spec("Prompt.text", label="Prompt", max_length=1000),
        "steps": spec("3.steps", default=25, minimum=1, maximum=50),
        "picture": spec("4.ckpt_name", type="file", required=True),
    }
    prompt, steps, picture = derive(text_to_image, definitions, specs, None).inputs
    assert (prompt.name, prompt.alias, prompt.max_length, prompt.default) == (
        "text_6",
        "prompt",
        1000,
        "a cat",
    )
    assert (steps.default, steps.minimum, steps.maximum, steps.type) == (25, 1, 50, "integer")
    assert (picture.type, picture.choices, picture.required) == ("file", None, True)
    interface = Interface((prompt, steps, picture))
    assert interface.input("prompt") is interface.input("text_6") is prompt


def test_camel_case_fields_of_a_spec_count_too(text_to_image: Json) -> None:
    item = derive(text_to_image, {}, {"p": spec("6.text", minLength=1, maxLength=9)}, None).inputs[0]
    assert (item.min_length, item.max_length) == (1, 9)


def test_a_spec_without_from_changes_an_input_of_that_name(text_to_image: Json) -> None:
    item = derive(text_to_image, {}, {"text_6": spec(None, label="Prompt")}, None).inputs[0]
    assert (item.name, item.alias, item.label) == ("text_6", None, "Prompt")


def test_a_spec_may_put_an_input_over_a_link(text_to_image: Json, definitions: Json) -> None:
    graph = text_to_image | {"2": node("MakeText")}
    graph["6"] = node("CLIPTextEncode", text=["2", 0], clip=["4", 1])
    item = derive(graph, definitions, {"prompt": spec("6.text")}, None).inputs[0]
    assert (item.type, item.default, item.required) == ("string", None, False)


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        ({"a": spec("60.text")}, "Input 'a': No node has the id or title '60'"),
        ({"a": spec("6.txt")}, "has no input 'txt'. Did you mean 'text'?"),
        ({"a": spec("CLIPTextEncode.text")}, "could mean nodes 6, 7"),
        ({"txt_6": spec(None)}, "Did you mean 'text_6'?"),
        ({"a": spec("6.text"), "b": spec("Prompt.text")}, "'a' and 'b' are both from 6.text"),
        ({"text_7": spec("6.text"), "b": spec("7.text")}, "'text_7' is named as the workflow itself names"),
        ({"a": spec("3.steps", maximum=10, default=20)}, "default of input 'a' doesn't fit it"),
        ({"a": spec("3.steps", default="many")}, "default of input 'a' doesn't fit it"),
    ],
)
def test_a_spec_that_cannot_be_met_is_refused(text_to_image: Json, specs: Json, said: str) -> None:
    with pytest.raises(InterfaceError) as caught:
        derive(text_to_image, {}, specs, None)
    assert said in str(caught.value)


def test_a_spec_lists_outputs(text_to_image: Json) -> None:
    outputs = derive(text_to_image, {}, None, {"image": spec("9", label="Picture")}).outputs
    assert outputs == (Output("filename_prefix_9", "9", "image", "image", "Picture", format="png"),)
    with pytest.raises(InterfaceError, match="Output 'x': No node"):
        derive(text_to_image, {}, None, {"x": spec("99")})
    with pytest.raises(InterfaceError, match="Output 'x' needs 'from'"):
        derive(text_to_image, {}, None, {"x": spec(None)})


def test_an_empty_list_of_inputs_means_none(text_to_image: Json) -> None:
    assert derive(text_to_image, {}, {}, None).inputs == ()


def test_ids_of_subgraphs_give_plain_names() -> None:
    graph = {"12:5": node("A", text="x"), "12_5": node("A", text="y")}
    assert names(derive(graph, {})) == ["text_12_5", "text_12_5_b"]


def test_json_gives_the_same_interface_again(text_to_image: Json, definitions: Json) -> None:
    interface = derive(text_to_image, definitions, {"s": spec("3.sampler_name", choices=["euler"])}, None)
    data = interface.to_json()
    assert Interface.from_json(data) == interface
    assert data["inputs"][0]["choices"] == ["euler"]
    data["inputs"][0]["from_a_later_version"] = 1
    assert Interface.from_json(data) == interface


@pytest.mark.parametrize("data", [{}, {"inputs": [{}], "outputs": []}, {"inputs": [1], "outputs": []}])
def test_other_json_is_no_interface(data: Json) -> None:
    with pytest.raises(InterfaceError, match="not the JSON of an interface"):
        Interface.from_json(data)


def test_every_file_type_is_one_of_an_input() -> None:
    assert {"image", "mask", "video", "audio", "file", "model"} == FILE_TYPES
