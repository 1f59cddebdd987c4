"""Saving and previewing pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare, encoding, images, saving
from flowscale_runtime.nodes.declare import IMAGE, Node
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.errors import NodeError

if TYPE_CHECKING:
    import torch

Report = dict[str, Any]
METHODS = {"default": 4, "fastest": 0, "slowest": 6}
PREFIX_HELP = "Start of the file name; may hold a folder and tokens such as %year% and %width%."


def prefix(default: str = "ComfyUI") -> declare.Spec:
    return declare.text(default, tooltip=PREFIX_HELP)


def save_batch(
    pictures: torch.Tensor,
    start: str,
    metadata: Report,
    *,
    place: str = "output",
    kind: str = "png",
    **options: Any,
) -> list[saving.Entry]:
    """Save each picture of a batch to a file of its own."""
    height, width = pictures.shape[1:3]
    target = saving.destination(start, place=place, width=width, height=height)
    options |= {"level": encoding.FAST} if place == "temp" else {}
    entries = []
    for index, picture in enumerate(pictures):
        path = target.path(kind, index)
        encoding.save(images.to_pil(picture), path, metadata=metadata, **options)
        entries.append(target.entry(path))
    return entries


class SaveImage(Node):
    """Save pictures as PNG files that carry the workflow that made them."""

    TITLE = "Save Image"
    CATEGORY = "image"
    OUTPUT_NODE = True
    REQUIRED = declare.fields(images=IMAGE, filename_prefix=prefix())
    HIDDEN = declare.METADATA
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("images",)

    def run(
        self,
        images: torch.Tensor,
        filename_prefix: str = "ComfyUI",
        prompt: Any = None,
        extra_pnginfo: Any = None,
    ) -> Report:
        entries = save_batch(images, filename_prefix, saving.metadata(prompt, extra_pnginfo))
        return {"ui": {"images": entries}, "result": (images,)}


class PreviewImage(Node):
    """Show pictures without keeping them."""

    TITLE = "Preview Image"
    CATEGORY = "image"
    OUTPUT_NODE = True
    REQUIRED = declare.fields(images=IMAGE)
    HIDDEN = declare.METADATA
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("images",)

    def run(self, images: torch.Tensor, prompt: Any = None, extra_pnginfo: Any = None) -> Report:
        entries = save_batch(images, "ComfyUI_temp", saving.metadata(prompt, extra_pnginfo), place="temp")
        return {"ui": {"images": entries}, "result": (images,)}


class ImageCompare(Node):
    """Show two pictures with a slider between them."""

    TITLE = "Compare Images"
    CATEGORY = "image"
    OUTPUT_NODE = True
    REQUIRED = declare.fields(compare_view=("IMAGECOMPARE", {}))
    OPTIONAL = declare.fields(image_a=IMAGE, image_b=IMAGE)

    def run(
        self,
        compare_view: Any = None,
        image_a: torch.Tensor | None = None,
        image_b: torch.Tensor | None = None,
    ) -> Report:
        shown = {"a_images": image_a, "b_images": image_b}
        starts = {"a_images": "comfy.compare.a", "b_images": "comfy.compare.b"}
        return {
            "ui": {
                key: [] if pictures is None else save_batch(pictures, starts[key], {}, place="temp")
                for key, pictures in shown.items()
            }
        }


class SaveImageAdvanced(DynamicNode):
    """Save pictures as PNG or AVIF."""

    TITLE = "Save Image (Advanced)"
    CATEGORY = "image"
    OUTPUT_NODE = True
    REQUIRED = declare.fields(
        images=IMAGE,
        filename_prefix=prefix(),
        format=declare.choice_with_inputs(
            {
                "png": declare.fields(
                    bit_depth=declare.choice(["8-bit"], "8-bit"),
                    input_color_space=declare.choice(["sRGB"], "sRGB"),
                ),
                "avif": declare.fields(
                    bit_depth=declare.choice(["auto", "8-bit YUV420"], "auto"),
                    input_color_space=declare.choice(["sRGB"], "sRGB"),
                ),
            }
        ),
    )
    HIDDEN = declare.METADATA
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("images",)

    def run(
        self,
        images: torch.Tensor,
        filename_prefix: str = "ComfyUI",
        prompt: Any = None,
        extra_pnginfo: Any = None,
        **given: Any,
    ) -> Report:
        kind = declare.chosen("format", given)
        if kind not in {"png", "avif"}:
            raise NodeError(f"pictures can't be saved as {kind!r} here", "choose png or avif")
        entries = save_batch(images, filename_prefix, saving.metadata(prompt, extra_pnginfo), kind=kind)
        return {"ui": {"images": entries}, "result": (images,)}


class SaveAnimatedWEBP(Node):
    """Save a batch as one animated WebP."""

    TITLE = "Save Animated WEBP"
    CATEGORY = "image/animation"
    OUTPUT_NODE = True
    REQUIRED = declare.fields(
        images=IMAGE,
        filename_prefix=prefix(),
        fps=declare.number(6.0, 0.01, 1000.0, 0.01),
        lossless=declare.switch(True),
        quality=declare.integer(80, 0, 100),
        method=declare.choice(METHODS),
    )
    HIDDEN = declare.METADATA

    def run(
        self,
        images: torch.Tensor,
        filename_prefix: str,
        fps: float,
        lossless: bool,
        quality: int,
        method: str,
        prompt: Any = None,
        extra_pnginfo: Any = None,
    ) -> Report:
        tags = encoding.exif(saving.metadata(prompt, extra_pnginfo))
        options = {"lossless": lossless, "quality": quality, "method": METHODS[method], "exif": tags}
        return save_animation(images, filename_prefix, "webp", fps=fps, loop=0, **options)


class SaveAnimatedPNG(Node):
    """Save a batch as one animated PNG."""

    TITLE = "Save Animated PNG"
    CATEGORY = "image/animation"
    OUTPUT_NODE = True
    REQUIRED = declare.fields(
        images=IMAGE,
        filename_prefix=prefix(),
        fps=declare.number(6.0, 0.01, 1000.0, 0.01),
        compress_level=declare.integer(4, 0, 9),
    )
    HIDDEN = declare.METADATA

    def run(
        self,
        images: torch.Tensor,
        filename_prefix: str,
        fps: float,
        compress_level: int,
        prompt: Any = None,
        extra_pnginfo: Any = None,
    ) -> Report:
        info = encoding.animated_png_info(saving.metadata(prompt, extra_pnginfo))
        options = {"compress_level": compress_level, "pnginfo": info, "loop": 0}
        return save_animation(images, filename_prefix, "png", fps=fps, **options)


def save_animation(pictures: torch.Tensor, start: str, kind: str, **options: Any) -> Report:
    """Save a batch as one moving picture."""
    height, width = pictures.shape[1:3]
    target = saving.destination(start, width=width, height=height)
    path = target.path(kind)
    encoding.save_animation([images.to_pil(picture) for picture in pictures], path, **options)
    return {"ui": {"images": [target.entry(path)], "animated": (len(pictures) > 1,)}}
