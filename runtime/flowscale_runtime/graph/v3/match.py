"""Sockets of several types: unions, and outputs that have the type of an input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .sockets import AnyType
from .types import ComfyType, WidgetInput, comfytype
from .types import Input as PlainInput
from .types import Output as PlainOutput

if TYPE_CHECKING:
    from collections.abc import Sequence


def union(types: Sequence[Any]) -> str:
    """The types as one comma-separated name."""
    return ",".join(dict.fromkeys(kind.io_type for kind in types))


class Template:
    """What inputs and outputs of one template share: the same type, whichever it is."""

    def __init__(self, template_id: str, allowed_types: Any = AnyType) -> None:
        self.template_id = template_id
        self.allowed_types = allowed_types if isinstance(allowed_types, list | tuple) else [allowed_types]

    def as_dict(self) -> dict[str, Any]:
        """The template in the definition."""
        return {"template_id": self.template_id, "allowed_types": union(self.allowed_types)}


@comfytype("COMFY_MATCHTYPE_V3")
class MatchType(ComfyType):
    """The type of whatever is connected to the template first; checked in the editor alone."""

    Template = Template

    class Input(PlainInput):
        """An input of the template's type."""

        def __init__(self, id: str, template: Template, **common: Any) -> None:  # noqa: A002
            super().__init__(id, **common)
            self.template = template

        def options(self) -> dict[str, Any]:
            """The template."""
            return {"template": self.template.as_dict()}

    class Output(PlainOutput):
        """An output of the template's type."""

        def __init__(self, template: Template, id: str | None = None, **common: Any) -> None:  # noqa: A002
            super().__init__(id, **common)
            self.template = template

        @property
        def match(self) -> str | None:
            """The template."""
            return self.template.template_id


@comfytype("COMFY_MULTITYPED_V3")
class MultiType(ComfyType):
    """Any of some types."""

    class Input(PlainInput):
        """An input that takes any of `types`; made from a widget input, it has that widget too."""

        def __init__(self, id: str | WidgetInput, types: Sequence[Any], **common: Any) -> None:  # noqa: A002
            self.widget = id if isinstance(id, WidgetInput) else None
            if isinstance(id, WidgetInput):
                inherited = {"display_name": id.display_name, "optional": id.optional, "tooltip": id.tooltip}
                super().__init__(id.id, **(inherited | {"lazy": id.lazy} | common))
            else:
                super().__init__(id, **common)
            self.types = list(types)

        def get_io_type(self) -> str:
            """All types; the widget's own comes first."""
            first = [self.widget] if self.widget else []
            return union([*first, *self.types])

        def options(self) -> dict[str, Any]:
            """The widget's options, and which widget that is."""
            if self.widget is None:
                return {}
            return self.widget.options() | {"widgetType": self.widget.get_io_type()}
