"""Latents in files: safetensors with the workflow that made them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare, folders, saving, weights
from flowscale_runtime.nodes.declare import LATENT, Node, Spec, choice, fields, text
from flowscale_runtime.nodes.errors import BadWeights
from flowscale_runtime.nodes.image.load import stamp
from flowscale_runtime.nodes.lazy import torch

if TYPE_CHECKING:
    from flowscale_runtime.nodes.latent.values import Latent

MARK = "latent_format_version_0"  # without it, samples are in the scale of the first models
OLD_SCALE = 0.18215


class SaveLatent(Node):
    """Save latents to a file."""

    TITLE = "Save Latent"
    CATEGORY = "_for_testing"
    OUTPUT_NODE = True
    REQUIRED = fields(samples=LATENT, filename_prefix=text("latents/ComfyUI"))
    HIDDEN = declare.METADATA
    RETURN_TYPES = ("LATENT",)

    def run(
        self,
        samples: Latent,
        filename_prefix: str = "latents/ComfyUI",
        prompt: Any = None,
        extra_pnginfo: Any = None,
    ) -> dict[str, Any]:
        import safetensors.torch as tensors  # brings torch

        target = saving.destination(filename_prefix)
        path = target.path("latent")
        metadata = {key: json.dumps(value) for key, value in saving.metadata(prompt, extra_pnginfo).items()}
        content = {"latent_tensor": samples["samples"].contiguous().cpu(), MARK: torch.tensor([])}
        tensors.save_file(content, path, metadata=metadata)
        return {"ui": {"latents": [target.entry(path)]}, "result": (samples,)}


def latent_choice() -> Spec:
    """The latent files of the input folder."""
    return choice(folders.choices((".latent",)))


class LoadLatent(Node):
    """Load latents from a file."""

    TITLE = "Load Latent"
    CATEGORY = "_for_testing"
    REQUIRED = fields(latent=latent_choice)
    RETURN_TYPES = ("LATENT",)

    def run(self, latent: str) -> tuple[Latent]:
        content = weights.read(folders.current().file(latent))
        if "latent_tensor" not in content:
            raise BadWeights(f"{latent} holds no latents", "use a file that Save Latent wrote")
        samples = content["latent_tensor"].float()
        return ({"samples": samples if MARK in content else samples / OLD_SCALE},)

    @classmethod
    def IS_CHANGED(cls, latent: str) -> str:
        return stamp(latent)

    @classmethod
    def VALIDATE_INPUTS(cls, latent: str) -> bool | str:
        return folders.check_file(latent)
