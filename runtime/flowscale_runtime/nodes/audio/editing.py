"""Nodes that cut, mix and change sound."""

from __future__ import annotations

from flowscale_runtime.nodes import movies, sound
from flowscale_runtime.nodes.declare import AUDIO, Node, choice, fields, integer, number
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.lazy import torch

LONGEST = 1.8446744073709552e19
MERGES = ("add", "mean", "subtract", "multiply")


def like(audio: sound.Audio, waveform: torch.Tensor) -> sound.Audio:
    """Another waveform at the same rate."""
    return {"waveform": waveform, "sample_rate": audio["sample_rate"]}


class EmptyAudio(Node):
    """Silence."""

    TITLE = "Empty Audio"
    CATEGORY = "audio"
    REQUIRED = fields(
        duration=number(60.0, 0.0, LONGEST),
        sample_rate=integer(44100, 1, 192000),
        channels=integer(2, 1, 2),
    )
    RETURN_TYPES = ("AUDIO",)

    def run(self, duration: float, sample_rate: int, channels: int) -> tuple[sound.Audio]:
        samples = round(duration * sample_rate)
        if samples * channels > sound.MAX_SAMPLES:
            raise NodeError(f"{duration} seconds of silence are too long", "ask for less")
        return ({"waveform": torch.zeros(1, channels, samples), "sample_rate": sample_rate},)


class TrimAudioDuration(Node):
    """The part of a sound from a time on; a start below 0 counts from the end."""

    TITLE = "Trim Audio Duration"
    CATEGORY = "audio"
    REQUIRED = fields(
        audio=AUDIO, start_index=number(0.0, -LONGEST, LONGEST), duration=number(60.0, 0.0, LONGEST)
    )
    RETURN_TYPES = ("AUDIO",)

    def run(self, audio: sound.Audio, start_index: float, duration: float) -> tuple[sound.Audio]:
        given = sound.required(audio)
        whole = given["waveform"].shape[-1] / given["sample_rate"]
        window = movies.within(whole, start_index, duration, strict=False)
        if window is None or duration <= 0:
            raise NodeError(
                f"nothing is left of {whole:.3f} seconds from {start_index} for {duration}",
                "start before the end and keep more than 0 seconds",
            )
        part = movies.trimmed(given, *window)
        return (sound.required(part),)


class AudioAdjustVolume(Node):
    """Louder or softer by decibels."""

    TITLE = "Adjust Audio Volume"
    CATEGORY = "audio"
    REQUIRED = fields(audio=AUDIO, volume=integer(1, -100, 100))
    RETURN_TYPES = ("AUDIO",)

    def run(self, audio: sound.Audio, volume: int) -> tuple[sound.Audio]:
        return (like(audio, audio["waveform"] * 10 ** (volume / 20)),)


class AudioConcat(Node):
    """One sound after another."""

    TITLE = "Concatenate Audio"
    CATEGORY = "audio"
    REQUIRED = fields(audio1=AUDIO, audio2=AUDIO, direction=choice(["after", "before"], "after"))
    RETURN_TYPES = ("AUDIO",)

    def run(self, audio1: sound.Audio, audio2: sound.Audio, direction: str) -> tuple[sound.Audio]:
        pair = sound.alike(sound.required(audio1), sound.required(audio2))
        waves = [item["waveform"] for item in (pair if direction == "after" else pair[::-1])]
        return (like(pair[0], torch.cat(waves, dim=-1)),)


class AudioMerge(Node):
    """One sound over another, never louder than full scale; it is as long as the first."""

    TITLE = "Merge Audio"
    CATEGORY = "audio"
    REQUIRED = fields(audio1=AUDIO, audio2=AUDIO, merge_method=choice(MERGES))
    RETURN_TYPES = ("AUDIO",)

    def run(self, audio1: sound.Audio, audio2: sound.Audio, merge_method: str) -> tuple[sound.Audio]:
        base, over = sound.alike(sound.required(audio1), sound.required(audio2))
        first, second = base["waveform"], torch.zeros_like(base["waveform"])
        length = min(first.shape[-1], over["waveform"].shape[-1])
        second[..., :length] = over["waveform"][..., :length]
        mixed = merged(first, second, merge_method)
        return (like(base, mixed / mixed.abs().max().clamp(min=1.0)),)


def merged(first: torch.Tensor, second: torch.Tensor, method: str) -> torch.Tensor:
    """Two waveforms of one shape by one of MERGES."""
    match method:
        case "add":
            return first + second
        case "mean":
            return (first + second) / 2
        case "subtract":
            return first - second
        case _:
            return first * second


class SplitAudioChannels(Node):
    """The left and the right of a stereo sound."""

    TITLE = "Split Audio Channels"
    CATEGORY = "audio"
    REQUIRED = fields(audio=AUDIO)
    RETURN_TYPES = ("AUDIO", "AUDIO")
    RETURN_NAMES = ("left", "right")

    def run(self, audio: sound.Audio) -> tuple[sound.Audio, sound.Audio]:
        waveform = audio["waveform"]
        if waveform.shape[1] != 2:
            raise NodeError(f"the sound has {waveform.shape[1]} channels, not 2", "use a stereo file")
        return like(audio, waveform[:, :1]), like(audio, waveform[:, 1:])


class JoinAudioChannels(Node):
    """A stereo sound of two mono ones, as long as the shorter."""

    TITLE = "Join Audio Channels"
    CATEGORY = "audio"
    REQUIRED = fields(audio_left=AUDIO, audio_right=AUDIO)
    RETURN_TYPES = ("AUDIO",)

    def run(self, audio_left: sound.Audio, audio_right: sound.Audio) -> tuple[sound.Audio]:
        left, right = sound.alike(audio_left, audio_right)
        length = min(left["waveform"].shape[-1], right["waveform"].shape[-1])
        sides = [side["waveform"].mean(1, keepdim=True)[..., :length] for side in (left, right)]
        return (like(left, torch.cat(sides, dim=1)),)


class AudioEqualizer3Band(Node):
    """Raise or lower the low, middle and high of a sound by decibels."""

    TITLE = "Audio Equalizer (3-Band)"
    CATEGORY = "audio"
    _GAIN = number(0.0, -24.0, 24.0, 0.1)
    REQUIRED = fields(
        audio=AUDIO,
        low_gain_dB=_GAIN,
        low_freq=integer(100, 20, 500),
        mid_gain_dB=_GAIN,
        mid_freq=integer(1000, 200, 4000),
        mid_q=number(0.707, 0.1, 10.0, 0.001),
        high_gain_dB=_GAIN,
        high_freq=integer(5000, 1000, 15000),
    )
    RETURN_TYPES = ("AUDIO",)

    def run(
        self,
        audio: sound.Audio,
        low_gain_dB: float,
        low_freq: int,
        mid_gain_dB: float,
        mid_freq: int,
        mid_q: float,
        high_gain_dB: float,
        high_freq: int,
    ) -> tuple[sound.Audio]:
        given = sound.required(audio)
        low = f"bass=g={low_gain_dB}:f={low_freq}"
        mid = f"equalizer=g={mid_gain_dB}:f={mid_freq}:t=q:w={mid_q}"
        high = f"treble=g={high_gain_dB}:f={high_freq}"
        gains = {low: low_gain_dB, mid: mid_gain_dB, high: high_gain_dB}
        return (sound.filtered(given, [step for step, gain in gains.items() if gain]),)
