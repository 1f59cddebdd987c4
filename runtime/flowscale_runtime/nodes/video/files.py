"""Nodes that load and save videos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare, folders, movie_files, movies, saving
from flowscale_runtime.nodes.declare import IMAGE, VIDEO, Node, Spec, choice, fields, number, text
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.image.load import stamp

if TYPE_CHECKING:
    from pathlib import Path

    import torch

Report = dict[str, Any]


def video_choice() -> Spec:
    """An upload widget over the videos of the input folder."""
    return choice(folders.choices(movies.SUFFIXES), video_upload=True)


class LoadVideo(Node):
    """Open a video; its frames are decoded when a node asks for them."""

    TITLE = "Load Video"
    CATEGORY = "image/video"
    REQUIRED = fields(file=video_choice)
    RETURN_TYPES = ("VIDEO",)

    def run(self, file: str) -> tuple[movies.Video]:
        return (movies.VideoFile(folders.current().file(file)),)

    @classmethod
    def IS_CHANGED(cls, file: str) -> str:
        return stamp(file)

    @classmethod
    def VALIDATE_INPUTS(cls, file: str) -> bool | str:
        return folders.check_file(file)


def _encoding(crf: float, highest: float) -> Spec:
    return declare.choice_with_inputs(
        {"auto": {}, "re-encode": fields(crf=number(crf, 0.0, highest, 0.1))}, advanced=True
    )


_H264 = fields(encoding=_encoding(23.0, 51.0))
_AV1 = fields(encoding=_encoding(30.0, 63.0))
_FORMATS = {
    "auto": {"auto": {}, "h264": _H264, "av1": _AV1},
    "mp4": {"auto": {}, "h264": _H264, "av1": _AV1},
    "mkv": {"auto": {}, "h264": _H264, "av1": _AV1},
    "webm": {"auto": {}, "av1": _AV1},
}


class SaveVideo(DynamicNode):
    """Save a video; one that already has the wanted form is copied, not encoded again."""

    TITLE = "Save Video"
    CATEGORY = "image/video"
    OUTPUT_NODE = True
    REQUIRED = fields(
        video=VIDEO,
        filename_prefix=text("video/ComfyUI"),
        format=declare.choice_with_inputs(
            {name: fields(codec=declare.choice_with_inputs(codecs)) for name, codecs in _FORMATS.items()}
        ),
    )
    HIDDEN = declare.METADATA
    RETURN_TYPES = ("VIDEO",)
    RETURN_NAMES = ("video",)

    def run(
        self,
        video: movies.Video,
        filename_prefix: str = "video/ComfyUI",
        prompt: Any = None,
        extra_pnginfo: Any = None,
        **given: Any,
    ) -> Report:
        options = declare.nested("format", given)
        codec = str(
            options.get("codec", given.get("codec", "auto"))
        )  # older graphs have it beside the format
        container, codec = resolved(declare.chosen("format", given), codec)
        width, height = video.get_dimensions()
        target = saving.destination(filename_prefix, width=width, height=height)
        path = target.path(container)
        write(video, path, codec, options.get("codec.encoding.crf"), saving.metadata(prompt, extra_pnginfo))
        return {"ui": {"images": [target.entry(path)], "animated": (True,)}, "result": (video,)}


def resolved(container: str, codec: str) -> tuple[str, str]:
    """The container for a choice, and the codec, which may still be `auto`."""
    if container not in _FORMATS or codec not in _FORMATS[container]:
        raise NodeError(
            f"a video can't be saved as {container} with {codec}",
            "choose mp4 or mkv with h264 or av1, or webm with av1",
        )
    if container == "auto":
        return ("webm" if codec == "av1" else "mp4"), codec
    return container, codec


def write(video: movies.Video, path: Path, codec: str, crf: float | None, metadata: Report) -> None:
    """Copy a video where it already has the wanted form, else encode it."""
    container = path.suffix.removeprefix(".")
    if crf is None and isinstance(video, movies.VideoFile) and movie_files.copies(video, container, codec):
        movie_files.copy(video.path, path, metadata)
        return
    wanted = movie_files.CONTAINERS[container] if codec == "auto" else codec
    movie_files.save(video, path, codec=wanted, crf=crf, metadata=metadata)


class SaveWEBM(Node):
    """Save pictures as a WebM video; VP9 keeps transparency."""

    TITLE = "Save WEBM"
    CATEGORY = "image/video"
    OUTPUT_NODE = True
    REQUIRED = fields(
        images=IMAGE,
        filename_prefix=text("ComfyUI"),
        codec=choice(["vp9", "av1"]),
        fps=number(24.0, 0.01, 1000.0),
        crf=number(32.0, 0.0, 63.0, 1.0),
    )
    HIDDEN = declare.METADATA
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("images",)

    def run(
        self,
        images: torch.Tensor,
        filename_prefix: str,
        codec: str,
        fps: float,
        crf: float,
        prompt: Any = None,
        extra_pnginfo: Any = None,
    ) -> Report:
        video = movies.from_images(images, fps)
        sides = video.get_dimensions()
        target = saving.destination(filename_prefix, width=sides[0], height=sides[1])
        path = target.path("webm")
        movie_files.encode(
            path, images, sides, video.get_frame_rate(), None, movie_files.CODECS[codec],
            crf=crf, metadata=saving.metadata(prompt, extra_pnginfo),
            total=len(images), alpha=images.shape[-1] == 4,
        )  # fmt: skip
        return {"ui": {"images": [target.entry(path)], "animated": (True,)}, "result": (images,)}
