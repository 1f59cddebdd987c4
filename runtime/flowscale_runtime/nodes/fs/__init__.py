"""The nodes that say what a served workflow takes and gives."""

from flowscale_runtime.nodes.declare import collect
from flowscale_runtime.nodes.fs import loading, saving

NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = collect(loading, saving)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
