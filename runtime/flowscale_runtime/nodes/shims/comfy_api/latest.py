"""ComfyUI's `comfy_api.latest`: the schema form of nodes, and what nodes may ask of the server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flowscale_runtime.graph import current
from flowscale_runtime.graph.v3 import ComfyExtension, io
from flowscale_runtime.nodes import movies, sound
from flowscale_runtime.nodes import showing as ui

ComfyNode = io.ComfyNode
Input = SimpleNamespace(Image=Any, Mask=Any, Latent=dict[str, Any], Audio=sound.Audio, Video=movies.Video)
InputImpl = SimpleNamespace(VideoFromFile=movies.VideoFile, VideoFromComponents=movies.VideoFrames)
Types = SimpleNamespace(VideoComponents=movies.Components)


class _SyncExecution:
    """What a running node may tell."""

    def set_progress(
        self,
        value: float,
        max_value: float,
        node_id: str | None = None,
        preview_image: Any = None,
        ignore_size_limit: bool = False,
    ) -> None:
        """`value` of `max_value` is done. Raises Interrupted."""
        current().progress(value, max_value, preview_image)


class _Execution:
    """The same for coroutines."""

    async def set_progress(self, *given: Any, **named: Any) -> None:
        """`value` of `max_value` is done. Raises Interrupted."""
        _SyncExecution().set_progress(*given, **named)


class ComfyAPI:
    """What nodes may ask of the server."""

    def __init__(self) -> None:
        self.execution = _Execution()


class ComfyAPISync:
    """The same without awaiting."""

    def __init__(self) -> None:
        self.execution = _SyncExecution()


__all__ = [
    "ComfyAPI", "ComfyAPISync", "ComfyExtension", "ComfyNode", "Input", "InputImpl", "Types", "io", "ui",
]  # fmt: skip
