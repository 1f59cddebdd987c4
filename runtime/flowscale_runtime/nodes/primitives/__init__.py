"""Values, logic, formulas and lists."""

from flowscale_runtime.nodes.declare import collect
from flowscale_runtime.nodes.primitives import lists, logic, values

NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = collect(values, logic, lists)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
