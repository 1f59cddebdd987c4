"""ComfyUI's `comfy_api.util`: what a video is made of."""

from flowscale_runtime.nodes.movies import Components as VideoComponents

__all__ = ["VideoComponents"]
