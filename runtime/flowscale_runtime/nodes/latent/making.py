"""Nodes that make empty latents, and read their size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flowscale_runtime.nodes.declare import LATENT, Fields, Node, fields, integer, number
from flowscale_runtime.nodes.lazy import torch

if TYPE_CHECKING:
    from flowscale_runtime.nodes.latent.values import Latent

BATCH = integer(1, 1, 4096)


class EmptyPicture(Node):
    """Zeros in the shape that a family of image models expects."""

    RETURN_TYPES = ("LATENT",)
    channels: ClassVar[int] = 4
    factor: ClassVar[int] = 8  # pixels to a latent cell

    def run(self, width: int, height: int, batch_size: int = 1) -> tuple[Latent]:
        samples = torch.zeros(batch_size, self.channels, height // self.factor, width // self.factor)
        return ({"samples": samples, "downscale_ratio_spacial": self.factor},)


def sides(default: int, step: int) -> Fields:
    """Width, height and batch size."""
    size = integer(default, 16, step=step)
    return fields(width=size, height=size, batch_size=BATCH)


class EmptyLatentImage(EmptyPicture):
    """An empty latent for models with 4 channels at an eighth of the size."""

    TITLE = "Empty Latent Image"
    CATEGORY = "latent"
    REQUIRED = sides(512, 8)


class EmptySD3LatentImage(EmptyPicture):
    """An empty latent for models with 16 channels at an eighth of the size."""

    TITLE = "Empty SD3 Latent Image"
    CATEGORY = "latent/sd3"
    REQUIRED = sides(1024, 16)
    channels = 16


class EmptyFlux2LatentImage(EmptyPicture):
    """An empty latent for models with 128 channels at a sixteenth of the size."""

    TITLE = "Empty Flux 2 Latent"
    CATEGORY = "latent"
    REQUIRED = sides(1024, 16)
    channels, factor = 128, 16


class EmptyChromaRadianceLatentImage(EmptyPicture):
    """An empty latent for models that work on pixels."""

    CATEGORY = "latent/chroma_radiance"
    REQUIRED = sides(1024, 16)
    channels, factor = 3, 1


class EmptyQwenImageLayeredLatentImage(Node):
    """An empty latent of a picture and its layers."""

    TITLE = "Empty Qwen Image Layered Latent"
    CATEGORY = "latent/qwen"
    REQUIRED = fields(
        width=integer(640, 16, step=16), height=integer(640, 16, step=16), layers=integer(3), batch_size=BATCH
    )
    RETURN_TYPES = ("LATENT",)

    def run(self, width: int, height: int, layers: int, batch_size: int = 1) -> tuple[Latent]:
        samples = torch.zeros(batch_size, 16, layers + 1, height // 8, width // 8)
        return ({"samples": samples, "downscale_ratio_spacial": 8},)


class EmptyMovie(Node):
    """Zeros in the shape that a family of video models expects."""

    RETURN_TYPES = ("LATENT",)
    channels: ClassVar[int] = 16
    factor: ClassVar[int] = 8  # pixels to a latent cell
    frames: ClassVar[int] = 4  # frames to a latent frame, after the first

    def run(self, width: int, height: int, length: int, batch_size: int = 1) -> tuple[Latent]:
        shape = ((length - 1) // self.frames + 1, height // self.factor, width // self.factor)
        samples = torch.zeros(batch_size, self.channels, *shape)
        return ({"samples": samples, "downscale_ratio_spacial": self.factor},)


def movie(width: int, height: int, side: int, length: int, step: int, minimum: int = 16) -> Fields:
    """Width, height, length and batch size."""
    return fields(
        width=integer(width, minimum, step=side),
        height=integer(height, minimum, step=side),
        length=integer(length, 1, step=step),
        batch_size=BATCH,
    )


class EmptyHunyuanLatentVideo(EmptyMovie):
    """An empty latent for video models with 16 channels, 8 pixels and 4 frames to a cell."""

    TITLE = "Empty HunyuanVideo 1.0 Latent"
    CATEGORY = "latent/video"
    REQUIRED = movie(848, 480, 16, 25, 4)


class EmptyLTXVLatentVideo(EmptyMovie):
    """An empty latent for video models with 128 channels, 32 pixels and 8 frames to a cell."""

    CATEGORY = "latent/video/ltxv"
    REQUIRED = movie(768, 512, 32, 97, 8, 64)
    channels, factor, frames = 128, 32, 8


class EmptyMochiLatentVideo(EmptyMovie):
    """An empty latent for video models with 12 channels, 8 pixels and 6 frames to a cell."""

    CATEGORY = "latent/video"
    REQUIRED = movie(848, 480, 16, 25, 6)
    channels, frames = 12, 6


class EmptyLatentAudio(Node):
    """An empty latent for sound models of 64 channels at 44.1 kHz."""

    TITLE = "Empty Latent Audio"
    CATEGORY = "latent/audio"
    REQUIRED = fields(seconds=number(47.6, 1.0, 1000.0, 0.1), batch_size=BATCH)
    RETURN_TYPES = ("LATENT",)

    def run(self, seconds: float, batch_size: int = 1) -> tuple[Latent]:
        length = round(seconds * 44100 / 2048 / 2) * 2
        return ({"samples": torch.zeros(batch_size, 64, length), "type": "audio"},)


class EmptyAceStepLatentAudio(Node):
    """An empty latent for sound models of 8 channels by 16 bands."""

    TITLE = "Empty Ace Step 1.0 Latent Audio"
    CATEGORY = "latent/audio"
    REQUIRED = fields(seconds=number(120.0, 1.0, 1000.0, 0.1), batch_size=BATCH)
    RETURN_TYPES = ("LATENT",)

    def run(self, seconds: float, batch_size: int = 1) -> tuple[Latent]:
        length = int(seconds * 44100 / 512 / 8)
        return ({"samples": torch.zeros(batch_size, 8, 16, length), "type": "audio"},)


class EmptyAceStep15LatentAudio(Node):
    """An empty latent for sound models of 64 channels at 48 kHz."""

    ID = "EmptyAceStep1.5LatentAudio"
    TITLE = "Empty Ace Step 1.5 Latent Audio"
    CATEGORY = "latent/audio"
    REQUIRED = fields(seconds=number(120.0, 1.0, 1000.0, 0.01), batch_size=BATCH)
    RETURN_TYPES = ("LATENT",)

    def run(self, seconds: float, batch_size: int = 1) -> tuple[Latent]:
        length = round(seconds * 48000 / 1920)
        samples = torch.zeros(batch_size, 64, length)
        return ({"samples": samples, "type": "audio", "downscale_ratio_temporal": 1764},)


class GetLatentSize(Node):
    """Width, height, frames and batch size of a latent, in cells."""

    TITLE = "Get Latent Size"
    CATEGORY = "latent"
    REQUIRED = fields(latent=LATENT)
    RETURN_TYPES = ("INT", "INT", "INT", "INT")
    RETURN_NAMES = ("width", "height", "frames", "batch_size")

    def run(self, latent: Latent) -> tuple[Any, ...]:
        shape = latent["samples"].shape
        return shape[-1], shape[-2], shape[-3] if len(shape) == 5 else 1, shape[0]
