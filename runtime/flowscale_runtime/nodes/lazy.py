"""Heavy libraries that load on first use, so that describing every node takes milliseconds.

Unlike `importlib.util.LazyLoader` nothing is left in `sys.modules` before the real module is there:
libraries that ask whether torch is loaded get a true answer.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any


class LazyModule(ModuleType):
    """Stands for a module that is imported when something is first read from it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":  # introspection must not load anything
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


if TYPE_CHECKING:
    import av
    import numpy
    import torch
    from PIL import Image, ImageDraw, ImageFont, ImageOps, ImageSequence, PngImagePlugin
    from torch.nn import functional
else:
    av = LazyModule("av")
    numpy = LazyModule("numpy")
    torch = LazyModule("torch")
    functional = LazyModule("torch.nn.functional")
    Image = LazyModule("PIL.Image")
    ImageDraw = LazyModule("PIL.ImageDraw")
    ImageFont = LazyModule("PIL.ImageFont")
    ImageOps = LazyModule("PIL.ImageOps")
    ImageSequence = LazyModule("PIL.ImageSequence")
    PngImagePlugin = LazyModule("PIL.PngImagePlugin")

__all__ = [
    "Image",
    "ImageDraw",
    "ImageFont",
    "ImageOps",
    "ImageSequence",
    "LazyModule",
    "PngImagePlugin",
    "av",
    "functional",
    "numpy",
    "torch",
]
