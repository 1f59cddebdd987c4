"""ComfyUI's `nodes`: the classes that are loaded, under their names."""

from __future__ import annotations

from typing import Any

from flowscale_runtime.graph import current
from flowscale_runtime.nodes import shim

MAX_RESOLUTION = 16384
EXTENSION_WEB_DIRS: dict[str, str] = {}


def __getattr__(name: str) -> Any:
    """A class by its name (`nodes.LoadImage`), and the tables of all of them."""
    if name == "NODE_CLASS_MAPPINGS":
        return shim.classes
    if name == "NODE_DISPLAY_NAME_MAPPINGS":
        return {name: entry["display_name"] for name, entry in shim.definitions.items()}
    if name in shim.classes:
        return shim.classes[name]
    raise AttributeError(f"no node class {name!r} is loaded here")


def interrupt_processing(value: bool = True) -> None:
    """Asks the run to stop."""
    if value:
        current().interrupt.set()


def before_node_execution() -> None:
    """Raises Interrupted where the run was asked to stop."""
    current().check()
