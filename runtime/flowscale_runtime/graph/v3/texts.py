"""Types with a field of text."""

from __future__ import annotations

from typing import Any

from .types import ComfyType, WidgetInput, comfytype


@comfytype("STRING")
class String(ComfyType):
    """Text."""

    Type = str

    class Input(WidgetInput):
        """A field of text."""

        def __init__(
            self,
            id: str,  # noqa: A002
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            multiline: bool | None = None,
            placeholder: str | None = None,
            default: str | None = None,
            dynamic_prompts: bool | None = None,
            **common: Any,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, lazy, default, **common)
            self.multiline = multiline
            self.placeholder = placeholder
            self.dynamic_prompts = dynamic_prompts

        def options(self) -> dict[str, Any]:
            """Lines, and what may be written."""
            return super().options() | {
                "multiline": self.multiline,
                "placeholder": self.placeholder,
                "dynamicPrompts": self.dynamic_prompts,
            }


@comfytype("COLOR")
class Color(ComfyType):
    """A colour as text."""

    Type = str
    Input = WidgetInput
