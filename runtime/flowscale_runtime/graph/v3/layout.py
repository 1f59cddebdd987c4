"""Dynamic inputs laid out for what a graph gives: flat names with dots, and where each value goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..forms import Declared
from .dynamic import Autogrow, DynamicCombo, DynamicInput, DynamicSlot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .types import Input

Path = tuple[str, ...]


@dataclass(slots=True)
class Layout:
    """Declared inputs by flat name, the path of those that arrive inside of dicts, and dicts that are always there."""

    declared: dict[str, Declared] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    dicts: list[Path] = field(default_factory=list)

    def arrange(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values by argument: those of dynamic inputs as nested dicts."""
        arranged: dict[str, Any] = {}
        for path in self.dicts:
            _dict_at(arranged, path)
        for name, value in values.items():
            path = self.paths.get(name, (name,))
            _dict_at(arranged, path[:-1])[path[-1]] = value
        return arranged


def _dict_at(root: dict[str, Any], path: Path) -> dict[str, Any]:
    for part in path:
        root = root.setdefault(part, {})
    return root


def lay_out(inputs: Iterable[Input], given: Mapping[str, Any]) -> Layout:
    """The layout of a schema for what is given."""
    layout = Layout()
    for one in inputs:
        _place(layout, one, (), given)
    return layout


def _place(layout: Layout, one: Input, parents: Path, given: Mapping[str, Any]) -> None:
    path = (*parents, one.id)
    name = ".".join(path)
    if isinstance(one, Autogrow.Input):
        layout.dicts.append(path)
        for grown in one.inner():
            _place(layout, grown, path, given)
    elif isinstance(one, DynamicCombo.Input):
        _place_combo(layout, one, path, given)
    elif isinstance(one, DynamicSlot.Input):
        _declare(layout, name, (*path, one.id), one.slot.get_io_type(), one)
        if name in given:
            _place_all(layout, one.inputs, path, given)
    else:
        _declare(layout, name, path, one.get_io_type(), one)


def _place_combo(layout: Layout, one: Any, path: Path, given: Mapping[str, Any]) -> None:
    name = ".".join(path)
    keys = [option.key for option in one.choices]
    config = (one.get_io_type(), one.as_dict())
    layout.declared[name] = Declared("COMBO", {"options": keys}, not one.optional, config)
    layout.paths[name] = (*path, one.id)
    for option in one.choices:
        if option.key == given.get(name):
            _place_all(layout, option.inputs, path, given)


def _place_all(layout: Layout, inputs: Iterable[Input], parents: Path, given: Mapping[str, Any]) -> None:
    for one in inputs:
        _place(layout, one, parents, given)


def _declare(layout: Layout, name: str, path: Path, kind: str, one: Input) -> None:
    options = one.as_dict()
    layout.declared[name] = Declared(kind, options, not one.optional, (one.get_io_type(), options))
    if len(path) > 1:
        layout.paths[name] = path


def is_dynamic(inputs: Iterable[Input]) -> bool:
    """Whether any input depends on what is given."""
    return any(isinstance(one, DynamicInput) for one in inputs)
