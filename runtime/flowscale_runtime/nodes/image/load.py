"""Loading pictures from the input and output folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_runtime.nodes import declare, digests, folders, images
from flowscale_runtime.nodes.declare import Node, Spec
from flowscale_runtime.nodes.tensors import with_channels

if TYPE_CHECKING:
    import torch

CHANNELS = ("alpha", "red", "green", "blue")


def picture_choice() -> Spec:
    """An upload widget over the pictures of the input folder."""
    return declare.choice(folders.choices(images.SUFFIXES), image_upload=True)


class LoadImage(Node):
    """Load a picture, upright and in RGB; the mask is where it is transparent."""

    TITLE = "Load Image"
    CATEGORY = "image"
    REQUIRED = declare.fields(image=picture_choice)
    RETURN_TYPES = ("IMAGE", "MASK")
    place = "input"

    def run(self, image: str) -> tuple[torch.Tensor, torch.Tensor]:
        loaded = images.load(folders.current().file(image, self.place))
        return loaded.image, loaded.mask

    @classmethod
    def IS_CHANGED(cls, image: str) -> str:
        return stamp(image, cls.place)

    @classmethod
    def VALIDATE_INPUTS(cls, image: str) -> bool | str:
        return folders.check_file(image, cls.place)


def stamp(name: str, place: str = "input") -> str:
    """The same for the same content, whatever the file is called."""
    return digests.of_file(folders.current().file(name, place))


class LoadImageOutput(LoadImage):
    """Load a picture that an earlier run left in the output folder."""

    TITLE = "Load Image (from Outputs)"
    REQUIRED = declare.fields(image=declare.choice([], image_upload=True, image_folder="output"))
    place = "output"


class LoadImageMask(Node):
    """Load one channel of a picture as a mask; alpha is inverted, so that transparent is 1."""

    TITLE = "Load Image (as Mask)"
    CATEGORY = "mask"
    REQUIRED = declare.fields(image=picture_choice, channel=declare.choice(CHANNELS))
    RETURN_TYPES = ("MASK",)

    def run(self, image: str, channel: str) -> tuple[torch.Tensor]:
        loaded = images.load(folders.current().file(image))
        if channel == "alpha":
            return (loaded.mask,)
        return (with_channels(loaded.image, 3)[..., CHANNELS.index(channel) - 1],)

    @classmethod
    def IS_CHANGED(cls, image: str, channel: str) -> str:
        return stamp(image)

    @classmethod
    def VALIDATE_INPUTS(cls, image: str) -> bool | str:
        return folders.check_file(image)
