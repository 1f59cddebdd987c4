"""Nodes that make videos of pictures, and pictures of videos."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare, movies, sound, tensors
from flowscale_runtime.nodes.declare import AUDIO, IMAGE, VIDEO, Node, choice, fields, integer, number, switch
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.lazy import av, torch

if TYPE_CHECKING:
    from collections.abc import Sequence

CATEGORY = "image/video"


class CreateVideo(Node):
    """A video of pictures and, maybe, sound."""

    TITLE = "Create Video"
    CATEGORY = CATEGORY
    REQUIRED = fields(images=IMAGE, fps=number(30.0, 1.0, 120.0, 1.0))
    OPTIONAL = fields(
        audio=AUDIO,
        bit_depth=(
            "COMBO,INT",
            {"options": ["auto", 8], "default": "auto", "advanced": True, "widgetType": "COMBO"},
        ),
        color_space=choice(["sRGB"], "sRGB", advanced=True),
    )
    RETURN_TYPES = ("VIDEO",)

    def run(
        self,
        images: torch.Tensor,
        fps: float,
        audio: sound.Audio | None = None,
        bit_depth: str | int = "auto",
        color_space: str = "sRGB",
    ) -> tuple[movies.Video]:
        if str(bit_depth) not in {"auto", "8"} or color_space != "sRGB":
            raise NodeError(
                f"videos of {bit_depth} bits in {color_space} can't be made", "use 8 bits and sRGB"
            )
        return (movies.from_images(images, fps, audio),)


class GetVideoComponents(Node):
    """The pictures, the sound and the frame rate of a video."""

    TITLE = "Get Video Components"
    CATEGORY = CATEGORY
    REQUIRED = fields(video=VIDEO)
    RETURN_TYPES = ("IMAGE", "AUDIO", "FLOAT", "INT,COMBO")
    RETURN_NAMES = ("images", "audio", "fps", "bit_depth")

    def run(self, video: movies.Video) -> tuple[torch.Tensor, sound.Audio | None, float, int]:
        parts = video.get_components()
        return parts.images, parts.audio, float(parts.frame_rate), 8


class VideoSlice(Node):
    """The part of a video from a time on; a duration of 0 is all that is left."""

    ID = "Video Slice"
    TITLE = "Video Slice"
    CATEGORY = CATEGORY
    REQUIRED = fields(
        video=VIDEO,
        start_time=number(0.0, -1e5, 1e5, 0.001),
        duration=number(0.0, 0.0, 1e10, 0.001),
        strict_duration=switch(False),
    )
    RETURN_TYPES = ("VIDEO",)

    def run(
        self, video: movies.Video, start_time: float, duration: float, strict_duration: bool
    ) -> tuple[movies.Video]:
        part = video.as_trimmed(start_time, duration, strict_duration=strict_duration)
        if part is None:
            raise NodeError(
                f"the video of {video.get_duration():.3f} seconds has no {duration} seconds from {start_time}",
                "start earlier, or ask for less",
            )
        return (part,)


class ConcatenateVideo(DynamicNode):
    """One video after another, at the size and frame rate of the first."""

    TITLE = "Concatenate Video"
    CATEGORY = CATEGORY
    REQUIRED = fields(videos=declare.growing("video", VIDEO, "video", minimum=1, maximum=100))
    OPTIONAL = fields(complete_audio=AUDIO)
    RETURN_TYPES = ("VIDEO",)

    def run(self, complete_audio: sound.Audio | None = None, **given: Any) -> tuple[movies.Video]:
        parts = [video.get_components() for video in declare.nested("videos", given).values()]
        rate = parts[0].frame_rate
        images = tensors.join([_retimed(part, rate) for part in parts])
        audio = complete_audio if complete_audio is not None else _joined(parts)
        return (movies.VideoFrames(movies.Components(images, audio, rate)),)


def _retimed(part: movies.Components, rate: Fraction) -> torch.Tensor:
    count = max(1, round(part.images.shape[0] * rate / part.frame_rate))
    step = part.frame_rate / rate
    picks = [min(int(index * step), part.images.shape[0] - 1) for index in range(count)]
    return part.images[picks]


def _joined(parts: Sequence[movies.Components]) -> sound.Audio | None:
    """The sounds one after another, silence where a part has none; None where all are silent."""
    heard = [part.audio for part in parts if part.audio is not None]
    if not heard:
        return None
    rate = max(audio["sample_rate"] for audio in heard)
    tracks = sound.alike(*(_track(part, rate) for part in parts))
    return {"waveform": torch.cat([track["waveform"] for track in tracks], dim=-1), "sample_rate": rate}


def _track(part: movies.Components, rate: int) -> sound.Audio:
    length = round(part.images.shape[0] / part.frame_rate * rate)
    silence: sound.Audio = {"waveform": torch.zeros(1, 2, length), "sample_rate": rate}
    if part.audio is None:
        return silence
    base, heard = sound.alike(silence, part.audio)
    waveform = base["waveform"].clone()
    kept = min(length, heard["waveform"].shape[-1])
    waveform[..., :kept] = heard["waveform"][:1, :, :kept]
    return {"waveform": waveform, "sample_rate": rate}


class VideoFrameSample(Node):
    """Some frames of a video."""

    TITLE = "Sample Video Frames"
    CATEGORY = CATEGORY
    REQUIRED = fields(
        video=VIDEO,
        num_frames=integer(16, 1, 9999),
        strategy=choice(["uniform", "head", "tail", "random"], "uniform"),
        seed=integer(0, 0, declare.MAX_SEED),
    )
    RETURN_TYPES = ("VIDEO",)

    def run(self, video: movies.Video, num_frames: int, strategy: str, seed: int) -> tuple[movies.Video]:
        parts = video.get_components()
        picks = sampled(parts.images.shape[0], num_frames, strategy, seed)
        return (movies.VideoFrames(movies.Components(parts.images[picks], parts.audio, parts.frame_rate)),)


def sampled(total: int, wanted: int, strategy: str, seed: int) -> list[int]:
    """Which of so many frames to take, in order."""
    count = min(wanted, total)
    match strategy:
        case "head":
            return list(range(count))
        case "tail":
            return list(range(total - count, total))
        case "random":
            source = torch.Generator().manual_seed(seed)
            return sorted(torch.randperm(total, generator=source)[:count].tolist())
        case _:
            if count == 1:
                return [total // 2]
            return [round(index * (total - 1) / (count - 1)) for index in range(count)]


class LTXVPreprocess(Node):
    """Pictures as a video codec would leave them: some models expect its traces."""

    TITLE = "LTXVPreprocess"
    CATEGORY = "image"
    REQUIRED = fields(image=IMAGE, img_compression=integer(35, 0, 100))
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("output_image",)

    def run(self, image: torch.Tensor, img_compression: int) -> tuple[torch.Tensor]:
        if not img_compression:
            return (image,)
        return (torch.stack([compressed(picture, min(img_compression, 51)) for picture in image]),)


def compressed(picture: torch.Tensor, crf: int) -> torch.Tensor:
    """A picture after one frame of H.264; an odd last row or column is left away."""
    pixels = movies.as_bytes(picture)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width = pixels.shape[:2]
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 1)
    encoder.options = {"crf": str(crf), "preset": "veryfast"}
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
    frame.pts = 0
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    decoder = av.CodecContext.create("h264", "r")
    frames = [*(frame for packet in packets for frame in decoder.decode(packet)), *decoder.decode(None)]
    return torch.from_numpy(frames[0].to_ndarray(format="rgb24")).float().div_(255.0)
