"""Text: join, cut, search, compare, show and save."""

from flowscale_runtime.nodes.declare import collect
from flowscale_runtime.nodes.text import files, older, patterns, strings

NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = collect(strings, patterns, files, older)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
