"""The inputs of a workflow that is served as an API: each node is one field of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flowscale_runtime.nodes import folders, images, movies, sound
from flowscale_runtime.nodes.audio.files import sound_choice
from flowscale_runtime.nodes.declare import MAX_INT, Node, choice, fields, integer, text
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.image.load import picture_choice, stamp
from flowscale_runtime.nodes.three_d import files as three_d
from flowscale_runtime.nodes.video.files import video_choice

if TYPE_CHECKING:
    from pathlib import Path

    import torch

CATEGORY = "FlowScale/inputs"
LABEL = text("", tooltip="Name of the field that people see.")
URL = text("", tooltip="Address of the file, or its name once it was downloaded.")


def located(name: str) -> Path:
    """A local file, by its name or by a URL that the engine may fetch."""
    if not name.strip():
        raise NodeError("no file was given", "send one in this field of the request")
    if name.startswith(("http://", "https://", "data:")):
        return folders.current().fetched(name)
    return folders.current().file(name)


def check(name: object) -> bool | str:
    """For VALIDATE_INPUTS: URLs are looked at when the node runs."""
    if isinstance(name, str) and name.startswith(("http://", "https://", "data:")):
        return True
    return folders.check_file(name)


class FileInput(Node):
    """A node that is one file of the request; the content counts, not the name."""

    file: ClassVar[str] = ""  # the input that names it

    @classmethod
    def IS_CHANGED(cls, **given: Any) -> str:
        return stamp(str(given[cls.file]))  # a URL has no stamp: the error makes the node run


class FSLoadText(Node):
    """A text field of the request."""

    TITLE = "FS Load Text"
    CATEGORY = CATEGORY
    REQUIRED = fields(default_value=text("", multiline=True), label=LABEL)
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("text",)

    def run(self, default_value: str, label: str = "") -> tuple[str]:
        return (default_value,)


class FSLoadInteger(Node):
    """A whole number of the request."""

    TITLE = "FS Load Integer"
    CATEGORY = CATEGORY
    REQUIRED = fields(default_value=integer(0, -MAX_INT, MAX_INT), label=LABEL)
    RETURN_TYPES = ("INT",)
    RETURN_NAMES = ("integer",)

    def run(self, default_value: int, label: str = "") -> tuple[int]:
        return (default_value,)


class FSLoadImage(FileInput):
    """A picture of the request; the mask is where it is transparent."""

    TITLE = "FS Load Image"
    CATEGORY = CATEGORY
    file = "image"
    REQUIRED = fields(image=picture_choice, label=LABEL)
    RETURN_TYPES = ("IMAGE", "MASK")

    def run(self, image: str, label: str = "") -> tuple[torch.Tensor, torch.Tensor]:
        loaded = images.load(located(image))
        return loaded.image, loaded.mask

    @classmethod
    def VALIDATE_INPUTS(cls, image: str) -> bool | str:
        return check(image)


class FSLoadImageFromURL(FileInput):
    """A picture of the request, given by its address."""

    TITLE = "FS Load Image (URL)"
    CATEGORY = CATEGORY
    file = "image_url"
    REQUIRED = fields(image_url=URL, label=LABEL)
    RETURN_TYPES = ("IMAGE", "MASK")

    def run(self, image_url: str, label: str = "") -> tuple[torch.Tensor, torch.Tensor]:
        loaded = images.load(located(image_url))
        return loaded.image, loaded.mask

    @classmethod
    def VALIDATE_INPUTS(cls, image_url: str) -> bool | str:
        return check(image_url)


FRAMES = fields(
    skip_first_frames=integer(0, 0, MAX_INT), select_every_nth=integer(1, 1, MAX_INT), label=LABEL
)
Frames = tuple["torch.Tensor", sound.Audio | None, float]


def frames_of(path: Path, skip: int, every: int) -> Frames:
    """Some frames of a video as pictures, its sound, and the frame rate that is left."""
    video = movies.VideoFile(path)
    pictures = movies.stacked(video.frames(skip, every), path.name)
    return pictures, video.audio(), float(video.get_frame_rate() / every)


class FSLoadVideo(FileInput):
    """A video of the request, as a batch of pictures."""

    TITLE = "FS Load Video"
    CATEGORY = CATEGORY
    file = "video"
    REQUIRED = fields(video=video_choice, **FRAMES)
    RETURN_TYPES = ("IMAGE", "AUDIO", "FLOAT")
    RETURN_NAMES = ("images", "audio", "fps")

    def run(
        self, video: str, skip_first_frames: int = 0, select_every_nth: int = 1, label: str = ""
    ) -> Frames:
        return frames_of(located(video), skip_first_frames, select_every_nth)

    @classmethod
    def VALIDATE_INPUTS(cls, video: str) -> bool | str:
        return check(video)


class FSLoadVideoFromURL(FileInput):
    """A video of the request, given by its address."""

    TITLE = "FS Load Video (URL)"
    CATEGORY = CATEGORY
    file = "video_url"
    REQUIRED = fields(video_url=URL, **FRAMES)
    RETURN_TYPES = ("IMAGE", "AUDIO", "FLOAT")
    RETURN_NAMES = ("images", "audio", "fps")

    def run(
        self, video_url: str, skip_first_frames: int = 0, select_every_nth: int = 1, label: str = ""
    ) -> Frames:
        return frames_of(located(video_url), skip_first_frames, select_every_nth)

    @classmethod
    def VALIDATE_INPUTS(cls, video_url: str) -> bool | str:
        return check(video_url)


class FSLoadAudio(FileInput):
    """A sound of the request."""

    TITLE = "FS Load Audio"
    CATEGORY = CATEGORY
    file = "audio"
    REQUIRED = fields(audio=sound_choice, label=LABEL)
    RETURN_TYPES = ("AUDIO",)

    def run(self, audio: str, label: str = "") -> tuple[sound.Audio]:
        return (sound.load(located(audio)),)

    @classmethod
    def VALIDATE_INPUTS(cls, audio: str) -> bool | str:
        return check(audio)


class FSLoadAudioFromURL(FileInput):
    """A sound of the request, given by its address."""

    TITLE = "FS Load Audio (URL)"
    CATEGORY = CATEGORY
    file = "audio_url"
    REQUIRED = fields(audio_url=URL, label=LABEL)
    RETURN_TYPES = ("AUDIO",)

    def run(self, audio_url: str, label: str = "") -> tuple[sound.Audio]:
        return (sound.load(located(audio_url)),)

    @classmethod
    def VALIDATE_INPUTS(cls, audio_url: str) -> bool | str:
        return check(audio_url)


class FSLoad3D(FileInput):
    """A 3D file of the request: its path, and the file itself."""

    TITLE = "FS Load 3D"
    CATEGORY = CATEGORY
    file = "model_file"
    REQUIRED = fields(model_file=three_d.model_choice, label=LABEL)
    RETURN_TYPES = ("STRING", "FILE_3D")
    RETURN_NAMES = ("file_path", "model_3d")

    def run(self, model_file: str, label: str = "") -> tuple[str, three_d.File3D]:
        model = three_d.opened(located(model_file))
        return str(model.path), model

    @classmethod
    def VALIDATE_INPUTS(cls, model_file: str) -> bool | str:
        return check(model_file)


class FSLoadLoRA(Node):
    """A LoRA of the request, or the one that is used where none is sent; gives the name that loaders take."""

    TITLE = "FS Load LoRA"
    CATEGORY = CATEGORY
    REQUIRED = fields(
        default_lora_name=lambda: choice(folders.model_choices("loras")),
        lora_url=text(""),
        auth_token=text(""),
        save_filename=text(""),
        label=LABEL,
    )
    RETURN_TYPES = ("*",)
    RETURN_NAMES = ("lora_name",)

    def run(
        self,
        default_lora_name: str,
        lora_url: str = "",
        auth_token: str = "",
        save_filename: str = "",
        label: str = "",
    ) -> tuple[str]:
        return (lora_name(lora_url or default_lora_name),)

    @classmethod
    def VALIDATE_INPUTS(cls, default_lora_name: str) -> bool | str:
        return True  # the choice may be the name of an uploaded file


def lora_name(given: str) -> str:
    """The name by which a loader finds a LoRA: as given, or marked as a file of the input folder."""
    place = folders.current()
    if given.startswith(("http://", "https://")):
        fetched = place.fetched(given).resolve()
        return f"{fetched.relative_to(place.input.resolve()).as_posix()} [input]"
    if not given:
        raise NodeError(
            "no LoRA was given", "send one in this field, or set default_lora_name in the workflow"
        )
    if folders.inside(place.input, given).is_file():
        return f"{given} [input]"
    place.model("loras", given)
    return given
