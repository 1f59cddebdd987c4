"""The schema form of nodes: a class with `define_schema` and a classmethod `execute`.

`io` holds the names that node authors use; the other modules are how they work.
"""

from . import io
from .extension import ComfyExtension

__all__ = ["ComfyExtension", "io"]
