"""ComfyUI's `comfy_api.v0_0_1`: the same names as in `latest`."""

from comfy_api.latest import *  # noqa: F403
