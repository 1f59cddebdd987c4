"""Types that sockets carry, and what every input and output of a schema has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable


def pruned(values: dict[str, Any]) -> dict[str, Any]:
    """The entries that are set."""
    return {key: value for key, value in values.items() if value is not None}


class Input:
    """An input of a schema. Options that are None don't appear in the definition."""

    io_type: ClassVar[str] = ""

    def __init__(
        self,
        id: str,  # noqa: A002 (its name in packs)
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        extra_dict: dict[str, Any] | None = None,
        raw_link: bool | None = None,
        advanced: bool | None = None,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.optional = optional
        self.tooltip = tooltip
        self.lazy = lazy
        self.extra_dict = extra_dict or {}
        self.raw_link = raw_link
        self.advanced = advanced

    def get_io_type(self) -> str:
        """The name of the type, as links are checked by it."""
        return self.io_type

    def options(self) -> dict[str, Any]:
        """What this kind of input adds to the definition."""
        return {}

    def as_dict(self) -> dict[str, Any]:
        """The options in the definition."""
        common = {
            "display_name": self.display_name,
            "tooltip": self.tooltip,
            "lazy": self.lazy,
            "rawLink": self.raw_link,
            "advanced": self.advanced,
        }
        return pruned(common | self.options()) | self.extra_dict

    def inner(self) -> list[Input]:
        """Inputs that lie within this one, for checks of the schema."""
        return []


class WidgetInput(Input):
    """An input that can be typed in."""

    def __init__(
        self,
        id: str,  # noqa: A002
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        default: Any = None,
        socketless: bool | None = None,
        widget_type: str | None = None,
        force_input: bool | None = None,
        extra_dict: dict[str, Any] | None = None,
        raw_link: bool | None = None,
        advanced: bool | None = None,
    ) -> None:
        super().__init__(id, display_name, optional, tooltip, lazy, extra_dict, raw_link, advanced)
        self.default = default
        self.socketless = socketless
        self.widget_type = widget_type
        self.force_input = force_input

    def options(self) -> dict[str, Any]:
        """Default and the place of the widget."""
        return {
            "default": self.default,
            "socketless": self.socketless,
            "widgetType": self.widget_type,
            "forceInput": self.force_input,
        }


class Output:
    """An output of a schema."""

    io_type: ClassVar[str] = ""

    def __init__(
        self,
        id: str | None = None,  # noqa: A002
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.tooltip = tooltip
        self.is_output_list = is_output_list

    def get_io_type(self) -> str:
        """The name of the type."""
        return self.io_type

    @property
    def match(self) -> str | None:
        """The template that decides its type, for outputs that have one."""
        return None


class ComfyType:
    """A type: `Input` and `Output` make sockets of it, `Type` is for annotations."""

    io_type: ClassVar[str] = ""
    Type: ClassVar[Any] = Any
    Input: ClassVar[type[Any]] = Input
    Output: ClassVar[type[Any]] = Output


def comfytype(io_type: str, **_: Any) -> Callable[[type], type]:
    """Decorate a class as the type `io_type`, with the `Input` and `Output` that it declares or plain ones."""

    def bind(cls: Any) -> Any:
        cls.io_type = io_type
        for name, plain in (("Input", Input), ("Output", Output)):
            base = getattr(cls, name, plain)
            setattr(cls, name, type(name, (base,), {"io_type": io_type, "__module__": cls.__module__}))
        cls.Type = getattr(cls, "Type", Any)
        return cls

    return bind


def socket(io_type: str, name: str | None = None) -> type[ComfyType]:
    """A type without a widget."""
    made: type[ComfyType] = comfytype(io_type)(type(name or io_type, (ComfyType,), {}))
    return made


def Custom(io_type: str) -> type[ComfyType]:  # noqa: N802 (its name in packs)
    """A type of the author's own."""
    return socket(io_type)
