"""Types with a number or a switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .enums import plain
from .types import ComfyType, WidgetInput, comfytype

if TYPE_CHECKING:
    from .enums import ControlAfterGenerate, NumberDisplay


class _NumberInput(WidgetInput):
    def __init__(
        self,
        id: str,  # noqa: A002
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        default: float | None = None,
        min: float | None = None,  # noqa: A002
        max: float | None = None,  # noqa: A002
        step: float | None = None,
        round: float | bool | None = None,  # noqa: A002
        control_after_generate: bool | ControlAfterGenerate | None = None,
        display_mode: NumberDisplay | str | None = None,
        gradient_stops: list[Any] | None = None,
        **common: Any,
    ) -> None:
        super().__init__(id, display_name, optional, tooltip, lazy, default, **common)
        self.min, self.max, self.step, self.round = min, max, step, round
        self.control_after_generate = control_after_generate
        self.display_mode = display_mode
        self.gradient_stops = gradient_stops

    def options(self) -> dict[str, Any]:
        """Range, step and display."""
        own = {
            "min": self.min,
            "max": self.max,
            "step": self.step,
            "round": self.round,
            "control_after_generate": plain(self.control_after_generate),
            "display": plain(self.display_mode),
            "gradient_stops": self.gradient_stops,
        }
        return super().options() | own


@comfytype("INT")
class Int(ComfyType):
    """A whole number."""

    Type = int
    Input = _NumberInput


@comfytype("FLOAT")
class Float(ComfyType):
    """A number."""

    Type = float
    Input = _NumberInput


@comfytype("BOOLEAN")
class Boolean(ComfyType):
    """Yes or no."""

    Type = bool

    class Input(WidgetInput):
        """A switch."""

        def __init__(
            self,
            id: str,  # noqa: A002
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: bool | None = None,
            label_on: str | None = None,
            label_off: str | None = None,
            **common: Any,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, lazy, default, **common)
            self.label_on = label_on
            self.label_off = label_off

        def options(self) -> dict[str, Any]:
            """What stands beside the switch."""
            return super().options() | {"label_on": self.label_on, "label_off": self.label_off}
