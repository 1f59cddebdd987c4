"""The outputs of a workflow that is served as an API: each node is one output of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare, encoding, movie_files, movies, saving, sound
from flowscale_runtime.nodes.audio.files import save_audio
from flowscale_runtime.nodes.declare import (
    AUDIO,
    IMAGE,
    MAX_INT,
    Node,
    choice,
    fields,
    integer,
    number,
    switch,
    text,
)
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.fs.loading import LABEL
from flowscale_runtime.nodes.image.save import save_batch
from flowscale_runtime.nodes.text.files import save_text
from flowscale_runtime.nodes.three_d.files import save_file

if TYPE_CHECKING:
    import torch

CATEGORY = "FlowScale/outputs"
PREFIX = text("FlowScale", tooltip="Start of the file name.")
SOUNDS = ("flac", "wav", "mp3", "ogg")
RATES = ("V0", "320k", "192k", "128k", "96k", "64k")
Report = dict[str, Any]


class FSSaveText(Node):
    """A text as an output."""

    TITLE = "FS Save Text"
    CATEGORY = CATEGORY
    OUTPUT_NODE = True
    REQUIRED = fields(text=text("", multiline=True), filename_prefix=PREFIX, label=LABEL)
    RETURN_TYPES = ()

    def run(self, text: str, filename_prefix: str = "FlowScale", label: str = "") -> Report:
        return {"ui": {"files": [save_text(text, filename_prefix)], "text": [text]}}


class FSSaveInteger(Node):
    """A whole number as an output."""

    TITLE = "FS Save Integer"
    CATEGORY = CATEGORY
    OUTPUT_NODE = True
    REQUIRED = fields(integer=integer(0, -MAX_INT, MAX_INT), filename_prefix=PREFIX, label=LABEL)

    def run(self, integer: int, filename_prefix: str = "FlowScale", label: str = "") -> Report:
        return {"ui": {"files": [save_text(str(integer), filename_prefix)], "text": [str(integer)]}}


class FSSaveImage(Node):
    """Pictures as outputs."""

    TITLE = "FS Save Image"
    CATEGORY = CATEGORY
    OUTPUT_NODE = True
    REQUIRED = fields(
        images=IMAGE,
        filename_prefix=PREFIX,
        format=choice(encoding.FORMATS, "png"),
        quality=integer(95, 1, 100),
        lossless=switch(False),
        label=LABEL,
    )
    HIDDEN = declare.METADATA

    def run(
        self,
        images: torch.Tensor,
        filename_prefix: str = "FlowScale",
        format: str = "png",  # noqa: A002
        quality: int = 95,
        lossless: bool = False,
        label: str = "",
        prompt: Any = None,
        extra_pnginfo: Any = None,
    ) -> Report:
        if format not in encoding.FORMATS:
            raise NodeError(
                f"pictures can't be saved as {format!r}", f"choose one of {', '.join(encoding.FORMATS)}"
            )
        metadata = saving.metadata(prompt, extra_pnginfo)
        entries = save_batch(
            images, filename_prefix, metadata, kind=format, quality=quality, lossless=lossless
        )
        return {"ui": {"images": entries}}


class FSSaveVideo(Node):
    """Pictures as an MP4 video."""

    TITLE = "FS Save Video"
    CATEGORY = CATEGORY
    OUTPUT_NODE = True
    REQUIRED = fields(
        images=IMAGE,
        filename_prefix=PREFIX,
        fps=number(24.0, 0.01, 1000.0),
        quality=integer(75, 1, 100, tooltip="100 is nearly without loss, 50 is small."),
        label=LABEL,
    )
    HIDDEN = declare.METADATA

    def run(
        self,
        images: torch.Tensor,
        filename_prefix: str = "FlowScale",
        fps: float = 24.0,
        quality: int = 75,
        label: str = "",
        prompt: Any = None,
        extra_pnginfo: Any = None,
    ) -> Report:
        video = movies.from_images(images, fps)
        width, height = video.get_dimensions()
        target = saving.destination(filename_prefix, width=width, height=height)
        path = target.path("mp4")
        metadata = saving.metadata(prompt, extra_pnginfo)
        movie_files.save(video, path, codec="h264", crf=crf_of(quality), metadata=metadata)
        return {"ui": {"video": [target.entry(path)], "animated": (True,)}}


def crf_of(quality: int) -> float:
    """H.264's scale for a quality from 1 to 100: 10 is nearly without loss, 40 is rough."""
    return 40.0 - 0.3 * quality


class FSSaveAudio(Node):
    """A sound as an output."""

    TITLE = "FS Save Audio"
    CATEGORY = CATEGORY
    OUTPUT_NODE = True
    REQUIRED = fields(
        audio=AUDIO,
        filename_prefix=PREFIX,
        format=choice(SOUNDS, "flac"),
        quality=choice(RATES, "V0", tooltip="For mp3 and ogg; V0 is the best."),
        label=LABEL,
    )
    HIDDEN = declare.METADATA

    def run(
        self,
        audio: sound.Audio | None,
        filename_prefix: str = "FlowScale",
        format: str = "flac",  # noqa: A002
        quality: str = "V0",
        label: str = "",
        prompt: Any = None,
        extra_pnginfo: Any = None,
    ) -> Report:
        if format not in SOUNDS:
            raise NodeError(f"sound can't be saved as {format!r}", f"choose one of {', '.join(SOUNDS)}")
        rate = {"mp3": quality, "ogg": "192k" if quality == "V0" else quality}.get(format, "")
        entries = save_audio(audio, filename_prefix, format, rate, saving.metadata(prompt, extra_pnginfo))
        return {"ui": {"audio": entries}}


class FSSave3D(Node):
    """A 3D file as an output."""

    TITLE = "FS Save 3D"
    CATEGORY = CATEGORY
    OUTPUT_NODE = True
    REQUIRED = fields(file_path=text("", forceInput=True), filename_prefix=PREFIX, label=LABEL)

    def run(self, file_path: str, filename_prefix: str = "FlowScale", label: str = "") -> Report:
        return {"ui": {"files": [save_file(file_path, filename_prefix)]}}
