"""Videos: files and rows of pictures behind one interface; frames are decoded one by one as they are needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from flowscale_runtime.nodes import sound, tensors
from flowscale_runtime.nodes.errors import BadAudio, BadVideo, NodeError
from flowscale_runtime.nodes.lazy import numpy, torch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream

SUFFIXES = (".mp4", ".webm", ".mkv", ".mov", ".avi", ".m4v", ".mpg", ".mpeg", ".gif")
MAX_PIXELS = 512_000_000  # over all frames that are kept: 6 GB as floats
DEFAULT_RATE = Fraction(30)


@dataclass(frozen=True)
class Components:
    """A video taken apart."""

    images: torch.Tensor
    audio: sound.Audio | None
    frame_rate: Fraction


class Video(Protocol):
    """What VIDEO links carry."""

    def get_components(self) -> Components: ...
    def get_dimensions(self) -> tuple[int, int]: ...
    def get_duration(self) -> float: ...
    def get_frame_rate(self) -> Fraction: ...
    def get_frame_count(self) -> int: ...
    def as_trimmed(
        self, start_time: float, duration: float, strict_duration: bool = False
    ) -> Video | None: ...


@dataclass(frozen=True)
class VideoFrames:
    """A video of pictures that are in memory."""

    parts: Components

    def get_components(self) -> Components:
        return self.parts

    def get_dimensions(self) -> tuple[int, int]:
        return self.parts.images.shape[2], self.parts.images.shape[1]

    def get_duration(self) -> float:
        return float(self.get_frame_count() / self.parts.frame_rate)

    def get_frame_rate(self) -> Fraction:
        return self.parts.frame_rate

    def get_frame_count(self) -> int:
        return self.parts.images.shape[0]

    def as_trimmed(
        self, start_time: float, duration: float, strict_duration: bool = False
    ) -> VideoFrames | None:
        """The part between two times, or None where there is none."""
        window = within(self.get_duration(), start_time, duration, strict_duration)
        if window is None:
            return None
        start, length = window
        rate = self.parts.frame_rate
        first, last = round(start * rate), round((start + length) * rate)
        audio = trimmed(self.parts.audio, start, length)
        return VideoFrames(replace(self.parts, images=self.parts.images[first:last], audio=audio))


@dataclass(frozen=True)
class VideoFile:
    """A video in a file, or the part of it between two times; a duration of 0 is all that is left."""

    path: Path
    start: float = 0.0
    duration: float = 0.0

    def get_components(self) -> Components:
        with _opened(self.path) as container:
            stream = _stream(container, self.path.name)
            rate = _rate(stream)
            images = stacked(self._frames(container, stream), self.path.name)
        return Components(images, self._audio(), rate)

    def frames(self, skip: int = 0, every: int = 1) -> Iterator[torch.Tensor]:
        """Frames `[H,W,3]` of bytes, from the n-th on, every n-th."""
        with _opened(self.path) as container:
            stream = _stream(container, self.path.name)
            for index, frame in enumerate(self._frames(container, stream)):
                if index >= skip and (index - skip) % every == 0:
                    yield frame

    def _frames(self, container: InputContainer, stream: VideoStream) -> Iterator[torch.Tensor]:
        stream.thread_type = "AUTO"
        first, last = self.start, self.start + self.duration if self.duration else float("inf")
        slack = float(1 / _rate(stream)) / 2
        origin = float((stream.start_time or 0) * (stream.time_base or 0))
        if first > 0 and stream.time_base:
            container.seek(int((first + origin) / stream.time_base), stream=stream)
        for frame in sound.decoded(container, stream):
            moment = 0.0 if frame.time is None else frame.time - origin
            if moment + slack >= last:
                return
            if moment + slack >= first:
                yield upright(frame)

    def _audio(self) -> sound.Audio | None:
        try:
            with sound.opened(self.path) as container:
                if not container.streams.audio:
                    return None
                stream = container.streams.audio[0]
                return sound.read(container, stream, self.path.name, self.start, self.duration)
        except BadAudio:
            return None  # a video whose sound is damaged is still a video

    def audio(self) -> sound.Audio | None:
        """The sound, or None for a silent video."""
        return self._audio()

    def get_dimensions(self) -> tuple[int, int]:
        first = next(self.frames(), None)
        if first is None:
            raise _no_frames(self.path.name)
        return first.shape[1], first.shape[0]

    def get_duration(self) -> float:
        whole = self._whole()
        return min(self.duration, whole - self.start) if self.duration else whole - self.start

    def _whole(self) -> float:
        with _opened(self.path) as container:
            stream = _stream(container, self.path.name)
            if stream.duration and stream.time_base:
                return float(stream.duration * stream.time_base)
            if container.duration:
                return float(container.duration / 1_000_000)
        return float(Fraction(sum(1 for _ in self.frames())) / self.get_frame_rate())

    def get_frame_rate(self) -> Fraction:
        with _opened(self.path) as container:
            return _rate(_stream(container, self.path.name))

    def get_frame_count(self) -> int:
        with _opened(self.path) as container:
            counted = _stream(container, self.path.name).frames
        whole = not self.start and not self.duration
        return counted if counted and whole else sum(1 for _ in self.frames())

    def get_stream_source(self) -> str:
        return str(self.path)

    def as_trimmed(
        self, start_time: float, duration: float, strict_duration: bool = False
    ) -> VideoFile | None:
        """The part between two times, or None where there is none."""
        window = within(self.get_duration(), start_time, duration, strict_duration)
        if window is None:
            return None
        return VideoFile(self.path, self.start + window[0], window[1])


def _opened(path: Path) -> Any:
    return sound.opened(path, BadVideo)


def _stream(container: InputContainer, name: str) -> VideoStream:
    if not container.streams.video:
        raise BadVideo(f"{name} has no pictures", "send a file with a video track")
    return container.streams.video[0]


def _rate(stream: VideoStream) -> Fraction:
    return stream.average_rate or stream.guessed_rate or DEFAULT_RATE


def upright(frame: Any) -> torch.Tensor:
    """A decoded frame as bytes `[H,W,3]`, turned as its file says."""
    picture = torch.from_numpy(frame.to_ndarray(format="rgb24"))
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return torch.rot90(picture, turns).contiguous() if turns else picture


def stacked(frames: Iterator[torch.Tensor], name: str) -> torch.Tensor:
    """Frames as pictures `[B,H,W,3]` from 0 to 1; too many are refused before memory is gone."""
    kept: list[torch.Tensor] = []
    pixels = 0
    for frame in frames:
        pixels += frame.shape[0] * frame.shape[1]
        if pixels > MAX_PIXELS:
            raise BadVideo(
                f"{name} has more than {MAX_PIXELS:,} pixels in all its frames",
                "send a shorter or smaller video, or skip frames",
            )
        kept.append(frame)
    if not kept:
        raise _no_frames(name)
    images = torch.empty((len(kept), *kept[0].shape), dtype=torch.float32)
    for index, frame in enumerate(kept):
        torch.div(frame, 255.0, out=images[index])
    return images


def _no_frames(name: str) -> BadVideo:
    return BadVideo(
        f"{name} has no frames that can be decoded", "send a whole file, or choose another part of it"
    )


def within(whole: float, start: float, duration: float, strict: bool) -> tuple[float, float] | None:
    """Start and length of a part; a start below 0 counts from the end. None where nothing is left of it."""
    begin = max(0.0, whole + start) if start < 0 else start
    left = whole - begin
    if left <= 0 or (strict and duration > left + 1e-6):
        return None
    return begin, min(duration, left) if duration > 0 else left


def trimmed(audio: sound.Audio | None, start: float, duration: float) -> sound.Audio | None:
    """The part of a sound between two times."""
    if audio is None:
        return None
    rate = audio["sample_rate"]
    first, last = round(start * rate), round((start + duration) * rate)
    return {"waveform": audio["waveform"][..., first:last], "sample_rate": rate}


def from_images(images: torch.Tensor, fps: float, audio: sound.Audio | None = None) -> VideoFrames:
    """A video of pictures and, maybe, sound."""
    if images.shape[0] == 0:
        raise NodeError("a video needs at least one picture", "connect a batch that isn't empty")
    return VideoFrames(Components(images, audio, Fraction(fps).limit_denominator(100_000)))


def as_bytes(picture: torch.Tensor, alpha: bool = False) -> numpy.ndarray[Any, Any]:
    """A picture as the bytes that encoders take: RGB or RGBA, even sides."""
    height, width = (side - side % 2 for side in picture.shape[:2])
    if not height or not width:
        raise NodeError("a video needs pictures of 2x2 pixels or more", "scale them up first")
    even = tensors.with_channels(picture[:height, :width], 4 if alpha else 3).detach().float().clamp(0.0, 1.0)
    return numpy.ascontiguousarray(even.mul(255.0).round_().to(torch.uint8).cpu().numpy())
