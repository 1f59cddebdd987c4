"""ComfyUI's `comfy_api.input_impl`: videos from a file, and from pictures."""

from flowscale_runtime.nodes.movies import VideoFile as VideoFromFile
from flowscale_runtime.nodes.movies import VideoFrames as VideoFromComponents

__all__ = ["VideoFromComponents", "VideoFromFile"]
