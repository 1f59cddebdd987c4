"""Sound: load, save, cut and mix."""

from flowscale_runtime.nodes.audio import editing, files
from flowscale_runtime.nodes.declare import collect

NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = collect(files, editing)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
