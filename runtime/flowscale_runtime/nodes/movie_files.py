"""Writing videos: encoded from pictures frame by frame, or copied where the source already fits."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowscale_runtime.graph import context
from flowscale_runtime.nodes import movies, sound
from flowscale_runtime.nodes.lazy import av

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from fractions import Fraction
    from pathlib import Path

    import torch
    from av.container import OutputContainer
    from av.video.stream import VideoStream


@dataclass(frozen=True)
class Codec:
    """How pictures and sound are encoded."""

    name: str
    audio: sound.Codec
    crf: float
    options: Mapping[str, str] = field(default_factory=dict)
    alpha: bool = False


AAC = sound.Codec("aac", "fltp", channels=8)
OPUS = sound.CODECS["opus"]
CODECS = {
    "h264": Codec("libx264", AAC, 23.0, {"preset": "medium"}),
    "vp9": Codec("libvpx-vp9", OPUS, 32.0, {"b:v": "0"}, alpha=True),
    "av1": Codec("libsvtav1", OPUS, 30.0, {"preset": "6", "svtav1-params": "lp=1"}),
}
CONTAINERS = {"mp4": "h264", "mkv": "h264", "webm": "av1"}


def save(
    video: movies.Video, path: Path, *, codec: str, crf: float | None = None, metadata: Mapping[str, Any]
) -> None:
    """Write a video in the container of the path's extension."""
    if isinstance(video, movies.VideoFile):
        sides, rate, audio = video.get_dimensions(), video.get_frame_rate(), video.audio()
        floats: Iterable[torch.Tensor] = (frame / 255.0 for frame in video.frames())
        encode(path, floats, sides, rate, audio, CODECS[codec], crf=crf, metadata=metadata)
        return
    parts = video.get_components()
    encode(
        path, parts.images, video.get_dimensions(), parts.frame_rate, parts.audio, CODECS[codec],
        crf=crf, metadata=metadata, total=video.get_frame_count(),
    )  # fmt: skip


def encode(
    path: Path,
    images: Iterable[torch.Tensor],
    sides: tuple[int, int],
    rate: Fraction,
    audio: sound.Audio | None,
    codec: Codec,
    *,
    crf: float | None = None,
    metadata: Mapping[str, Any] | None = None,
    total: int = 0,
    alpha: bool = False,
) -> None:
    """Encode pictures and sound; progress is reported by frame."""
    with _created(path, metadata or {}) as container:
        stream: Any = container.add_stream(codec.name, rate=rate, options=_options(codec, crf))
        stream.width, stream.height = sides[0] - sides[0] % 2, sides[1] - sides[1] % 2
        stream.pix_fmt = "yuva420p" if alpha and codec.alpha else "yuv420p"
        track = sound.add_stream(container, audio, codec.audio) if audio is not None else None
        _pictures(container, stream, images, total)
        if track is not None and audio is not None:
            sound.write(container, track, audio)


def _options(codec: Codec, crf: float | None) -> dict[str, str]:
    return {**codec.options, "crf": f"{codec.crf if crf is None else crf:g}"}


def _created(path: Path, metadata: Mapping[str, Any]) -> OutputContainer:
    options = {"fflags": "+bitexact"}
    if path.suffix == ".mp4":
        options["movflags"] = "use_metadata_tags+faststart"
    container = av.open(str(path), "w", options=options)
    container.metadata.update({key: json.dumps(value) for key, value in metadata.items()})
    return container


def _pictures(
    container: OutputContainer, stream: VideoStream, images: Iterable[torch.Tensor], total: int
) -> None:
    node = context.current()
    clear = stream.pix_fmt == "yuva420p"
    for index, picture in enumerate(images):
        frame = av.VideoFrame.from_ndarray(
            movies.as_bytes(picture, clear), format="rgba" if clear else "rgb24"
        )
        container.mux(stream.encode(frame))
        node.progress(index + 1, max(total, index + 1))
    container.mux(stream.encode(None))


def copies(video: movies.Video, container: str, codec: str) -> bool:
    """Whether a source can be copied as it is: an uncut file that has the wanted form."""
    if not isinstance(video, movies.VideoFile) or video.start or video.duration:
        return False
    with sound.opened(video.path) as source:
        name = source.streams.video[0].codec_context.name if source.streams.video else ""
        fits = container in source.format.name.split(",") or (
            container == "mkv" and "matroska" in source.format.name
        )
    return fits and codec in {"auto", name} and (codec != "auto" or name in CODECS)


def copy(source: Path, path: Path, metadata: Mapping[str, Any]) -> None:
    """The same streams in a new file, with metadata added; nothing is encoded again."""
    with sound.opened(source) as given, _created(path, metadata) as container:
        kept = [stream for stream in given.streams if stream.type in {"video", "audio"}]
        tracks = {stream.index: container.add_stream_from_template(stream) for stream in kept}
        for packet in _packets(given, kept):
            packet.stream = tracks[packet.stream.index]
            container.mux(packet)


def _packets(given: Any, kept: list[Any]) -> Iterator[Any]:
    node = context.current()
    for packet in given.demux(kept):
        node.check()
        if packet.dts is not None:
            yield packet
