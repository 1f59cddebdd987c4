"""Inputs that bring others with them, under names with dots."""

from __future__ import annotations

import copy
from typing import Any

from .types import ComfyType, Input, WidgetInput, comfytype

AUTOGROW = "COMFY_AUTOGROW_V3"
COMBO = "COMFY_DYNAMICCOMBO_V3"
SLOT = "COMFY_DYNAMICSLOT_V3"


class DynamicInput(Input):
    """An input whose parts depend on what is given."""


def input_dict(inputs: list[Input]) -> dict[str, dict[str, Any]]:
    """Inputs as INPUT_TYPES writes them."""
    found: dict[str, dict[str, Any]] = {"required": {}}
    for one in inputs:
        category = "optional" if one.optional else "required"
        found.setdefault(category, {})[one.id] = (one.get_io_type(), one.as_dict())
    return found


class _Grown:
    """Inputs like one, under several names; `min` of them are required."""

    def __init__(self, input: Input, names: list[str], min: int) -> None:  # noqa: A002
        self.input = copy.copy(input)
        if isinstance(self.input, WidgetInput):
            self.input.force_input = True
        self.names = names
        self.min = min

    def inputs(self) -> list[Input]:
        """One input per name."""
        return [self._named(name, index) for index, name in enumerate(self.names)]

    def _named(self, name: str, index: int) -> Input:
        made = copy.copy(self.input)
        made.id = name
        made.optional = self.input.optional or index >= self.min
        return made

    def as_dict(self) -> dict[str, Any]:
        """The template in the definition."""
        return {"input": input_dict([self.input]), "min": self.min}


class TemplatePrefix(_Grown):
    """Names made of a prefix and a number, up to `max` of them."""

    def __init__(self, input: Input, prefix: str, min: int = 1, max: int = 10) -> None:  # noqa: A002
        super().__init__(input, [f"{prefix}{index}" for index in range(max)], min)
        self.prefix = prefix
        self.max = max

    def as_dict(self) -> dict[str, Any]:
        """The template in the definition."""
        return super().as_dict() | {"prefix": self.prefix, "max": self.max}


class TemplateNames(_Grown):
    """Names of the author's own."""

    def __init__(self, input: Input, names: list[str], min: int = 1) -> None:  # noqa: A002
        super().__init__(input, list(names), min)

    def as_dict(self) -> dict[str, Any]:
        """The template in the definition."""
        return super().as_dict() | {"names": self.names}


@comfytype(AUTOGROW)
class Autogrow(ComfyType):
    """As many inputs of one kind as are connected; they arrive as one dict."""

    Type = dict[str, Any]
    TemplatePrefix = TemplatePrefix
    TemplateNames = TemplateNames

    class Input(DynamicInput):
        """Grows by its template."""

        def __init__(self, id: str, template: TemplatePrefix | TemplateNames, **common: Any) -> None:  # noqa: A002
            super().__init__(id, **common)
            self.template = template

        def options(self) -> dict[str, Any]:
            """The template."""
            return {"template": self.template.as_dict()}

        def inner(self) -> list[Input]:
            """Every input that it may grow to."""
            return self.template.inputs()


class Option:
    """A choice, and the inputs that come with it."""

    def __init__(self, key: str, inputs: list[Input]) -> None:
        self.key = key
        self.inputs = inputs

    def as_dict(self) -> dict[str, Any]:
        """The option in the definition."""
        return {"key": self.key, "inputs": input_dict(self.inputs)}


@comfytype(COMBO)
class DynamicCombo(ComfyType):
    """A choice that brings inputs of its own; it arrives as a dict with the choice under its own name."""

    Type = dict[str, Any]
    Option = Option

    class Input(DynamicInput):
        """A choice among `options`."""

        def __init__(self, id: str, options: list[Option], **common: Any) -> None:  # noqa: A002
            super().__init__(id, **common)
            self.choices = options

        def options(self) -> dict[str, Any]:
            """The choices with their inputs."""
            return {"options": [option.as_dict() for option in self.choices]}


@comfytype(SLOT)
class DynamicSlot(ComfyType):
    """A socket that brings inputs once something is connected; it arrives as a dict."""

    Type = dict[str, Any]

    class Input(DynamicInput):
        """`slot` is the socket, `inputs` come with it."""

        def __init__(self, slot: Input, inputs: list[Input], **common: Any) -> None:
            shown = {"display_name": slot.display_name, "tooltip": slot.tooltip, "lazy": slot.lazy}
            super().__init__(slot.id, **({"optional": True} | shown | common))
            self.slot = slot
            self.inputs = inputs

        def options(self) -> dict[str, Any]:
            """The type of the socket and the inputs."""
            force = True if isinstance(self.slot, WidgetInput) else None
            return {
                "slotType": self.slot.get_io_type(),
                "inputs": input_dict(self.inputs),
                "forceInput": force,
            }
