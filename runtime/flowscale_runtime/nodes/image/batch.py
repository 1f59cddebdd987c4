"""Nodes that make and take apart batches of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare, tensors
from flowscale_runtime.nodes.declare import IMAGE, Node, fields, integer
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.errors import NodeError

if TYPE_CHECKING:
    from flowscale_runtime.nodes.lazy import torch


class EmptyImage(Node):
    """Pictures of one color."""

    TITLE = "Empty Image"
    CATEGORY = "image"
    REQUIRED = fields(
        width=integer(512, 1),
        height=integer(512, 1),
        batch_size=integer(1, 1, 4096),
        color=integer(0, 0, 0xFFFFFF, display="color"),
    )
    RETURN_TYPES = ("IMAGE",)

    def run(self, width: int, height: int, batch_size: int = 1, color: int = 0) -> tuple[torch.Tensor]:
        return (tensors.filled(width, height, tensors.int_color(color), batch_size),)


class ImageBatch(Node):
    """One batch of two; the second is brought to the size of the first."""

    TITLE = "Batch Images"
    CATEGORY = "image"
    REQUIRED = fields(image1=IMAGE, image2=IMAGE)
    RETURN_TYPES = ("IMAGE",)

    def run(self, image1: torch.Tensor, image2: torch.Tensor) -> tuple[torch.Tensor]:
        return (tensors.join([image1, image2]),)


class BatchImagesNode(DynamicNode):
    """One batch of up to fifty; all are brought to the size of the first."""

    TITLE = "Batch Images"
    CATEGORY = "image"
    REQUIRED = fields(images=declare.growing("image", IMAGE, "image", minimum=2, maximum=50))
    RETURN_TYPES = ("IMAGE",)

    def run(self, **given: Any) -> tuple[torch.Tensor]:
        pictures = [picture for picture in declare.nested("images", given).values() if picture is not None]
        if not pictures:
            raise NodeError("no pictures to put into a batch", "link at least one input of images")
        return (tensors.join(pictures),)


class ImageFromBatch(Node):
    """A run of pictures out of a batch."""

    TITLE = "Get Image from Batch"
    CATEGORY = "image/batch"
    REQUIRED = fields(image=IMAGE, batch_index=integer(0, 0, 4095), length=integer(1, 1, 4096))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, batch_index: int, length: int) -> tuple[torch.Tensor]:
        start = min(image.shape[0] - 1, batch_index)
        return (image[start : start + length].clone(),)


class RepeatImageBatch(Node):
    """The same batch several times over."""

    TITLE = "Repeat Image Batch"
    CATEGORY = "image/batch"
    REQUIRED = fields(image=IMAGE, amount=integer(1, 1, 4096))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, amount: int) -> tuple[torch.Tensor]:
        return (image.repeat(amount, 1, 1, 1),)


class RebatchImages(Node):
    """Batches of another size, in the same order."""

    TITLE = "Rebatch Images"
    CATEGORY = "image/batch"
    INPUT_IS_LIST = True
    OUTPUT_IS_LIST = (True,)
    REQUIRED = fields(images=IMAGE, batch_size=integer(1, 1, 4096))
    RETURN_TYPES = ("IMAGE",)

    def run(self, images: list[torch.Tensor], batch_size: list[int]) -> tuple[list[torch.Tensor]]:
        single = [picture for batch in images for picture in batch.unsqueeze(1)]
        size = batch_size[0]
        groups = [single[start : start + size] for start in range(0, len(single), size)]
        return ([tensors.join(group) for group in groups],)
