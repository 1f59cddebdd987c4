"""Nodes that hold one value."""

from __future__ import annotations

from typing import Any

from flowscale_runtime.nodes import declare
from flowscale_runtime.nodes.declare import MAX_INT, Node, choice, fields, integer, number, switch, text
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.errors import NodeError

CATEGORY = "utils/primitive"
RATIOS = {
    "1:1 (Square)": (1, 1),
    "2:3 (Portrait Photo)": (2, 3),
    "3:2 (Photo)": (3, 2),
    "3:4 (Portrait Standard)": (3, 4),
    "4:3 (Standard)": (4, 3),
    "9:16 (Portrait Widescreen)": (9, 16),
    "16:9 (Widescreen)": (16, 9),
    "21:9 (Ultrawide)": (21, 9),
}


class PrimitiveInt(Node):
    """A whole number."""

    TITLE = "Int"
    CATEGORY = CATEGORY
    REQUIRED = fields(value=integer(0, -MAX_INT, MAX_INT, control_after_generate=True))
    RETURN_TYPES = ("INT",)

    def run(self, value: int) -> tuple[int]:
        return (value,)


class PrimitiveFloat(Node):
    """A number."""

    TITLE = "Float"
    CATEGORY = CATEGORY
    REQUIRED = fields(value=number(0.0, -float(MAX_INT), float(MAX_INT), 0.1))
    RETURN_TYPES = ("FLOAT",)

    def run(self, value: float) -> tuple[float]:
        return (value,)


class PrimitiveString(Node):
    """A line of text."""

    TITLE = "Text"
    CATEGORY = CATEGORY
    REQUIRED = fields(value=text())
    RETURN_TYPES = ("STRING",)

    def run(self, value: str) -> tuple[str]:
        return (value,)


class PrimitiveStringMultiline(Node):
    """A text of several lines."""

    TITLE = "Text (Multiline)"
    CATEGORY = CATEGORY
    REQUIRED = fields(value=text(multiline=True))
    RETURN_TYPES = ("STRING",)

    def run(self, value: str) -> tuple[str]:
        return (value,)


class PrimitiveBoolean(Node):
    """Yes or no."""

    TITLE = "Boolean"
    CATEGORY = CATEGORY
    REQUIRED = fields(value=switch(False))
    RETURN_TYPES = ("BOOLEAN",)

    def run(self, value: bool) -> tuple[bool]:
        return (value,)


class PrimitiveBoundingBox(Node):
    """A rectangle."""

    TITLE = "Bounding Box"
    CATEGORY = CATEGORY
    REQUIRED = fields(x=integer(), y=integer(), width=integer(512, 1), height=integer(512, 1))
    RETURN_TYPES = ("BOUNDING_BOX",)

    def run(self, x: int, y: int, width: int, height: int) -> tuple[dict[str, int]]:
        return ({"x": x, "y": y, "width": width, "height": height},)


class SeedNode(Node):
    """A seed for what is random in other nodes."""

    TITLE = "Seed"
    CATEGORY = CATEGORY
    REQUIRED = fields(seed=integer(0, 0, MAX_INT, control_after_generate=True))
    RETURN_TYPES = ("INT",)
    RETURN_NAMES = ("seed",)

    def run(self, seed: int) -> tuple[int]:
        return (seed,)


class CustomCombo(DynamicNode):
    """One of the options that an author wrote into the editor, and its place among them."""

    # `index` and the options are widgets that the editor adds by itself: a declared one would stand beside them.

    TITLE = "Custom Combo"
    CATEGORY = "utils"
    REQUIRED = fields(choice=choice([]))
    RETURN_TYPES = ("STRING", "INT")
    RETURN_NAMES = ("STRING", "INDEX")

    def run(self, choice: str, index: int = 0, **options: Any) -> tuple[str, int]:
        return choice, index

    @classmethod
    def VALIDATE_INPUTS(cls, **_: Any) -> bool:
        return True  # the options are known to the editor alone


class ResolutionSelector(Node):
    """Width and height of an aspect ratio and a number of megapixels."""

    TITLE = "Resolution Selector"
    CATEGORY = "utils"
    REQUIRED = fields(aspect_ratio=choice(RATIOS, "1:1 (Square)"), megapixels=number(1.0, 0.1, 16.0, 0.1))
    OPTIONAL = fields(multiple=integer(8, 8, 128, 4, advanced=True), preview=("RESOLUTION_PREVIEW", {}))
    RETURN_TYPES = ("INT", "INT")
    RETURN_NAMES = ("width", "height")

    def run(
        self, aspect_ratio: str, megapixels: float, multiple: int = 8, preview: Any = None
    ) -> tuple[int, int]:
        if aspect_ratio not in RATIOS:
            raise NodeError(f"{aspect_ratio!r} is no aspect ratio", f"choose one of {', '.join(RATIOS)}")
        across, down = RATIOS[aspect_ratio]
        unit = (megapixels * 1024 * 1024 / (across * down)) ** 0.5
        return round(across * unit / multiple) * multiple, round(down * unit / multiple) * multiple


class ComfyNumberConvert(Node):
    """A number, text or yes/no as a number."""

    TITLE = "Convert Number"
    CATEGORY = "utils"
    REQUIRED = fields(value=declare.socket("INT,FLOAT,STRING,BOOLEAN"))
    RETURN_TYPES = ("FLOAT", "INT")

    def run(self, value: float | str) -> tuple[float, int]:
        return as_numbers(value)


def as_numbers(value: float | str) -> tuple[float, int]:
    """A value as a float and, cut, as a whole number."""
    try:
        exact = int(value) if isinstance(value, int) else None
        result = float(value)
        return result, int(result) if exact is None else exact
    except (TypeError, ValueError, OverflowError) as error:
        raise NodeError(f"{value!r} is no finite number", "give a number such as 3.14") from error
