"""Latents without models: make, scale, cut, stack and mix."""

from flowscale_runtime.nodes.declare import collect
from flowscale_runtime.nodes.latent import batches, files, making, mixing, shaping

NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = collect(making, shaping, batches, mixing, files)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
