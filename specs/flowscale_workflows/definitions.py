"""What node classes declare about their inputs, read from object_info entries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Definitions = Mapping[str, Mapping[str, Any]]
"""Class name → its object_info entry."""

COMBO = "COMBO"
DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW = "COMFY_AUTOGROW_V3"
_WIDGET_TYPES = frozenset(
    {"INT", "FLOAT", "BOOLEAN", "STRING", COMBO, DYNAMIC_COMBO, "COLOR", "CURVE", "RANGE", "BOUNDING_BOX"}
    | {"PAINTER", "TEXTAREA", "MARKDOWN", "IMAGECOMPARE", "CHART", "GALLERIA", "PREVIEW_3D"}
)
_BY_THE_EDITOR: Mapping[str, Mapping[str, Any]] = {
    "SaveGLB": {"image": ["PREVIEW_3D"]},
    "Preview3D": {"image": ["PREVIEW_3D"]},
    "CustomCombo": {"index": ["INT"]},
}
"""Inputs that the editor itself adds to a class: they are stored and sent like any other."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One input as its class declares it."""

    name: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[Any, ...] | None = None
    required: bool = True

    @property
    def is_widget(self) -> bool:
        """Whether the editor shows a control for it, so that it can hold a literal."""
        if self.options.get("forceInput"):
            return False
        return self.type in _WIDGET_TYPES or bool(self.options.get("widgetType"))

    @property
    def upload(self) -> str | None:
        """`image`, `video`, `audio` or `file` when the choice can be uploaded."""
        for kind in ("image", "animated_image", "video", "audio", "file"):
            if self.options.get(f"{kind}_upload"):
                return kind.removeprefix("animated_")
        return None


def declared(definition: Mapping[str, Any] | None) -> dict[str, Declared]:
    """The inputs of a class in the order that the editor shows them: required first, then optional."""
    if not definition:
        return {}
    return {item.name: item for item in _section_inputs(definition)}


def option_inputs(parent: Declared, choice: object) -> list[Declared]:
    """The inputs that choosing `choice` of a dynamic combo adds, under their dotted names."""
    for option in parent.options.get("options") or ():
        if isinstance(option, Mapping) and option.get("key") == choice:
            wrapped = {"input": option.get("inputs") or {}}
            return [_nested(parent.name, item) for item in _section_inputs(wrapped)]
    return []


def declared_with_choices(
    definition: Mapping[str, Any] | None, inputs: Mapping[str, Any]
) -> dict[str, Declared]:
    """As `declared`, with the inputs that the chosen options of dynamic combos add in place."""
    expanded: dict[str, Declared] = {}
    pending = list(reversed(declared(definition).values()))
    while pending:
        item = pending.pop()
        expanded[item.name] = item
        if item.type == DYNAMIC_COMBO:
            pending.extend(reversed(option_inputs(item, inputs.get(item.name))))
    return expanded


def is_output(definition: Mapping[str, Any] | None) -> bool:
    return bool(definition and definition.get("output_node"))


def parse(name: str, spec: object, *, required: bool) -> Declared | None:
    """An input from its `[type, options]` pair; None when it isn't one."""
    if not isinstance(spec, list | tuple) or not spec:
        return None
    kind, options = spec[0], spec[1] if len(spec) > 1 and isinstance(spec[1], Mapping) else {}
    if isinstance(kind, list | tuple):
        return Declared(name, COMBO, options, tuple(kind), required)
    if kind == COMBO and isinstance(options.get("options"), list | tuple):
        return Declared(name, COMBO, options, tuple(options["options"]), required)
    if kind == DYNAMIC_COMBO:
        keys = [option.get("key") for option in options.get("options") or () if isinstance(option, Mapping)]
        return Declared(name, DYNAMIC_COMBO, options, tuple(keys), required)
    return Declared(name, str(kind), options, None, required)


def _section_inputs(definition: Mapping[str, Any]) -> Iterator[Declared]:
    sections = definition.get("input")
    orders = definition.get("input_order")
    for section in ("required", "optional"):
        inputs = sections.get(section) if isinstance(sections, Mapping) else None
        if not isinstance(inputs, Mapping):
            continue
        listed = orders.get(section) if isinstance(orders, Mapping) else None
        for name in dict.fromkeys([*(listed or ()), *inputs]):
            item = parse(name, inputs.get(name), required=section == "required")
            if item is not None:
                yield item
        if section == "required":
            added = _BY_THE_EDITOR.get(str(definition.get("name")), {})
            yield from (Declared(name, spec[0]) for name, spec in added.items() if name not in inputs)


def _nested(parent: str, item: Declared) -> Declared:
    return Declared(f"{parent}.{item.name}", item.type, item.options, item.choices, item.required)
