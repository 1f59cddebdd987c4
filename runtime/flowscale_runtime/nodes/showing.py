"""What schema nodes show beside their outputs: ComfyUI's `comfy_api.latest.ui`, over our own ways of saving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_runtime.graph.v3.enums import FolderType
from flowscale_runtime.nodes import saving
from flowscale_runtime.nodes.audio.files import save_audio
from flowscale_runtime.nodes.image.save import save_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from flowscale_runtime.nodes import sound

Shown = dict[str, Any]


class SavedResult(dict[str, str]):
    """A saved file, as the editor finds it."""

    def __init__(self, filename: str, subfolder: str, type: FolderType | str) -> None:  # noqa: A002 (its name in packs)
        place = type.value if isinstance(type, FolderType) else type
        super().__init__(filename=filename, subfolder=subfolder, type=place)

    @property
    def filename(self) -> str:
        return self["filename"]

    @property
    def subfolder(self) -> str:
        return self["subfolder"]

    @property
    def type(self) -> FolderType:
        return FolderType(self["type"])


class SavedImages:
    """Pictures that were saved."""

    def __init__(self, results: Sequence[Shown], is_animated: bool = False) -> None:
        self.results, self.is_animated = list(results), is_animated

    def as_dict(self) -> Shown:
        """What the node shows."""
        return {"images": self.results, "animated": (self.is_animated,)}


class SavedAudios:
    """Sounds that were saved."""

    def __init__(self, results: Sequence[Shown]) -> None:
        self.results = list(results)

    def as_dict(self) -> Shown:
        """What the node shows."""
        return {"audio": self.results}


class ImageSaveHelper:
    """Saves pictures `[B,H,W,C]` with the workflow that made them, where the node's class is given."""

    @staticmethod
    def save_images(
        images: torch.Tensor,
        filename_prefix: str,
        folder_type: FolderType = FolderType.output,
        cls: Any = None,
        compress_level: int = 4,
    ) -> list[SavedResult]:
        """A PNG file for each picture."""
        entries = save_batch(
            images, filename_prefix, metadata(cls), place=folder_type.value, level=compress_level
        )
        return [SavedResult(**entry) for entry in entries]

    @staticmethod
    def get_save_images_ui(
        images: torch.Tensor, filename_prefix: str, cls: Any = None, compress_level: int = 4
    ) -> SavedImages:
        """Saves them and says what to show."""
        return SavedImages(
            ImageSaveHelper.save_images(images, filename_prefix, FolderType.output, cls, compress_level)
        )


class AudioSaveHelper:
    """Saves sounds."""

    @staticmethod
    def save_audio(
        audio: sound.Audio,
        filename_prefix: str,
        folder_type: FolderType = FolderType.output,
        cls: Any = None,
        format: str = "flac",  # noqa: A002 (its name in packs)
        quality: str = "128k",
    ) -> list[SavedResult]:
        """A file for each item of the batch."""
        kind = quality if format in {"mp3", "opus"} else ""
        entries = save_audio(audio, filename_prefix, format, kind, metadata(cls), folder_type.value)
        return [SavedResult(**entry) for entry in entries]

    @staticmethod
    def get_save_audio_ui(
        audio: sound.Audio, filename_prefix: str, cls: Any = None, **options: str
    ) -> SavedAudios:
        """Saves them and says what to show; `options` are `format` and `quality`."""
        return SavedAudios(
            AudioSaveHelper.save_audio(audio, filename_prefix, FolderType.output, cls, **options)
        )


class PreviewImage:
    """Pictures `[B,H,W,C]` to look at, which nobody keeps."""

    def __init__(self, image: torch.Tensor, animated: bool = False, cls: Any = None, **options: Any) -> None:
        self.values = ImageSaveHelper.save_images(image, "preview", FolderType.temp, cls)
        self.animated = animated

    def as_dict(self) -> Shown:
        """What the node shows."""
        return {"images": self.values, "animated": (self.animated,)}


class PreviewMask(PreviewImage):
    """Masks `[B,H,W]` to look at."""

    def __init__(self, mask: torch.Tensor, animated: bool = False, cls: Any = None, **options: Any) -> None:
        gray = mask.reshape(-1, *mask.shape[-2:]).unsqueeze(-1).expand(-1, -1, -1, 3)
        super().__init__(gray, animated, cls, **options)


class PreviewAudio:
    """Sound to listen to."""

    def __init__(self, audio: sound.Audio, cls: Any = None, **options: Any) -> None:
        self.values = AudioSaveHelper.save_audio(audio, "preview", FolderType.temp, cls)

    def as_dict(self) -> Shown:
        """What the node shows."""
        return {"audio": self.values}


class PreviewVideo:
    """Videos that were saved, to look at."""

    def __init__(self, values: Sequence[Shown], **options: Any) -> None:
        self.values = list(values)

    def as_dict(self) -> Shown:
        """What the node shows."""
        return {"images": self.values, "animated": (True,)}


class PreviewText:
    """Text to read."""

    def __init__(self, value: str, **options: Any) -> None:
        self.value = value

    def as_dict(self) -> Shown:
        """What the node shows."""
        return {"text": (self.value,)}


class PreviewUI3D:
    """A 3D file to look at."""

    def __init__(self, model_file: str, camera_info: Any = None, **options: Any) -> None:
        self.model_file, self.camera_info = model_file, camera_info

    def as_dict(self) -> Shown:
        """What the node shows."""
        return {"result": [self.model_file, self.camera_info, None]}


def metadata(cls: Any) -> Shown:
    """What a saved file says of its workflow; nothing where the node's class isn't given."""
    hidden = getattr(cls, "hidden", None)
    if hidden is None:
        return {}
    return saving.metadata(getattr(hidden, "prompt", None), getattr(hidden, "extra_pnginfo", None))
