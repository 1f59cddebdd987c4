"""How nodes of this package say what they take and give: the plain-class contract, in few words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from types import ModuleType

MAX_SIDE = 16384
MAX_INT = 2**63 - 1
MAX_SEED = 2**64 - 1

Spec = tuple[str, dict[str, Any]]
Field = Spec | Callable[[], Spec]
Fields = Mapping[str, Field]


class Node:
    """A node class; the docstring of a subclass is what users read about it."""

    ID: ClassVar[str] = ""  # the class name, where that can't be a Python name
    TITLE: ClassVar[str] = ""
    REQUIRED: ClassVar[Fields] = {}
    OPTIONAL: ClassVar[Fields] = {}
    HIDDEN: ClassVar[Mapping[str, str]] = {}
    RETURN_TYPES: ClassVar[tuple[str, ...]] = ()
    FUNCTION: ClassVar[str] = "run"
    CATEGORY: ClassVar[str] = ""
    DESCRIPTION: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        if cls.__doc__ and "DESCRIPTION" not in vars(cls):
            cls.DESCRIPTION = inspect.cleandoc(cls.__doc__)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        groups: dict[str, dict[str, Any]] = {"required": _resolved(cls.REQUIRED)}
        if cls.OPTIONAL:
            groups["optional"] = _resolved(cls.OPTIONAL)
        if cls.HIDDEN:
            groups["hidden"] = dict(cls.HIDDEN)
        return groups


def _resolved(fields: Fields) -> dict[str, Spec]:
    return {name: field() if callable(field) else field for name, field in fields.items()}


def fields(**named: Field) -> Fields:
    """Inputs by name, in the order in which editors show them."""
    return named


def socket(kind: str, **options: Any) -> Spec:
    """An input that only a link can fill."""
    return kind, options


def integer(
    default: int = 0, minimum: int = 0, maximum: int = MAX_SIDE, step: int = 1, **options: Any
) -> Spec:
    return "INT", {"default": default, "min": minimum, "max": maximum, "step": step, **options}


def number(
    default: float = 0.0, minimum: float = 0.0, maximum: float = 1.0, step: float = 0.01, **options: Any
) -> Spec:
    return "FLOAT", {"default": default, "min": minimum, "max": maximum, "step": step, **options}


def text(default: str = "", *, multiline: bool = False, **options: Any) -> Spec:
    return "STRING", {"default": default, "multiline": multiline, **options}


def switch(default: bool, **options: Any) -> Spec:
    return "BOOLEAN", {"default": default, **options}


def color(default: str, **options: Any) -> Spec:
    return "COLOR", {"default": default, **options}


def choice(options: Iterable[str], default: str | None = None, **more: Any) -> Spec:
    names = list(options)
    first = {} if default is None else {"default": default}
    return "COMBO", {"options": names, **first, **more}


def choice_with_inputs(options: Mapping[str, Fields], **more: Any) -> Spec:
    """A choice that brings its own inputs, named `parent.child` in a graph."""
    entries = [{"key": key, "inputs": {"required": _resolved(children)}} for key, children in options.items()]
    return "COMFY_DYNAMICCOMBO_V3", {"options": entries, **more}


def growing(name: str, kind: Spec, prefix: str, *, minimum: int, maximum: int) -> Spec:
    """A row of like inputs, `parent.prefix0` and on, that an editor lengthens as it is filled."""
    template = {"input": {"required": {name: kind}}, "prefix": prefix, "min": minimum, "max": maximum}
    return "COMFY_AUTOGROW_V3", {"template": template}


def growing_names(name: str, kind: Spec, names: Sequence[str], *, minimum: int) -> Spec:
    """The same with a name for each place."""
    return "COMFY_AUTOGROW_V3", {
        "template": {"input": {"required": {name: kind}}, "names": list(names), "min": minimum}
    }


IMAGE = socket("IMAGE")
MASK = socket("MASK")
LATENT = socket("LATENT")
AUDIO = socket("AUDIO")
VIDEO = socket("VIDEO")
ANYTHING = socket("*")
METADATA = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}


def collect(*modules: ModuleType) -> tuple[dict[str, type], dict[str, str]]:
    """What a pack exports: classes by name, and their titles."""
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Node) and value.CATEGORY
        if value.__module__ == module.__name__
    ]
    named = {cls.ID or cls.__name__: cls for cls in classes}
    return dict(named), {name: cls.TITLE for name, cls in named.items() if cls.TITLE}


def nested(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The children of a dynamic input, however the executor hands them over: nested, or `parent.child`."""
    value = given.get(name)
    children = dict(value) if isinstance(value, Mapping) else {}
    start = name + "."
    return children | {key.removeprefix(start): item for key, item in given.items() if key.startswith(start)}


def chosen(name: str, given: Mapping[str, Any]) -> str:
    """The key of a choice that brings its own inputs."""
    value = given[name]
    return str(value[name]) if isinstance(value, Mapping) else str(value)
