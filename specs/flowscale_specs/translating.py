"""Pydantic's errors in our words: what is wrong at which key, and what to do."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from flowscale_specs import suggestions
from flowscale_specs.errors import SpecError
from flowscale_specs.kinds import fields_of
from flowscale_specs.reading import Map, Place, place, pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_SHAPES = {
    "model_type": "should be a mapping",
    "model_attributes_type": "should be a mapping",
    "dict_type": "should be a mapping",
    "list_type": "should be a list",
    "tuple_type": "should be a list",
    "string_type": "should be text",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_parsing_size": "this number is too large",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "finite_number": "should be a finite number",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
}
_BOUNDS = {
    "greater_than_equal": ("should be at least {ge}"),
    "greater_than": ("should be more than {gt}"),
    "less_than_equal": ("should be at most {le}"),
    "less_than": ("should be less than {lt}"),
    "string_too_short": ("should have {min_length} characters or more"),
    "string_too_long": ("should have {max_length} characters or fewer"),
    "too_short": ("should have {min_length} entries or more"),
    "too_long": ("should have {max_length} entries or fewer"),
}
_PATTERNS = (
    ("^[A-Za-z0-9]([A-Za-z0-9.-]", "not a name", "letters, digits, dots and dashes; 63 at most"),
    ("^[A-Za-z_][A-Za-z0-9_.-]", "not a key", "letters, digits, _ . and -; starts with a letter"),
    ("^[A-Za-z_][A-Za-z0-9_]{", "not the name of a variable", "letters, digits and _; starts with a letter"),
    ("^[A-Za-z0-9._-]+/", "not a reference to a secret", "write name/key"),
    ("^https?://[^", "not a web address", "write http:// or https://, without user name and password"),
    ("^(\\*|https?", "not an origin", "write https://app.example.com, without a path"),
    ("^[^/\\\\", "not a relative path", "write a path relative to the spec's folder, with /"),
    ("^[0-9a-f]{40}$", "not a commit", "write its 40 hexadecimal digits"),
    ("^sha256:", "not a digest", "write sha256: and 64 hexadecimal digits"),
    ("^[^\\x00", "has control characters", ""),
)


def translate(error: ValidationError, model: type[BaseModel], raw: Map) -> Iterator[SpecError]:
    """All faults that pydantic found in a document."""
    for details in error.errors(include_url=False):
        if _is_echo(details):
            continue
        steps = _steps(details["loc"], raw)
        at_key = details["type"] == "extra_forbidden" or details["loc"][-1:] == ("[key]",)
        message, hint = _words(details, model, steps)
        where = place(raw, steps, key=at_key)
        yield fault(where, steps, message, hint)


def _is_echo(details: ErrorDetails) -> bool:
    """Whether a list is called too short only because its items are faulty, which is told already."""
    written, context = details["input"], details.get("ctx", {})
    return (
        details["type"] == "too_short" and isinstance(written, list) and len(written) >= context["min_length"]
    )


def fault(where: Place, steps: tuple[str | int, ...], message: str, hint: str = "") -> SpecError:
    """An error at a place, with nothing in it that looks like a secret."""
    texts = (suggestions.redacted(text) for text in (pointer(steps), message, hint))
    return SpecError(*where, *texts)


def _steps(loc: tuple[str | int, ...], raw: Any) -> tuple[str | int, ...]:
    """Pydantic's location without what isn't in the document: marks of keys, short forms that were expanded."""
    steps: list[str | int] = []
    node = raw
    for step in loc:
        if step == "[key]":
            break
        if isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        elif isinstance(node, dict):
            node = node.get(str(step))
        elif node is not None:
            break
        steps.append(step)
    return tuple(steps)


def _words(details: ErrorDetails, model: type[BaseModel], steps: tuple[str | int, ...]) -> tuple[str, str]:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "missing":
        return "is missing", "every document of this kind needs it" if len(steps) < 2 else ""
    if kind == "extra_forbidden":
        return "unknown key", suggestions.hint(str(steps[-1]), _keys_at(model, steps[:-1]))
    if kind == "literal_error":
        return _choice(details["input"], str(context.get("expected", "")))
    if kind == "string_pattern_mismatch":
        return _pattern(str(context.get("pattern", "")))
    if kind == "value_error":
        return str(context.get("error", details["msg"])), ""
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**context), ""
    return _SHAPES.get(kind, details["msg"]), ""


def _choice(written: Any, expected: str) -> tuple[str, str]:
    choices = expected.replace(" or ", ", ").replace("'", "").split(", ")
    if not isinstance(written, str):
        return "not one of the choices", f"one of {', '.join(choices)}"
    best = suggestions.nearest(written, choices)
    hint = f"did you mean {best}?" if best else f"one of {', '.join(choices)}"
    return f"{suggestions.shown(written)} is not one of the choices", hint


def _pattern(pattern: str) -> tuple[str, str]:
    for start, message, hint in _PATTERNS:
        if pattern.startswith(start):
            return message, hint
    return "not written the right way", f"must match {pattern}"


def _keys_at(model: type[BaseModel], steps: tuple[str | int, ...]) -> list[str]:
    """The keys that a mapping somewhere in a document may have."""
    kind: Any = model
    for step in steps:
        kind = _inside(_model(kind), step) if _model(kind) else _element(kind)
    found = _model(kind)
    return [field.alias or name for name, field in fields_of(found).items()] if found else []


def _inside(model: type[BaseModel] | None, key: str | int) -> Any:
    fields = fields_of(model).items() if model else ()
    return next((field.annotation for name, field in fields if (field.alias or name) == key), None)


def _unwrapped(kind: Any) -> Any:
    """A type without Annotated and None."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in {Union, types.UnionType}:
        return _unwrapped(next((arg for arg in get_args(kind) if arg is not type(None)), None))
    return kind


def _model(kind: Any) -> type[BaseModel] | None:
    bare = _unwrapped(kind)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _element(kind: Any) -> Any:
    """What a list or a mapping holds."""
    bare = _unwrapped(kind)
    arguments = get_args(bare)
    return arguments[-1 if get_origin(bare) is dict else 0] if arguments else None
