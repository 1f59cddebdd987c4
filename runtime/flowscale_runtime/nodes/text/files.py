"""Nodes that show and save text and other values."""

from __future__ import annotations

import json
from typing import Any

from flowscale_runtime.nodes import declare, saving
from flowscale_runtime.nodes.declare import ANYTHING, Node, choice, fields, text

KINDS = ("txt", "csv", "md", "json")


def save_text(content: str, start: str, kind: str = "txt") -> saving.Entry:
    """Write a text to the output folder."""
    target = saving.destination(start)
    path = target.path(kind)
    path.write_text(content, encoding="utf-8", newline="")
    return target.entry(path)


def shown(value: Any) -> str:
    """A value as a person wants to read it."""
    if value is None:
        return "None"
    if isinstance(value, str | int | float | bool):
        return str(value)
    try:
        return json.dumps(value, indent=4)
    except (TypeError, ValueError):
        return str(value)


class SaveText(Node):
    """Save text to a file; JSON is laid out where it is valid."""

    TITLE = "Save Text"
    CATEGORY = "text"
    OUTPUT_NODE = True
    REQUIRED = fields(
        text=text("", forceInput=True),
        filename_prefix=text("ComfyUI"),
        format=choice(KINDS, "txt"),
    )
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("text",)

    def run(self, text: str, filename_prefix: str = "ComfyUI", format: str = "txt") -> dict[str, Any]:  # noqa: A002
        content = laid_out(text) if format == "json" else text
        return {"ui": {"files": [save_text(content, filename_prefix, format)]}, "result": (text,)}


def laid_out(content: str) -> str:
    """JSON with indentation; other text as it is."""
    try:
        return json.dumps(json.loads(content), indent=2, ensure_ascii=False)
    except ValueError:
        return content


class PreviewAny(Node):
    """Show any value as text."""

    TITLE = "Preview as Text"
    CATEGORY = "utils"
    OUTPUT_NODE = True
    REQUIRED = fields(source=ANYTHING)
    RETURN_TYPES = ("STRING",)

    def run(self, source: Any = None) -> dict[str, Any]:
        return {"ui": {"text": [shown(source)]}, "result": (shown(source),)}


class PreviewText(Node):
    """Show a text."""

    TITLE = "Preview Text"
    CATEGORY = "text"
    OUTPUT_NODE = True
    REQUIRED = fields(text=declare.text("", forceInput=True))
    RETURN_TYPES = ("STRING",)

    def run(self, text: str) -> dict[str, Any]:
        return {"ui": {"text": [text]}, "result": (text,)}
