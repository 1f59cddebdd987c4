"""Video: load, save, make of pictures, take apart and cut."""

from flowscale_runtime.nodes.declare import collect
from flowscale_runtime.nodes.video import editing, files

NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = collect(files, editing)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
