"""Workflows of all forms become folders whose inputs have the names that a person would give."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image, PngImagePlugin

from flowscale_cli.importing import draft
from flowscale_runtime.nodes import packs
from flowscale_specs import load, resolve
from flowscale_workflows.formats import read

GRAPH = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "me.png"}, "_meta": {"title": "Face"}},
    "2": {"class_type": "LoadImage", "inputs": {"image": "b.png"}, "_meta": {"title": "Load Image"}},
    "3": {
        "class_type": "ImageStitch",
        "inputs": {
            "image1": ["1", 0],
            "image2": ["2", 0],
            "direction": "right",
            "match_image_size": True,
            "spacing_width": 0,
            "spacing_color": "white",
        },
    },
    "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "portraits/pair"}},
}
SAMPLING = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 5, "steps": 20, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0]},
    },
    "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "ComfyUI"}},
}
EDITOR = {
    "nodes": [
        {
            "id": 1,
            "type": "Mystery",
            "inputs": [],
            "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}],
            "widgets_values": [],
            "properties": {"aux_id": "someone/ComfyUI-Mystery", "ver": "abc"},
        },
        {
            "id": 2,
            "type": "SaveImage",
            "inputs": [{"name": "images", "type": "IMAGE", "link": 1}],
            "outputs": [],
            "widgets_values": ["out"],
        },
    ],
    "links": [[1, 1, 0, 2, 0, "IMAGE"]],
    "version": 0.4,
}


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    return dict(packs.load().definitions)


def spec(folder: Path) -> dict[str, Any]:
    return next(yaml.safe_load_all((folder / "flowscale.yaml").read_text()))["spec"]


def test_a_workflow_becomes_a_folder_that_resolves(flowscale: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "My Pair.json").write_text(json.dumps(GRAPH))
    done = flowscale("import", "My Pair.json")
    assert (done.code, done.out) == (0, "my-pair\n")
    assert resolve(load(tmp_path / "my-pair")).deployments.keys() == {"my-pair"}
    assert spec(tmp_path / "my-pair")["inputs"] == {
        "face": {"from": "1.image", "label": "Face"},
        "image": {"from": "2.image", "label": "Image"},
    }
    assert spec(tmp_path / "my-pair")["outputs"] == {"pair": {"from": "4"}}
    assert json.loads((tmp_path / "my-pair/workflow.json").read_text()) == GRAPH
    assert "-i face=@photo.png -i image=@photo.png" in (tmp_path / "my-pair/README.md").read_text()


def test_a_picture_gives_the_workflow_that_made_it(flowscale: Callable[..., Any], tmp_path: Path) -> None:
    facts = PngImagePlugin.PngInfo()
    facts.add_text("prompt", json.dumps(GRAPH))
    Image.new("RGB", (8, 8)).save(tmp_path / "ComfyUI_00001_.png", pnginfo=facts)
    done = flowscale("import", "ComfyUI_00001_.png", "pair", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert (told["name"], told["inputs"], told["missing"]) == ("pair", ["face", "image"], [])


def test_prompts_are_named_by_what_they_are_for(definitions: dict[str, Any]) -> None:
    found = draft(read(json.dumps(SAMPLING).encode()), definitions)
    assert {key: f"{item.node_id}.{item.widget}" for key, item in found.inputs.items()} == {
        "prompt": "6.text",
        "negative_prompt": "7.text",
        "seed": "3.seed",
        "steps": "3.steps",
    }


def test_prompts_are_offered_beside_files(definitions: dict[str, Any]) -> None:
    graph = {**SAMPLING, "1": {"class_type": "LoadImage", "inputs": {"image": "me.png"}}}
    found = draft(read(json.dumps(graph).encode()), definitions)
    assert list(found.inputs) == ["image", "prompt", "negative_prompt", "seed", "steps"]


def test_what_the_author_placed_as_inputs_is_all(definitions: dict[str, Any]) -> None:
    port = {"class_type": "FSLoadText", "inputs": {"default_value": "a fox", "label": "What to draw"}}
    found = draft(read(json.dumps({**SAMPLING, "1": port}).encode()), definitions)
    assert {key: item.node_id for key, item in found.inputs.items()} == {"what_to_draw": "1"}


def test_weights_are_models_and_not_inputs(definitions: dict[str, Any]) -> None:
    found = draft(read(json.dumps(SAMPLING).encode()), definitions)
    assert found.models == (("sd.safetensors", "checkpoints"),)
    assert yaml.safe_load(found.spec("x").split("---")[0])["spec"]["models"] == [
        {"name": "sd.safetensors", "kind": "checkpoints"}
    ]


def test_unknown_nodes_are_told_with_what_to_do(flowscale: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(json.dumps(EDITOR))
    done = flowscale("import", "w.json", "w")
    assert done.code == 0
    assert "Mystery (node 1) is in no pack that is here" in done.err
    assert "get github.com/someone/ComfyUI-Mystery and put it into custom_nodes/" in done.err
    assert json.loads((tmp_path / "w/workflow.json").read_text()) == EDITOR


def test_a_near_miss_is_told(definitions: dict[str, Any]) -> None:
    graph = {"1": {"class_type": "ImageBlurr", "inputs": {}}}
    (missing,) = draft(read(json.dumps(graph).encode()), definitions).missing
    assert (missing.nodes, missing.nearest) == (("1",), "ImageBlur")


def test_inputs_of_the_same_name_stay_apart(definitions: dict[str, Any]) -> None:
    graph = {
        str(number): {"class_type": "ImageScaleBy", "inputs": {"image": ["9", 0], "scale_by": 2.0}}
        for number in (1, 2)
    } | {"9": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}}
    found = draft(read(json.dumps(graph).encode()), definitions)
    assert {key: item.node_id for key, item in found.inputs.items() if item.widget == "scale_by"} == {
        "scale_by": "1",
        "scale_by_2": "2",
    }


def test_nothing_is_overwritten_unless_forced(flowscale: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(json.dumps(GRAPH))
    assert flowscale("import", "w.json").code == 0
    done = flowscale("import", "w.json")
    assert (done.code, "--force" in done.err) == (1, True)
    assert flowscale("import", "w.json", "--force", "--name", "other").code == 0
    assert "other" in (tmp_path / "w/flowscale.yaml").read_text()


@pytest.mark.parametrize(
    ("content", "code"), [(b"", 3), (b"hello", 3), (b'{"a": 1}', 3), (b"\x89PNG\r\n\x1a\n", 3)]
)
def test_what_is_no_workflow_is_said(
    flowscale: Callable[..., Any], tmp_path: Path, content: bytes, code: int
) -> None:
    (tmp_path / "w.json").write_bytes(content)
    done = flowscale("import", "w.json")
    assert (done.code, done.err.count("\n")) == (code, 1)
    assert not (tmp_path / "w").exists()


def test_a_missing_file_is_wrong_usage(flowscale: Callable[..., Any]) -> None:
    done = flowscale("import", "nowhere.json")
    assert (done.code, done.err) == (2, "flowscale: nowhere.json can't be read: No such file or directory\n")


@pytest.fixture
def site() -> Iterator[str]:
    """A web site that has a workflow."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/files/portrait%20v2.json"
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(GRAPH).encode() if found else b"")

        def log_message(self, *args: Any) -> None:
            io.StringIO().write(str(args))

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_address_is_fetched(flowscale: Callable[..., Any], tmp_path: Path, site: str) -> None:
    done = flowscale("import", f"{site}/files/portrait%20v2.json?raw=1")
    assert done.code == 1  # a query is part of the path that this site doesn't have
    done = flowscale("import", f"{site}/files/portrait%20v2.json", "portrait")
    assert (done.code, done.out) == (0, "portrait\n")
    assert (tmp_path / "portrait/flowscale.yaml").is_file()


def test_an_address_without_an_answer_is_an_error(flowscale: Callable[..., Any], site: str) -> None:
    done = flowscale("import", f"{site}/nothing.json")
    assert (done.code, "404" in done.err) == (1, True)
