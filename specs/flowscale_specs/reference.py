"""The reference page of all kinds and fields, made from the models."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from flowscale_specs import values
from flowscale_specs.kinds import KINDS, Names, Part, fields_of
from flowscale_specs.kinds.gpu import BUILT_IN, GpuTypeSpec
from flowscale_specs.values import Memory, Price, ShortForm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

_INTRODUCTION = """\
# Specs

<!-- Made from the models by `flowscale_specs.reference`; change it there. -->

Specs are YAML documents: many in a file, many files in a folder. Each has `kind`, `metadata` with a `name`, and `spec`;
`apiVersion: flowscale.ai/v1` may be left out. Keys that aren't listed here are errors. `on`, `no`, `12:30`, `010` and dates
are text or numbers as YAML 1.2 says. A key without a value is an absent key.
"""
_WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Any: "any value",
    type(None): "nothing",
}


def render() -> str:
    """The page as Markdown."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from _value_types()
    yield from _built_in()
    shown: set[type[BaseModel]] = set()
    for name, kind in KINDS.items():
        yield f"## {name}\n"
        yield f"{kind.__doc__}\n"
        if not kind.executes:
            yield "Declared, checked and documented; not executed yet.\n"
        spec = _parts(fields_of(kind)["spec"].annotation)[0]
        yield from _table(spec)
        for part in _below(spec, shown):
            yield f"### {part.__name__}\n"
            yield f"{part.__doc__}\n"
            yield from _table(part)


def _value_types() -> Iterator[str]:
    yield "## Short forms\n"
    yield "| type | what it is | written like |"
    yield "|---|---|---|"
    for name in sorted(values.__all__):
        kind = getattr(values, name)
        if isinstance(kind, type) and issubclass(kind, ShortForm) and kind is not ShortForm:
            examples = ", ".join(f"`{example}`" for example in kind.examples)
            yield f'| <a id="{name.lower()}"></a>{name} | {kind.noun} | {examples} |'
    yield ""


def _built_in() -> Iterator[str]:
    yield "## Built-in GPU types\n"
    yield "| name | memory | price |"
    yield "|---|---|---|"
    for name, written in BUILT_IN.items():
        spec = GpuTypeSpec.model_validate(written)
        yield f"| {name} | {Memory(spec.memory) if spec.memory else 'none'} | {Price(spec.price)} |"
    yield ""


def _below(part: type[BaseModel], shown: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Parts within a part, each once on the page."""
    for field in fields_of(part).values():
        for inner in _parts(field.annotation):
            if inner not in shown:
                shown.add(inner)
                yield inner
                yield from _below(inner, shown)


def _table(part: type[BaseModel]) -> Iterator[str]:
    yield "| key | takes | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in fields_of(part).items():
        meaning = (field.description or "").replace("|", "\\|")
        yield f"| `{field.alias or name}` | {_takes(field)} | {_default(field)} | {meaning} |"
    yield ""


def _takes(field: FieldInfo) -> str:
    named = next((item.kind for item in field.metadata if isinstance(item, Names)), None)
    return _link(named, "name of a ") if named else _type(field.annotation)


def _type(kind: Any) -> str:
    origin, arguments = get_origin(kind), [arg for arg in get_args(kind) if arg not in {type(None), ...}]
    if origin is Annotated:
        named = next((item.kind for item in arguments[1:] if isinstance(item, Names)), None)
        return _link(named, "name of a ") if named else _type(arguments[0])
    if origin in {Union, types.UnionType}:
        return " or ".join(dict.fromkeys(_type(argument) for argument in arguments))
    if origin is Literal:
        return ", ".join(f"`{argument}`" for argument in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"mapping to {_type(arguments[1])}"
    if isinstance(kind, type) and issubclass(kind, ShortForm | Part):
        return _link(kind.__name__)
    return _WORDS.get(kind, "any value")


def _link(name: str, before: str = "") -> str:
    return f"{before}[{name}](#{name.lower()})"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or field.default_factory is not None or value in ((), ""):
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _parts(kind: Any) -> list[type[BaseModel]]:
    """The parts that a type is made of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [part for argument in get_args(kind) for part in _parts(argument)]
