"""Types with a choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .enums import plain
from .types import ComfyType, WidgetInput, comfytype, pruned
from .types import Output as PlainOutput

if TYPE_CHECKING:
    from .enums import ControlAfterGenerate, FolderType, UploadType


class RemoteOptions:
    """Choices that the editor fetches from a route."""

    def __init__(
        self,
        route: str,
        refresh_button: bool | None = None,
        control_after_refresh: str | None = "first",
        timeout: int | None = None,
        max_retries: int | None = None,
        refresh: int | None = None,
    ) -> None:
        self.route = route
        self.refresh_button = refresh_button
        self.control_after_refresh = control_after_refresh
        self.timeout = timeout
        self.max_retries = max_retries
        self.refresh = refresh

    def as_dict(self) -> dict[str, Any]:
        """The options in the definition."""
        return pruned(dict(vars(self)))


def choices(options: Any) -> list[Any] | None:
    """A list of choices, from a list or an enum class."""
    if options is None:
        return None
    return [plain(option) for option in options]


@comfytype("COMBO")
class Combo(ComfyType):
    """One of some choices."""

    Type = str

    class Input(WidgetInput):
        """A choice."""

        multiselect: bool | None = False

        def __init__(
            self,
            id: str,  # noqa: A002
            options: Any = None,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: Any = None,
            control_after_generate: bool | ControlAfterGenerate | None = None,
            upload: UploadType | None = None,
            image_folder: FolderType | None = None,
            remote: RemoteOptions | None = None,
            **common: Any,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, lazy, plain(default), **common)
            self.choices = choices(options)
            self.control_after_generate = control_after_generate
            self.upload = upload
            self.image_folder = image_folder
            self.remote = remote

        def options(self) -> dict[str, Any]:
            """The choices and where they come from."""
            own = {
                "multiselect": self.multiselect,
                "options": self.choices,
                "control_after_generate": plain(self.control_after_generate),
                "image_folder": plain(self.image_folder),
                "remote": self.remote.as_dict() if self.remote else None,
            }
            return super().options() | own | ({self.upload.value: True} if self.upload else {})

    class Output(PlainOutput):
        """A choice as a value; its type is COMBO whatever the choices are."""

        def __init__(
            self,
            id: str | None = None,  # noqa: A002
            display_name: str | None = None,
            options: Any = None,
            tooltip: str | None = None,
            is_output_list: bool = False,
        ) -> None:
            super().__init__(id, display_name, tooltip, is_output_list)
            self.choices = choices(options)


@comfytype("COMBO")
class MultiCombo(ComfyType):
    """Some of some choices."""

    Type = list[str]

    class Input(Combo.Input):
        """A choice of several."""

        multiselect = True

        def __init__(
            self,
            id: str,  # noqa: A002
            options: Any = None,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: Any = None,
            placeholder: str | None = None,
            chip: bool | None = None,
            **common: Any,
        ) -> None:
            super().__init__(id, options, display_name, optional, tooltip, lazy, default, **common)
            self.placeholder = placeholder
            self.chip = chip

        def options(self) -> dict[str, Any]:
            """The choices and how they look."""
            look = pruned({"placeholder": self.placeholder, "chip": self.chip})
            return super().options() | {"multi_select": look or None}
