"""Node classes by name, each read once per run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import UnknownClass, UnreadableClass
from .plain import PlainForm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .forms import NodeForm


def form_of(class_type: str, cls: Any) -> NodeForm:
    """The form that a class is written in: schema classes know their own."""
    make = getattr(cls, "__node_form__", None)
    return PlainForm(class_type, cls) if make is None else make(class_type)


class Catalog:
    """The classes of a registry, read when first asked for."""

    def __init__(self, registry: Mapping[str, Any]) -> None:
        self._registry = registry
        self._forms: dict[str, NodeForm] = {}

    def __contains__(self, class_type: object) -> bool:
        return class_type in self._registry

    def __getitem__(self, class_type: str) -> NodeForm:
        form = self._forms.get(class_type)
        if form is None:
            form = self._forms[class_type] = self._read(class_type)
        return form

    def _read(self, class_type: str) -> NodeForm:
        cls = self._registry.get(class_type)
        if cls is None:
            raise UnknownClass(
                f"no node class is called {class_type!r}", hint="install the node pack that offers it"
            )
        try:
            return form_of(class_type, cls)
        except Exception as error:
            raise UnreadableClass(
                f"the inputs of {class_type} can't be read: {type(error).__name__}: {error}",
                hint="look into the node pack, or at the folders that it lists",
            ) from error
