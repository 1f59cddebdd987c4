"""Audio files to waveforms and back; AUDIO is `{"waveform": [B,C,T] from -1 to 1, "sample_rate": int}`."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from flowscale_runtime.graph import context
from flowscale_runtime.nodes.errors import BadAudio, BadMedia, NodeError
from flowscale_runtime.nodes.lazy import av, functional, numpy, torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer

SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".wma", ".aiff")
MAX_SAMPLES = 500_000_000  # over all channels: 2 GB as floats
CHUNK = 48_000
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)


class Audio(TypedDict):
    """What AUDIO links carry."""

    waveform: torch.Tensor
    sample_rate: int


@dataclass(frozen=True)
class Codec:
    """How a file extension is written."""

    name: str
    sample_format: str
    rates: tuple[int, ...] = ()  # those it can have; all where empty
    channels: int = 8


CODECS = {
    "flac": Codec("flac", "s16"),
    "wav": Codec("pcm_s16le", "s16"),
    "mp3": Codec("libmp3lame", "fltp", MP3_RATES, 2),
    "opus": Codec("libopus", "flt", OPUS_RATES),
    "ogg": Codec("libopus", "flt", OPUS_RATES),
}


def load(path: Path, *, start: float = 0.0, duration: float = 0.0) -> Audio:
    """The first sound track of a file; a duration of 0 is all of it."""
    with opened(path) as container:
        if not container.streams.audio:
            raise BadAudio(f"{path.name} has no sound", "send a file with an audio track")
        return read(container, container.streams.audio[0], path.name, start, duration)


@contextmanager
def opened(path: Path, error: type[BadMedia] = BadAudio) -> Iterator[InputContainer]:
    """A media file, read from disk as it is needed; whatever is wrong with it is an error of ours."""
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            yield container
    except av.FFmpegError as cause:
        hint = "send a whole file in a common format, such as MP4, WebM, WAV, FLAC or MP3"
        raise error(f"{path.name} can't be read: {cause.strerror}", hint) from cause


def read(
    container: InputContainer, stream: AudioStream, name: str, start: float = 0.0, duration: float = 0.0
) -> Audio:
    """A sound track as one batch item; parts that are damaged are left out, as players do."""
    rate = getattr(stream, "rate", 0)  # a stream whose codec nobody knows has none
    resampler = av.AudioResampler(format="fltp")
    parts: list[torch.Tensor] = []
    kept = 0
    for frame in decoded(container, stream):
        for piece in resampler.resample(frame):
            parts.append(torch.from_numpy(piece.to_ndarray().astype("float32", copy=False)))
            kept += parts[-1].numel()
        if kept > MAX_SAMPLES:
            raise BadAudio(f"{name} holds more than {MAX_SAMPLES:,} samples", "send a shorter file")
        if duration and parts and kept / parts[-1].shape[0] >= (start + duration) * rate:
            break
    if not parts:
        raise BadAudio(f"{name} has no sound that can be decoded", "send a whole file")
    waveform = torch.cat(parts, dim=1)
    first = round(start * rate)
    last = first + round(duration * rate) if duration else waveform.shape[1]
    return {"waveform": waveform[:, first:last].unsqueeze(0), "sample_rate": rate}


def decoded(container: InputContainer, stream: Any) -> Iterator[Any]:
    """Frames of a stream; packets that can't be decoded are left out. Stops when the run is interrupted."""
    node = context.current()
    for packet in container.demux(stream):
        node.check()
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def save(
    audio: Audio, path: Path, *, bitrate: int | None = None, best: bool = False, metadata: Mapping[str, Any]
) -> None:
    """Write the first item of a batch in the format of the path's extension."""
    codec = CODECS[path.suffix.removeprefix(".")]
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        container.metadata.update({key: json.dumps(value) for key, value in metadata.items()})
        stream = add_stream(container, audio, codec, bitrate)
        stream.codec_context.qscale = best  # variable bit rate at the highest quality
        write(container, stream, audio)


def add_stream(container: OutputContainer, audio: Audio, codec: Codec, bitrate: int | None = None) -> Any:
    """A sound track that `write` fills."""
    rate = fitting(audio["sample_rate"], codec.rates)
    stream: Any = container.add_stream(codec.name, rate=rate)
    stream.codec_context.layout = LAYOUTS[min(_channels(audio), codec.channels)]
    stream.codec_context.format = codec.sample_format
    if bitrate:
        stream.codec_context.bit_rate = bitrate
    return stream


def _channels(audio: Audio) -> int:
    count = audio["waveform"].shape[1]
    if count not in LAYOUTS:
        raise NodeError(
            f"audio of {count} channels can't be saved", "split or join it to one or two channels"
        )
    return count


def fitting(rate: int, rates: tuple[int, ...]) -> int:
    """A sample rate that a codec can have: the next above, or its highest."""
    if not rates or rate in rates:
        return rate
    return min((other for other in rates if other > rate), default=rates[-1])


def write(container: OutputContainer, stream: Any, audio: Audio) -> None:
    """Encode the first item of a batch, second by second."""
    for frame in _frames(audio):
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _frames(audio: Audio) -> Iterator[Any]:
    waveform = audio["waveform"][0].detach().float().clamp(-1.0, 1.0).cpu()
    node, layout = context.current(), LAYOUTS[_channels(audio)]
    for start in range(0, waveform.shape[1], CHUNK):
        node.check()
        samples = numpy.ascontiguousarray(waveform[:, start : start + CHUNK].numpy())
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = audio["sample_rate"], start
        yield frame


def required(audio: Audio | None) -> Audio:
    """The audio of an input that may have carried none, as from a silent video."""
    if audio is None or audio["waveform"].shape[-1] == 0:
        raise NodeError(
            "there is no sound to work on", "the video or file before this node has no audio track"
        )
    return audio


def resample(audio: Audio, rate: int) -> Audio:
    """The same sound at another rate."""
    if audio["sample_rate"] == rate:
        return audio
    length = max(1, round(audio["waveform"].shape[-1] * rate / audio["sample_rate"]))
    return {
        "waveform": _resampled(audio["waveform"], audio["sample_rate"], rate, length),
        "sample_rate": rate,
    }


def _resampled(waveform: torch.Tensor, old: int, new: int, length: int) -> torch.Tensor:
    batch, channels = waveform.shape[:2]
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=new)
    lines = []
    for line in waveform.detach().float().cpu().reshape(batch * channels, 1, -1):
        frame = av.AudioFrame.from_ndarray(
            numpy.ascontiguousarray(line.numpy()), format="fltp", layout="mono"
        )
        frame.sample_rate = old
        pieces = [*resampler.resample(frame), *resampler.resample(None)]
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=new)
        joined = torch.cat([torch.from_numpy(piece.to_ndarray()[0]) for piece in pieces])
        lines.append(functional.pad(joined[:length], (0, max(0, length - joined.shape[0]))))
    return torch.stack(lines).reshape(batch, channels, length)


def alike(*audios: Audio) -> list[Audio]:
    """The same sounds at the highest rate among them and with as many channels."""
    rate = max(audio["sample_rate"] for audio in audios)
    channels = max(audio["waveform"].shape[1] for audio in audios)
    fitted = [resample(audio, rate) for audio in audios]
    return [{"waveform": _spread(audio["waveform"], channels), "sample_rate": rate} for audio in fitted]


def _spread(waveform: torch.Tensor, channels: int) -> torch.Tensor:
    if waveform.shape[1] == channels:
        return waveform
    return waveform.mean(1, keepdim=True).expand(-1, channels, -1)


def filtered(audio: Audio, steps: Sequence[str]) -> Audio:
    """A sound after some of FFmpeg's filters, each written `name=options`."""
    if not steps:
        return audio
    items = []
    for waveform in audio["waveform"]:
        one: Audio = {"waveform": waveform.unsqueeze(0), "sample_rate": audio["sample_rate"]}
        items.append(_through(one, steps))
    return {"waveform": torch.stack(items), "sample_rate": audio["sample_rate"]}


def _through(audio: Audio, steps: Sequence[str]) -> torch.Tensor:
    graph = av.filter.Graph()
    nodes = [
        graph.add_abuffer(sample_rate=audio["sample_rate"], format="fltp", layout=LAYOUTS[_channels(audio)])
    ]
    nodes += [graph.add(*step.split("=", 1)) for step in [*steps, "aformat=sample_fmts=fltp"]]
    nodes.append(graph.add("abuffersink"))
    graph.link_nodes(*nodes).configure()
    pieces = []
    for frame in (*_frames(audio), None):
        graph.push(frame)
        pieces += list(_pulled(graph))
    return torch.cat(pieces, dim=1)[:, : audio["waveform"].shape[-1]]


def _pulled(graph: Any) -> Iterator[torch.Tensor]:
    while True:
        try:
            yield torch.from_numpy(graph.pull().to_ndarray().astype("float32", copy=False))
        except (av.error.BlockingIOError, av.error.EOFError):
            return
