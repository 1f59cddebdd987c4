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
    from typing import Any

SHIMS = Path(__file__).with_name("shims")
CHECKOUT = "FLOWSCALE_COMFYUI"

classes: Mapping[str, type] = {}
"""What `nodes.NODE_CLASS_MAPPINGS` shows: all classes that are loaded, as they come."""
definitions: Mapping[str, Mapping[str, Any]] = {}
"""Their entries of /object_info, which say how `nodes.NODE_DISPLAY_NAME_MAPPINGS` calls them."""


def install(loaded: Mapping[str, type], described: Mapping[str, Mapping[str, Any]]) -> None:
    """Lets packs import what they expect; `loaded` and `described` are the classes of this process.

    Raises NoCheckout, with ours in place.
    """
    global classes, definitions
    classes, definitions = loaded, described
    checkout = os.environ.get(CHECKOUT, "")
    usable = Path(checkout, "folder_paths.py").is_file() if checkout else False
    for folder in (*([checkout] if usable else []), str(SHIMS)):
        if folder not in sys.path:
            sys.path.append(folder)
    if checkout and not usable:
        raise NoCheckout(
            f"{CHECKOUT} is {checkout}, which is no checkout of ComfyUI",
            "name the folder that has ComfyUI's folder_paths.py, or unset the variable",
        )
