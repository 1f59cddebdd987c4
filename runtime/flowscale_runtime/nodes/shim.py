"""The modules of ComfyUI that packs import: thin ones of ours, unless a ComfyUI checkout is configured.

`shims/` is a folder of top-level modules (`folder_paths`, `nodes`, `comfy`, ...) that goes to the end of the search
path, so whatever else has those names comes first. FLOWSCALE_COMFYUI names a checkout of ComfyUI that then does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flowscale_runtime.nodes.errors import NoCheckout

if TYPE_CHECKING:
    from collections.abc import Mapping

SHIMS = Path(__file__).with_name("shims")
CHECKOUT = "FLOWSCALE_COMFYUI"

classes: Mapping[str, type] = {}
"""What `nodes.NODE_CLASS_MAPPINGS` shows: all classes that are loaded, as they come."""
titles: dict[str, str] = {}
"""What `nodes.NODE_DISPLAY_NAME_MAPPINGS` shows."""


def install(loaded: Mapping[str, type]) -> None:
    """Lets packs import what they expect; `loaded` are the classes of this process. Raises NoCheckout."""
    global classes
    classes = loaded
    titles.clear()
    if named := os.environ.get(CHECKOUT):
        checkout = Path(named)
        if not (checkout / "folder_paths.py").is_file():
            raise NoCheckout(
                f"{CHECKOUT} is {named}, which is no checkout of ComfyUI",
                "name the folder that has ComfyUI's folder_paths.py, or unset the variable",
            )
        _last(str(checkout))
    _last(str(SHIMS))


def _last(folder: str) -> None:
    if folder not in sys.path:
        sys.path.append(folder)
