"""Nodes that make, change and combine masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowscale_runtime.nodes import declare, images, saving, tensors
from flowscale_runtime.nodes.declare import IMAGE, MASK, Node, choice, fields, integer, number, switch
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.image.geometry import cut
from flowscale_runtime.nodes.image.save import save_batch
from flowscale_runtime.nodes.lazy import functional, torch

CATEGORY = "mask"
CHANNELS = ("red", "green", "blue", "alpha")
Operation = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]
OPERATIONS: dict[str, Operation] = {
    "multiply": lambda below, above: below * above,
    "add": lambda below, above: below + above,
    "subtract": lambda below, above: below - above,
    "and": lambda below, above: (below.round().bool() & above.round().bool()).float(),
    "or": lambda below, above: (below.round().bool() | above.round().bool()).float(),
    "xor": lambda below, above: (below.round().bool() ^ above.round().bool()).float(),
}


class SolidMask(Node):
    """A mask of one value."""

    TITLE = "Create Solid Mask"
    CATEGORY = CATEGORY
    REQUIRED = fields(value=number(1.0, 0.0, 1.0), width=integer(512, 1), height=integer(512, 1))
    RETURN_TYPES = ("MASK",)

    def run(self, value: float, width: int, height: int) -> tuple[torch.Tensor]:
        return (torch.full((1, height, width), value, dtype=torch.float32),)


class InvertMask(Node):
    """Where a mask isn't."""

    TITLE = "Invert Mask"
    CATEGORY = CATEGORY
    REQUIRED = fields(mask=MASK)
    RETURN_TYPES = ("MASK",)

    def run(self, mask: torch.Tensor) -> tuple[torch.Tensor]:
        return (1.0 - mask,)


class MaskToImage(Node):
    """A mask as a gray picture."""

    TITLE = "Convert Mask to Image"
    CATEGORY = CATEGORY
    REQUIRED = fields(mask=MASK)
    RETURN_TYPES = ("IMAGE",)

    def run(self, mask: torch.Tensor) -> tuple[torch.Tensor]:
        return (tensors.batched(mask).unsqueeze(-1).repeat(1, 1, 1, 3),)


class ImageToMask(Node):
    """One channel of a picture as a mask."""

    TITLE = "Convert Image to Mask"
    CATEGORY = CATEGORY
    REQUIRED = fields(image=IMAGE, channel=choice(CHANNELS))
    RETURN_TYPES = ("MASK",)

    def run(self, image: torch.Tensor, channel: str) -> tuple[torch.Tensor]:
        return (tensors.with_channels(image, 4)[..., CHANNELS.index(channel)],)


class ImageColorToMask(Node):
    """Where a picture has exactly one color."""

    TITLE = "Image Color to Mask"
    CATEGORY = CATEGORY
    REQUIRED = fields(image=IMAGE, color=integer(0, 0, 0xFFFFFF, display="color"))
    RETURN_TYPES = ("MASK",)

    def run(self, image: torch.Tensor, color: int) -> tuple[torch.Tensor]:
        levels = (image[..., :3].clamp(0.0, 1.0) * 255.0).round().to(torch.int32)
        found = (levels[..., 0] << 16) + (levels[..., 1] << 8) + levels[..., 2]
        return ((found == color).float(),)


class CropMask(Node):
    """Cut a rectangle out of masks."""

    TITLE = "Crop Mask"
    CATEGORY = CATEGORY
    REQUIRED = fields(mask=MASK, x=integer(), y=integer(), width=integer(512, 1), height=integer(512, 1))
    RETURN_TYPES = ("MASK",)

    def run(self, mask: torch.Tensor, x: int, y: int, width: int, height: int) -> tuple[torch.Tensor]:
        return (cut(tensors.batched(mask), x, y, width, height),)


class MaskComposite(Node):
    """Combine a mask with another that is laid over it."""

    TITLE = "Combine Masks"
    CATEGORY = CATEGORY
    REQUIRED = fields(destination=MASK, source=MASK, x=integer(), y=integer(), operation=choice(OPERATIONS))
    RETURN_TYPES = ("MASK",)

    def run(
        self, destination: torch.Tensor, source: torch.Tensor, x: int, y: int, operation: str
    ) -> tuple[torch.Tensor]:
        below, above = tensors.same_batch(tensors.batched(destination), tensors.batched(source))
        result = below.clone()
        part = above[:, : max(0, below.shape[1] - y), : max(0, below.shape[2] - x)]
        window = (slice(None), slice(y, y + part.shape[1]), slice(x, x + part.shape[2]))
        result[window] = OPERATIONS[operation](below[window], part)
        return (result.clamp(0.0, 1.0),)


class FeatherMask(Node):
    """Masks that fade towards their sides."""

    TITLE = "Feather Mask"
    CATEGORY = CATEGORY
    REQUIRED = fields(mask=MASK, left=integer(), top=integer(), right=integer(), bottom=integer())
    RETURN_TYPES = ("MASK",)

    def run(self, mask: torch.Tensor, left: int, top: int, right: int, bottom: int) -> tuple[torch.Tensor]:
        planes = tensors.batched(mask)
        rows = ramp(planes.shape[1], top) * ramp(planes.shape[1], bottom).flip(0)
        columns = ramp(planes.shape[2], left) * ramp(planes.shape[2], right).flip(0)
        return (planes * rows[:, None] * columns[None, :],)


def ramp(length: int, rise: int) -> torch.Tensor:
    """Values that rise to 1 over the first steps, then stay."""
    rise = min(rise, length)
    values = torch.ones(length)
    if rise:
        values[:rise] = torch.arange(1, rise + 1) / rise
    return values


class GrowMask(Node):
    """Grow masks by some pixels, or shrink them by a number below zero."""

    TITLE = "Grow Mask"
    CATEGORY = CATEGORY
    REQUIRED = fields(mask=MASK, expand=integer(0, -16384, 16384), tapered_corners=switch(True))
    RETURN_TYPES = ("MASK",)

    def run(self, mask: torch.Tensor, expand: int, tapered_corners: bool) -> tuple[torch.Tensor]:
        planes = tensors.batched(mask).unsqueeze(1)
        grown = (
            grow(planes, expand, tapered_corners) if expand >= 0 else -grow(-planes, -expand, tapered_corners)
        )
        return (grown.squeeze(1),)


def grow(planes: torch.Tensor, steps: int, tapered: bool) -> torch.Tensor:
    """The largest value within some steps: in a diamond where tapered, else in a square."""
    for _ in range(min(steps, sum(planes.shape[-2:]))):
        rows = functional.max_pool2d(planes, (3, 1), 1, (1, 0))
        columns = functional.max_pool2d(planes if tapered else rows, (1, 3), 1, (0, 1))
        grown = torch.maximum(rows, columns)
        if torch.equal(grown, planes):
            break
        planes = grown
    return planes


class ThresholdMask(Node):
    """Masks of only 0 and 1: 1 where they are over a value."""

    TITLE = "Threshold Mask"
    CATEGORY = CATEGORY
    REQUIRED = fields(mask=MASK, value=number(0.5, 0.0, 1.0))
    RETURN_TYPES = ("MASK",)

    def run(self, mask: torch.Tensor, value: float) -> tuple[torch.Tensor]:
        return ((mask > value).float(),)


class BatchMasksNode(DynamicNode):
    """One batch of up to fifty masks; all are brought to the size of the first."""

    TITLE = "Batch Masks"
    CATEGORY = CATEGORY
    REQUIRED = fields(masks=declare.growing("mask", MASK, "mask", minimum=1, maximum=50))
    RETURN_TYPES = ("MASK",)

    def run(self, **given: Any) -> tuple[torch.Tensor]:
        planes = [
            tensors.batched(mask) for mask in declare.nested("masks", given).values() if mask is not None
        ]
        height, width = planes[0].shape[1:]
        return (torch.cat([tensors.scale_mask(mask, width, height) for mask in planes]),)


class MaskPreview(Node):
    """Show a mask without keeping it."""

    TITLE = "Preview Mask"
    CATEGORY = CATEGORY
    OUTPUT_NODE = True
    REQUIRED = fields(mask=MASK)
    HIDDEN = declare.METADATA
    RETURN_TYPES = ("MASK",)
    RETURN_NAMES = ("mask",)

    def run(self, mask: torch.Tensor, prompt: Any = None, extra_pnginfo: Any = None) -> dict[str, Any]:
        shown = images.rgb(tensors.batched(mask).unsqueeze(-1))
        metadata = saving.metadata(prompt, extra_pnginfo)
        return {
            "ui": {"images": save_batch(shown, "ComfyUI_temp", metadata, place="temp")},
            "result": (mask,),
        }
