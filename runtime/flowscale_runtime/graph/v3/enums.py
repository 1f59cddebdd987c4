"""Words that inputs use."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Any


class NumberDisplay(StrEnum):
    """How a number is shown."""

    number = "number"
    slider = "slider"
    gradient_slider = "gradientslider"
    color = "color"


class ControlAfterGenerate(StrEnum):
    """What a seed does after a run."""

    fixed = "fixed"
    increment = "increment"
    decrement = "decrement"
    randomize = "randomize"


class UploadType(StrEnum):
    """What a choice of files lets one upload: the option that says so."""

    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"
    model = "file_upload"


class FolderType(StrEnum):
    """The folders of files."""

    input = "input"
    output = "output"
    temp = "temp"


def plain(value: Any) -> Any:
    """The value of an enum member; others as they are."""
    return value.value if isinstance(value, Enum) else value
