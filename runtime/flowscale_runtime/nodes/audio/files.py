"""Nodes that load, save and play sound."""

from __future__ import annotations

from typing import Any

from flowscale_runtime.nodes import declare, folders, movies, saving, sound
from flowscale_runtime.nodes.declare import AUDIO, Node, Spec, choice, fields, text
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.image.load import stamp

MP3 = ("V0", "128k", "320k")
OPUS = ("64k", "96k", "128k", "192k", "320k")
Report = dict[str, Any]


def sound_choice() -> Spec:
    """An upload widget over the sound and video files of the input folder."""
    return choice(folders.choices(sound.SUFFIXES + movies.SUFFIXES), audio_upload=True)


def save_audio(
    audio: sound.Audio | None, start: str, kind: str, quality: str, metadata: Report, place: str = "output"
) -> list[saving.Entry]:
    """Save each item of a batch to a file of its own; quality is `V0` or a bit rate such as `128k`."""
    given = sound.required(audio)
    target = saving.destination(start, place=place)
    entries = []
    for index, waveform in enumerate(given["waveform"]):
        path = target.path(kind, index)
        one: sound.Audio = {"waveform": waveform.unsqueeze(0), "sample_rate": given["sample_rate"]}
        sound.save(one, path, metadata=metadata, **_rate(quality))
        entries.append(target.entry(path))
    return entries


def _rate(quality: str) -> dict[str, Any]:
    if quality in {"", "V0"}:
        return {"best": bool(quality)}
    if not quality.endswith("k") or not quality[:-1].isdigit():
        raise NodeError(f"{quality!r} is no quality of sound", f"choose one of {', '.join(MP3 + OPUS)}")
    return {"bitrate": int(quality[:-1]) * 1000}


class LoadAudio(Node):
    """Load the sound of an audio or video file."""

    TITLE = "Load Audio"
    CATEGORY = "audio"
    REQUIRED = fields(audio=sound_choice)
    RETURN_TYPES = ("AUDIO",)

    def run(self, audio: str) -> tuple[sound.Audio]:
        return (sound.load(folders.current().file(audio)),)

    @classmethod
    def IS_CHANGED(cls, audio: str) -> str:
        return stamp(audio)

    @classmethod
    def VALIDATE_INPUTS(cls, audio: str) -> bool | str:
        return folders.check_file(audio)


class RecordAudio(LoadAudio):
    """Load what was recorded in the editor."""

    TITLE = "Record Audio"
    REQUIRED = fields(audio=("AUDIO_RECORD", {}))


class SaveAudio(Node):
    """Save sound as FLAC, without loss."""

    TITLE = "Save Audio (FLAC)"
    CATEGORY = "audio"
    OUTPUT_NODE = True
    REQUIRED = fields(audio=AUDIO, filename_prefix=text("audio/ComfyUI"))
    HIDDEN = declare.METADATA
    RETURN_TYPES = ("AUDIO",)
    kind = "flac"

    def run(
        self,
        audio: sound.Audio | None,
        filename_prefix: str = "audio/ComfyUI",
        quality: str = "",
        prompt: Any = None,
        extra_pnginfo: Any = None,
    ) -> Report:
        entries = save_audio(
            audio, filename_prefix, self.kind, quality, saving.metadata(prompt, extra_pnginfo)
        )
        return {"ui": {"audio": entries}, "result": (audio,)}


class SaveAudioMP3(SaveAudio):
    """Save sound as MP3."""

    TITLE = "Save Audio (MP3)"
    REQUIRED = fields(audio=AUDIO, filename_prefix=text("audio/ComfyUI"), quality=choice(MP3, "V0"))
    kind = "mp3"


class SaveAudioOpus(SaveAudio):
    """Save sound as Opus."""

    TITLE = "Save Audio (Opus)"
    REQUIRED = fields(audio=AUDIO, filename_prefix=text("audio/ComfyUI"), quality=choice(OPUS, "128k"))
    kind = "opus"


class SaveAudioAdvanced(DynamicNode):
    """Save sound in one of several formats."""

    TITLE = "Save Audio (Advanced)"
    CATEGORY = "audio"
    OUTPUT_NODE = True
    REQUIRED = fields(
        audio=AUDIO,
        filename_prefix=text("audio/ComfyUI"),
        format=declare.choice_with_inputs(
            {
                "flac": {},
                "mp3": fields(quality=choice(MP3, "V0")),
                "opus": fields(quality=choice(OPUS, "128k")),
            }
        ),
    )
    HIDDEN = declare.METADATA
    RETURN_TYPES = ("AUDIO",)

    def run(
        self,
        audio: sound.Audio | None,
        filename_prefix: str = "audio/ComfyUI",
        prompt: Any = None,
        extra_pnginfo: Any = None,
        **given: Any,
    ) -> Report:
        kind, options = declare.chosen("format", given), declare.nested("format", given)
        if kind not in sound.CODECS:
            raise NodeError(f"sound can't be saved as {kind!r}", f"choose one of {', '.join(sound.CODECS)}")
        metadata = saving.metadata(prompt, extra_pnginfo)
        entries = save_audio(audio, filename_prefix, kind, options.get("quality", ""), metadata)
        return {"ui": {"audio": entries}, "result": (audio,)}


class PreviewAudio(Node):
    """Play sound without keeping it."""

    TITLE = "Preview Audio"
    CATEGORY = "audio"
    OUTPUT_NODE = True
    REQUIRED = fields(audio=AUDIO)
    HIDDEN = declare.METADATA
    RETURN_TYPES = ("AUDIO",)

    def run(self, audio: sound.Audio | None, prompt: Any = None, extra_pnginfo: Any = None) -> Report:
        metadata = saving.metadata(prompt, extra_pnginfo)
        entries = save_audio(audio, "ComfyUI_temp", "flac", "", metadata, "temp")
        return {"ui": {"audio": entries}, "result": (audio,)}
