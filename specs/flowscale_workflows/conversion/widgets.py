"""Which value belongs to which widget of a node.

The file lists values by the order of the widgets, so the order is rebuilt from the class's definition,
with the extra slots that the editor adds. Names are preferred where the file has them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowscale_workflows.conversion.editor import CONTROL, CONTROL_WORDS, Node, Slot
from flowscale_workflows.definitions import (
    COMBO,
    DYNAMIC_COMBO,
    Declared,
    declared,
    declared_with_choices,
    option_inputs,
)

_EDITOR_ONLY = frozenset({CONTROL, "control_filter_list", "upload", "audioUI", "videopreview"})
_SEEDS = frozenset({"seed", "noise_seed"})
_DEFAULTS: Mapping[str, Any] = {
    "INT": 0,
    "FLOAT": 0.0,
    "BOOLEAN": False,
    "STRING": "",
    "TEXTAREA": "",
    "PREVIEW_3D": "",
    "IMAGECOMPARE": ["", ""],
}
_GROWING: Mapping[str, str] = {"CustomCombo": "option"}
"""Classes whose nodes have any number of text fields in the editor, and what these are called before their number."""
_NOTHING: Any = object()
CONTROL_SLOT = "fixed"
"""What stands behind a value whose widget chooses what happens after a run: it stays."""


def values(node: Node, definition: Mapping[str, Any] | None, learned: Sequence[str] = ()) -> dict[str, Any]:
    """The values of a node's widgets by name. `learned` names them where no definition does."""
    if definition:
        inputs = declared(definition)
        found = _by_name(node, inputs) if node.named else _by_order(node, inputs)
        return found | _grown(node, len(found))
    if node.named:
        return {name: value for name, value in node.named.items() if not _is_editor_only(name, value)}
    names = own_names(node) or (tuple(learned) if len(learned) == len(node.values) else ())
    pairs = zip(names, node.values, strict=True) if names else ()
    return {name: value for name, value in pairs if not _is_editor_only(name, value)}


def _grown(node: Node, declared: int) -> dict[str, Any]:
    """The values of the rows that the editor adds to some classes, as many as the author fills in."""
    stem = _GROWING.get(node.type)
    if stem is None:
        return {}
    if node.named:
        return {name: value for name, value in node.named.items() if name.startswith(stem)}
    return {f"{stem}{place}": value for place, value in enumerate(node.values[declared:], start=1)}


def own_names(node: Node) -> tuple[str, ...]:
    """The names of all the node's values in order, where the file itself says them; else nothing."""
    if node.named and len(node.named) == len(node.values):
        return tuple(node.named)
    names = [slot.widget for slot in node.inputs if slot.widget]
    spread = tuple(_spread(names, node.values))
    return spread if len(spread) == len(node.values) and names else ()


def is_named(node: Node, learned: Sequence[str]) -> bool:
    """Whether every value of a node without a definition can be named."""
    return not node.values or bool(node.named or own_names(node)) or len(learned) == len(node.values)


def is_kept(slot: Slot, definition: Mapping[str, Any] | None, values: Mapping[str, Any]) -> bool:
    """Whether an input of the file still exists: widgets and options that the class dropped are gone.

    Sockets that no definition knows stay, for classes may take any number of them.
    """
    if not definition:
        return True
    known = declared_with_choices(definition, values)
    owner = next((name for name in _owners(slot.name) if name in known), None)
    if owner == slot.name:
        return True
    if owner is None:
        return slot.widget is None
    return known[owner].type != DYNAMIC_COMBO


def _owners(name: str) -> Iterator[str]:
    """`a.b.c`, `a.b`, `a`: the input itself, then what it may be nested in."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _spread(names: Sequence[str], stored: Sequence[Any]) -> Iterator[str]:
    """The names with the editor's extra slots in between, as the values show them."""
    place = 0
    for name in names:
        yield name
        place += 1
        if place < len(stored) and stored[place] in CONTROL_WORDS and isinstance(stored[place], str):
            yield CONTROL
            place += 1
    if place == len(stored) - 1 and stored[place] == "image":
        yield "upload"


def _is_editor_only(name: str, value: object) -> bool:
    return name in _EDITOR_ONLY or name.startswith("$$") or (name in CONTROL_WORDS and value in CONTROL_WORDS)


def _by_name(node: Node, inputs: Mapping[str, Declared]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pending = _widgets(inputs)[::-1]
    while pending:
        item = pending.pop()
        value = node.named.get(item.name, _NOTHING)
        value = default(item) if value is _NOTHING else value
        if value is not _NOTHING:
            found[item.name] = value
        pending.extend(_nested(item, value)[::-1])
    dynamic = tuple(f"{name}." for name, item in inputs.items() if not item.is_widget)
    grown = {name: value for name, value in node.named.items() if dynamic and name.startswith(dynamic)}
    return found | {name: value for name, value in grown.items() if name not in found}


def _by_order(node: Node, inputs: Mapping[str, Declared]) -> dict[str, Any]:
    stored = _without_dummies(node.values, inputs)
    found: dict[str, Any] = {}
    pending = _widgets(inputs)[::-1]
    place = 0
    while pending:
        item = pending.pop()
        value = stored[place] if place < len(stored) else default(item)
        place = _after(item, stored, place + 1)
        if value is not _NOTHING:
            found[item.name] = value
        pending.extend(_nested(item, value)[::-1])
    return found


def _after(item: Declared, stored: Sequence[Any], place: int) -> int:
    """The place of the next widget's value: behind the control slot that may follow this one."""
    if has_control(item) and place < len(stored) and stored[place] in (*CONTROL_WORDS, None):
        place += 1
        if item.type == COMBO and place < len(stored) and stored[place] in ("", None):
            place += 1
    return place


def has_control(item: Declared) -> bool:
    """Whether the editor puts a choice of what happens after a run behind this widget."""
    said = item.options.get(CONTROL)
    if said is None:
        return item.type == "INT" and item.name.rpartition(".")[2] in _SEEDS
    return bool(said) and item.type in {"INT", "FLOAT", COMBO}


def default(item: Declared) -> Any:
    """What a new widget shows: the declared default, else the first choice or the type's zero."""
    if "default" in item.options:
        return item.options["default"]
    if item.choices:
        return item.choices[0]
    return _DEFAULTS.get(item.type, _NOTHING)


def widgets_of(definition: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[tuple[Declared, Any]]:
    """The widgets of a class in their order with their defaults; `given` chooses among dynamic ones."""
    for item in declared_with_choices(definition, given).values():
        if item.is_widget:
            value = default(item)
            yield item, None if value is _NOTHING else value


def _widgets(inputs: Mapping[str, Declared]) -> list[Declared]:
    return [item for item in inputs.values() if item.is_widget]


def _nested(item: Declared, value: object) -> list[Declared]:
    if item.type != DYNAMIC_COMBO:
        return []
    return [inner for inner in option_inputs(item, value) if inner.is_widget]


def _without_dummies(stored: Sequence[Any], inputs: Mapping[str, Declared]) -> Sequence[Any]:
    """Old editors saved a dummy value for each forced input; the number of values tells."""
    forced = [
        is_dummy
        for item in inputs.values()
        if item.is_widget or item.options.get("forceInput")
        for is_dummy in ([not item.is_widget] + ([False] if has_control(item) else []))
    ]
    if len(forced) != len(stored) or not any(forced):
        return stored
    return [value for value, is_dummy in zip(stored, forced, strict=True) if not is_dummy]
