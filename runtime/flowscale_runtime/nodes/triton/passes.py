"""Nodes that send a picture, a latent or a mask through a `Model`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes.declare import IMAGE, LATENT, Node, fields, text
from flowscale_runtime.nodes.forward import forward

if TYPE_CHECKING:
    import torch

MODEL = text("", placeholder="the name of a Model")


class TritonModel(Node):
    """A picture through a network that takes and gives pictures `[B, C, H, W]` of 0 to 1, such as an upscaler.

    Concurrent runs share its batches on the engine `triton`.
    """

    TITLE = "Triton Model"
    CATEGORY = "triton"
    REQUIRED = fields(image=IMAGE, model=MODEL)
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, model: str) -> tuple[torch.Tensor]:
        (found, *_) = forward(model, image.movedim(-1, 1).contiguous())
        return (found.movedim(1, -1).clamp(0.0, 1.0).contiguous(),)


class TritonModelLatent(Node):
    """A latent through a network that takes and gives `[B, C, H, W]`, such as a denoiser of one step."""

    TITLE = "Triton Model (latent)"
    CATEGORY = "triton"
    REQUIRED = fields(samples=LATENT, model=MODEL)
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: dict[str, Any], model: str) -> tuple[dict[str, Any]]:
        (found, *_) = forward(model, samples["samples"].contiguous())
        return ({**samples, "samples": found},)


class TritonModelNumbers(Node):
    """A picture through a network that gives numbers, such as a classifier: a JSON list of its first output."""

    TITLE = "Triton Model (numbers)"
    CATEGORY = "triton"
    REQUIRED = fields(image=IMAGE, model=MODEL)
    RETURN_TYPES = ("STRING",)

    def run(self, image: torch.Tensor, model: str) -> tuple[str]:
        (found, *_) = forward(model, image.movedim(-1, 1).contiguous())
        return (json.dumps(found.tolist()),)
