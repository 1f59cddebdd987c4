"""ComfyUI's `comfy_api.input`: the types of media that nodes are given."""

from typing import Any

from flowscale_runtime.nodes.movies import Video as VideoInput
from flowscale_runtime.nodes.sound import Audio as AudioInput

ImageInput = MaskInput = LatentInput = Any

__all__ = ["AudioInput", "ImageInput", "LatentInput", "MaskInput", "VideoInput"]
