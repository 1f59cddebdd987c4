"""3D files: load, show and save."""

from flowscale_runtime.nodes.declare import collect
from flowscale_runtime.nodes.three_d import files

NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = collect(files)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
