"""Networks of `Model` specs as nodes."""

from flowscale_runtime.nodes.declare import collect
from flowscale_runtime.nodes.triton import passes

NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = collect(passes)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
