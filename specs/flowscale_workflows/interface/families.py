"""The node classes that stand for an input or an output of a workflow, family by family.

Each family is one person's convention: ours (FS), ComfyDeploy's, comfy-pack's, and the nodes that
ComfyUI itself loads and saves with. A node of the first three was placed on purpose, so those win.
"""

from collections.abc import Iterator
from typing import NamedTuple

from flowscale_workflows.signatures import InputType, OutputType


class Port(NamedTuple):
    """The widget of a recognised class that takes the caller's value."""

    widget: str
    type: InputType
    many: bool = False


class Sink(NamedTuple):
    """What a recognised output class gives; `format` is a fixed file format or None."""

    type: OutputType
    format: str | None = None


_FLOWSCALE: dict[str, tuple[Port, ...]] = {
    "FSLoadText": (Port("default_value", "string"),),
    "FSLoadInteger": (Port("default_value", "integer"),),
    "FSLoadImage": (Port("image", "image"),),
    "FSLoadImageFromURL": (Port("image_url", "image"),),
    "FSLoadVideo": (
        Port("video", "video"),
        Port("skip_first_frames", "integer"),
        Port("select_every_nth", "integer"),
    ),
    "FSLoadVideoFromURL": (
        Port("video_url", "video"),
        Port("skip_first_frames", "integer"),
        Port("select_every_nth", "integer"),
    ),
    "FSLoadAudio": (Port("audio", "audio"),),
    "FSLoadAudioFromURL": (Port("audio_url", "audio"),),
    "FSLoad3D": (Port("model_file", "file"),),
    "FSLoadLoRA": (Port("default_lora_name", "model"),),
}
_DEPLOY = "ComfyUIDeployExternal"
_DEPLOY_PORTS: dict[str, Port] = {
    "Text": Port("default_value", "string"),
    "TextAny": Port("default_value", "string"),
    "TextList": Port("text", "string", many=True),
    "Number": Port("default_value", "number"),
    "NumberInt": Port("default_value", "integer"),
    "NumberSlider": Port("default_value", "number"),
    "NumberSliderInt": Port("default_value", "integer"),
    "Seed": Port("default_value", "integer"),
    "Boolean": Port("default_value", "boolean"),
    "Enum": Port("default_value", "string"),
    "Color": Port("default_value", "string"),
    "Checkpoint": Port("default_value", "model"),
    "Lora": Port("lora_url", "model"),
    "FaceModel": Port("face_model_url", "file"),
    "Image": Port("input_id", "image"),
    "ImageAlpha": Port("input_id", "image"),
    "ImageBatch": Port("images", "image", many=True),
    "Mask": Port("input_id", "mask"),
    "Video": Port("input_id", "video"),
    "Vid": Port("input_id", "video"),
    "Audio": Port("audio_file", "audio"),
    "File": Port("input_id", "file"),
    "EXR": Port("exr_file", "file"),
}
_PACK: dict[str, Port] = {
    "CPackInputImage": Port("image", "image"),
    "CPackInputString": Port("value", "string"),
    "CPackInputInt": Port("value", "integer"),
    "CPackInputFloat": Port("value", "number"),
    "CPackInputBoolean": Port("value", "boolean"),
    "CPackInputEnum": Port("value", "string"),
    "CPackInputAny": Port("value", "string"),
    "CPackInputFile": Port("file_path", "file"),
}
_COMFY: dict[str, Port] = {
    "LoadImage": Port("image", "image"),
    "LoadImageMask": Port("image", "mask"),
    "LoadImageOutput": Port("image", "image"),
    "LoadVideo": Port("file", "video"),
    "LoadAudio": Port("audio", "audio"),
    "Load3D": Port("model_file", "file"),
    "Load3DAnimation": Port("model_file", "file"),
    "LoadLatent": Port("latent", "file"),
}
_SINKS: dict[str, Sink] = {
    "FSSaveText": Sink("text", "txt"),
    "FSSaveInteger": Sink("text", "txt"),
    "FSSaveImage": Sink("image"),
    "FSSaveVideo": Sink("video", "mp4"),
    "FSSaveAudio": Sink("audio"),
    "FSSave3D": Sink("file"),
    "ComfyDeployOutputImage": Sink("image"),
    "ComfyDeployOutputText": Sink("text", "txt"),
    "ComfyDeployOutputFile": Sink("file"),
    "CPackOutputImage": Sink("image", "png"),
    "CPackOutputTextAny": Sink("text", "txt"),
    "CPackOutputFile": Sink("file"),
    "SaveImage": Sink("image", "png"),
    "PreviewImage": Sink("image", "png"),
    "SaveAnimatedWEBP": Sink("image", "webp"),
    "SaveAnimatedPNG": Sink("image", "png"),
    "SaveImageWebsocket": Sink("image", "png"),
    "SaveVideo": Sink("video"),
    "SaveWEBM": Sink("video", "webm"),
    "SaveAudio": Sink("audio", "flac"),
    "SaveAudioMP3": Sink("audio", "mp3"),
    "SaveAudioOpus": Sink("audio", "opus"),
    "PreviewAudio": Sink("audio", "flac"),
    "SaveText": Sink("text"),
    "PreviewAny": Sink("text", "txt"),
    "SaveGLB": Sink("file", "glb"),
    "SaveSVGNode": Sink("file", "svg"),
}
_DELIBERATE_SINKS = ("FSSave", "ComfyDeployOutput", "ComfyUIDeployOutput", "CPackOutput")
_COMFY_SINKS = ("Save", "Preview")
_KINDS: tuple[tuple[str, OutputType], ...] = (
    ("Video", "video"),
    ("WEBM", "video"),
    ("Audio", "audio"),
    ("Image", "image"),
    ("Mask", "image"),
    ("Animated", "image"),
    ("Text", "text"),
    ("String", "text"),
)


def deliberate_ports(class_type: str) -> tuple[Port, ...]:
    """The inputs that a node of this class was placed to be; empty for any other class."""
    if class_type in _FLOWSCALE:
        return _FLOWSCALE[class_type]
    if class_type.startswith(_DEPLOY):
        return (_DEPLOY_PORTS.get(class_type.removeprefix(_DEPLOY), Port("default_value", "string")),)
    if class_type.startswith("CPackInput"):
        return (_PACK.get(class_type, Port("value", "string")),)
    return ()


def comfy_ports(class_type: str) -> tuple[Port, ...]:
    return (_COMFY[class_type],) if class_type in _COMFY else ()


def is_deliberate_sink(class_type: str) -> bool:
    return class_type.startswith(_DELIBERATE_SINKS)


def is_comfy_sink(class_type: str) -> bool:
    return class_type.startswith(_COMFY_SINKS)


def sink(class_type: str) -> Sink:
    """What a node of this class gives, known or told by its name."""
    return _SINKS.get(class_type) or Sink(next(_told(class_type), "file"))


def _told(class_type: str) -> Iterator[OutputType]:
    return (kind for word, kind in _KINDS if word.lower() in class_type.lower())
