"""Pictures: load, save, scale, cut, color, filter and lay over each other."""

from flowscale_runtime.nodes.declare import collect
from flowscale_runtime.nodes.image import alpha, batch, color, filters, geometry, layout, load, save, sizes

NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = collect(
    load, save, sizes, geometry, batch, color, filters, alpha, layout
)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
