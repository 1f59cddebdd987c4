"""Small graphs, definitions and editor files that the tests of workflows share."""

from collections.abc import Callable
from typing import Any

import pytest

Json = dict[str, Any]


@pytest.fixture
def text_to_image() -> Json:
    """The usual graph: loader, two prompts, sampler, decoder, saver."""
    return {
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "small.safetensors"}},
        "6": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "a cat", "clip": ["4", 1]},
            "_meta": {"title": "Prompt"},
        },
        "7": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "blurry", "clip": ["4", 1]},
            "_meta": {"title": "Negative"},
        },
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "seed": 5,
                "steps": 20,
                "cfg": 7.5,
                "sampler_name": "euler",
                "model": ["4", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
                "latent_image": ["5", 0],
            },
        },
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "cats"}},
    }


def _entry(required: Json, optional: Json | None = None, **more: Any) -> Json:
    optional = optional or {}
    return {
        "input": {"required": required, "optional": optional},
        "input_order": {"required": list(required), "optional": list(optional)},
        "output": [],
        "output_node": False,
    } | more


@pytest.fixture
def entry() -> Callable[..., Json]:
    """Makes an object_info entry from its inputs."""
    return _entry


@pytest.fixture
def definitions() -> Json:
    """Entries of the classes in `text_to_image`, and of some that the conversion tests use."""
    seed = {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}
    return {
        "CheckpointLoaderSimple": _entry({"ckpt_name": [["small.safetensors", "large.safetensors"], {}]}),
        "CLIPTextEncode": _entry(
            {
                "text": [
                    "STRING",
                    {"multiline": True, "dynamicPrompts": True, "tooltip": "What the picture shows."},
                ],
                "clip": ["CLIP", {}],
            }
        ),
        "EmptyLatentImage": _entry(
            {
                "width": ["INT", {"default": 512, "min": 16, "max": 4096, "step": 8}],
                "height": ["INT", {"default": 512, "min": 16, "max": 4096, "step": 8}],
                "batch_size": ["INT", {"default": 1, "min": 1, "max": 64}],
            }
        ),
        "KSampler": _entry(
            {
                "model": ["MODEL", {}],
                "seed": ["INT", seed],
                "steps": ["INT", {"default": 20, "min": 1, "max": 10000}],
                "cfg": ["FLOAT", {"default": 8.0, "min": 0.0, "max": 100.0, "step": 0.1}],
                "sampler_name": ["COMBO", {"options": ["euler", "heun"]}],
                "positive": ["CONDITIONING", {}],
                "negative": ["CONDITIONING", {}],
                "latent_image": ["LATENT", {}],
            },
            output=["LATENT"],
        ),
        "VAEDecode": _entry({"samples": ["LATENT", {}], "vae": ["VAE", {}]}),
        "SaveImage": _entry(
            {"images": ["IMAGE", {}], "filename_prefix": ["STRING", {"default": "ComfyUI"}]}, output_node=True
        ),
        "LoadImage": _entry({"image": [["a.png", "b.png"], {"image_upload": True}]}),
        "Blur": _entry(
            {"image": ["IMAGE", {}], "radius": ["INT", {"default": 3}]},
            output=["IMAGE"],
            display_name="Blur it",
        ),
        "Resize": _entry(
            {
                "image": ["IMAGE", {}],
                "mode": [
                    "COMFY_DYNAMICCOMBO_V3",
                    {
                        "options": [
                            {
                                "key": "size",
                                "inputs": {"required": {"width": ["INT", {}], "height": ["INT", {}]}},
                            },
                            {"key": "factor", "inputs": {"required": {"by": ["FLOAT", {"default": 2.0}]}}},
                        ]
                    },
                ],
                "method": [["area", "lanczos"], {}],
            }
        ),
    }


class Editor:
    """Writes a file as the editor would: nodes with named inputs, and links between them."""

    def __init__(self) -> None:
        self.nodes: list[Json] = []
        self.links: list[list[Any]] = []
        self.subgraphs: list[Json] = []
        self.extra: Json = {}

    def node(self, node_id: int, kind: str, *values: Any, **more: Any) -> "Editor":
        self.nodes.append(
            {"id": node_id, "type": kind, "mode": 0, "inputs": [], "outputs": [], "properties": {}}
            | {"widgets_values": list(values)}
            | more
        )
        return self

    def link(
        self, source: int, slot: int, target: int, name: str, kind: str = "*", widget: bool = False
    ) -> "Editor":
        number = len(self.links) + 1
        node = next(item for item in self.nodes if item["id"] == target)
        held = {"name": name, "type": kind, "link": number} | ({"widget": {"name": name}} if widget else {})
        node["inputs"].append(held)
        self.links.append([number, source, slot, target, len(node["inputs"]) - 1, kind])
        return self

    def subgraph(
        self,
        name: str,
        inside: "Editor",
        inputs: list[str],
        outputs: list[str],
        feeds: list[tuple[int, int, int]],
    ) -> "Editor":
        """Adds a definition; `feeds` are (inner node, its output slot, the subgraph's output slot)."""
        base = len(inside.links)
        links = [
            {"id": number, "origin_id": a, "origin_slot": b, "target_id": c, "target_slot": d, "type": kind}
            for number, a, b, c, d, kind in inside.links
        ] + [
            {
                "id": base + 1 + at,
                "origin_id": node,
                "origin_slot": slot,
                "target_id": -20,
                "target_slot": out,
            }
            for at, (node, slot, out) in enumerate(feeds)
        ]
        self.subgraphs.append(
            {
                "id": name,
                "name": name,
                "inputNode": {"id": -10},
                "outputNode": {"id": -20},
                "inputs": [{"name": item, "type": "*"} for item in inputs],
                "outputs": [{"name": item, "type": "*"} for item in outputs],
                "nodes": inside.nodes,
                "links": links,
            }
        )
        self.subgraphs.extend(inside.subgraphs)
        return self

    def file(self) -> Json:
        return {
            "version": 0.4,
            "last_node_id": max((item["id"] for item in self.nodes), default=0),
            "nodes": self.nodes,
            "links": self.links,
            "extra": self.extra,
            "definitions": {"subgraphs": self.subgraphs},
        }


@pytest.fixture
def editor() -> Callable[[], Editor]:
    """Makes an empty file of the editor to draw on."""
    return Editor
