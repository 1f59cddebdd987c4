"""Packs that import ComfyUI's own modules: they load, run, tell their progress and speak to their scripts."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from flowscale_runtime.graph import Executor, SilentListener
from flowscale_runtime.nodes import packs, shim

TESTS = Path(__file__).parents[2]
CLASSIC = """
import os
import folder_paths
import comfy.model_management as mm
import comfy.utils
import latent_preview
import node_helpers
import nodes
from comfy.cli_args import args
from comfy.comfy_types import IO, ComfyNodeABC
from comfy.samplers import KSampler
from comfy_execution.graph_utils import GraphBuilder
from comfy_execution.utils import get_executing_context
from server import PromptServer


@PromptServer.instance.routes.get("/pack/hello")
async def hello(request):
    return None


class Shrink(ComfyNodeABC):
    RETURN_TYPES = ("IMAGE", "STRING")
    FUNCTION = "go"
    CATEGORY = "test"

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "image": (IO.IMAGE,),
                "sampler": (KSampler.SAMPLERS,),
                "model": (folder_paths.get_filename_list("loras"),),
            }
        }

    def go(self, image, sampler, model):
        bar = comfy.utils.ProgressBar(2)
        bar.update(1)
        small = comfy.utils.common_upscale(image.movedim(-1, 1), 2, 2, "area", "disabled").movedim(1, -1)
        bar.update_absolute(2)
        PromptServer.instance.send_sync("pack.done", {"node": get_executing_context().node_id})
        assert mm.get_torch_device().type in ("cpu", "cuda") and nodes.MAX_RESOLUTION and args.port
        return small.to(mm.intermediate_device()), folder_paths.get_full_path("loras", model)


NODE_CLASS_MAPPINGS = {"Shrink": Shrink}
WEB_DIRECTORY = "./web"
"""
SCHEMA = """
from typing_extensions import override
from comfy_api.latest import ComfyExtension, io, ui


class Show(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="Show",
            inputs=[io.Image.Input("image"), io.String.Input("text", default="hello")],
            outputs=[io.Image.Output()],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    async def execute(cls, image, text):
        shown = ui.PreviewImage(image, cls=cls).as_dict() | ui.PreviewText(text).as_dict()
        return io.NodeOutput(image, ui=shown)


class Extension(ComfyExtension):
    @override
    async def get_node_list(self):
        return [Show]


async def comfy_entrypoint():
    return Extension()
"""


class Heard(SilentListener):
    def __init__(self):
        self.steps, self.said = [], []

    def node_progress(self, node_id, value, maximum):
        self.steps.append((node_id, value, maximum))

    def node_message(self, node_id, kind, data):
        self.said.append((node_id, kind, data))


@pytest.fixture
def loaded(tmp_path, place, monkeypatch):
    """Both packs beside our own. Modules of tests that go by the same names are out of the way meanwhile."""
    (place.models["loras"][0] / "style.safetensors").write_bytes(b"")
    custom = tmp_path / "custom_nodes"
    (custom / "classic").mkdir(parents=True)
    (custom / "classic/__init__.py").write_text(CLASSIC)
    (custom / "schema.py").write_text(SCHEMA)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if str(TESTS) not in path])
    ours = {path.stem for path in shim.SHIMS.iterdir()} | {"custom_nodes"}
    aside = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in ours}
    yield packs.load([custom])
    for name in [name for name in sys.modules if name.partition(".")[0] in ours]:
        del sys.modules[name]
    sys.modules.update(aside)


def run(loaded, graph, **rest):
    return Executor(loaded.classes).run(graph, **rest)


def test_a_pack_of_the_classic_form_finds_what_it_imports(loaded, place):
    assert loaded.failures == ()
    definition = loaded.definitions["Shrink"]
    assert definition["input"]["required"]["model"][0] == ["style.safetensors"]
    assert "euler" in definition["input"]["required"]["sampler"][0]
    heard = Heard()
    graph = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 4, "height": 4, "batch_size": 1, "color": 255}},
        "2": {
            "class_type": "Shrink",
            "inputs": {"image": ["1", 0], "sampler": "euler", "model": "style.safetensors"},
        },
        "3": {"class_type": "PreviewAny", "inputs": {"source": ["2", 1]}},
        "4": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }
    outcome = run(loaded, graph, listener=heard)
    assert outcome.error is None
    assert outcome.ui["3"]["text"] == [str(place.models["loras"][0] / "style.safetensors")]
    assert heard.steps == [("2", 1, 2), ("2", 2, 2)]
    assert heard.said == [("2", "pack.done", {"node": "2"})]


def test_a_pack_of_the_schema_form_gives_its_nodes_from_its_entry_point(loaded, place):
    graph = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 4, "height": 4, "batch_size": 2, "color": 255}},
        "2": {"class_type": "Show", "inputs": {"image": ["1", 0], "text": "seen"}},
    }
    outcome = run(loaded, graph)
    assert outcome.error is None
    assert outcome.ui["2"]["text"] == ["seen"]
    assert [one["type"] for one in outcome.ui["2"]["images"]] == ["temp", "temp"]
    assert len(list(place.temp.iterdir())) == 2


def test_names_lead_nowhere_outside_of_their_folders(loaded, place):
    import folder_paths

    assert folder_paths.get_annotated_filepath("cat.png [output]") == str(place.output / "cat.png")
    assert not folder_paths.exists_annotated_filepath("../../etc/passwd")
    folder, name, counter, subfolder, prefix = folder_paths.get_save_image_path(
        "a/b", folder_paths.get_output_directory()
    )
    assert (folder, name, counter, subfolder, prefix) == (str(place.output / "a"), "b", 1, "a", "a/b")


def test_a_pack_adds_a_folder_of_models(loaded, place, tmp_path):
    import folder_paths

    (tmp_path / "more").mkdir()
    (tmp_path / "more/other.safetensors").write_bytes(b"")
    folder_paths.add_model_folder_path("loras", str(tmp_path / "more"))
    try:
        assert folder_paths.get_filename_list("loras") == ["other.safetensors", "style.safetensors"]
    finally:
        folder_paths.folder_names_and_paths.clear()


def test_all_classes_are_known_to_packs_by_their_names(loaded):
    import nodes

    assert nodes.NODE_CLASS_MAPPINGS["Shrink"] is loaded.classes["Shrink"]
    assert nodes.NODE_DISPLAY_NAME_MAPPINGS["LoadImage"] == "Load Image"
    assert nodes.LoadImage is loaded.classes["LoadImage"]
    with pytest.raises(AttributeError, match="NoSuchNode"):
        _ = nodes.NoSuchNode


def test_small_helpers_do_what_they_say(loaded):
    import comfy.utils
    import node_helpers

    [[_, values]] = node_helpers.conditioning_set_values(
        [[None, {"areas": [1]}]], {"areas": [2]}, append=True
    )
    assert values == {"areas": [1, 2]}
    three, four = node_helpers.image_alpha_fix(torch.zeros(1, 2, 2, 4), torch.zeros(1, 2, 2, 3))
    assert three.shape[-1] >= four.shape[-1]
    assert comfy.utils.repeat_to_batch_size(torch.tensor([1, 2]), 5).tolist() == [1, 2, 1, 2, 1]
    replaced = comfy.utils.state_dict_prefix_replace({"a.x": 1, "b.y": 2}, {"a.": "c."}, filter_keys=True)
    assert replaced == {"c.x": 1}


def test_a_folder_that_is_no_checkout_is_told_like_a_pack_that_failed(loaded, monkeypatch, tmp_path):
    monkeypatch.setenv(shim.CHECKOUT, str(tmp_path))
    again = packs.load([tmp_path / "custom_nodes"])
    assert [(one.pack, "no checkout of ComfyUI" in one.message) for one in again.failures] == [
        ("ComfyUI", True)
    ]
    assert "Shrink" in again.classes


def test_a_checkout_that_is_configured_comes_before_ours(tmp_path):
    (tmp_path / "folder_paths.py").write_text("real = True\n")
    code = "from flowscale_runtime.nodes import shim; shim.install({}, {}); import folder_paths; print(folder_paths.real)"
    environment = {"FLOWSCALE_COMFYUI": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert told.stdout == "True\n", told.stderr
