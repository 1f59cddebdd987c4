"""ComfyUI's `comfy_api.v0_0_2`: the same names as in `latest`."""

from comfy_api.latest import *  # noqa: F403
