"""Masks: make, change, combine and show."""

from flowscale_runtime.nodes.declare import collect
from flowscale_runtime.nodes.mask import masks

NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = collect(masks)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
