"""Every name that a document gives must be the name of a document."""

from __future__ import annotations

import types
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from flowscale_specs import suggestions
from flowscale_specs.kinds import Names, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_specs.documents import Documents, Entry
    from flowscale_specs.errors import SpecError
    from flowscale_specs.kinds import Document

Steps = tuple[str | int, ...]


class Reference(NamedTuple):
    """A name of another document, and where it stands."""

    steps: Steps
    kind: str
    name: str


class _Field(NamedTuple):
    """A field that holds a name of `kind`, or (None) parts that may hold such fields."""

    name: str
    key: str
    kind: str | None


def unknown_references(documents: Documents) -> Iterator[SpecError]:
    """References to documents that don't exist."""
    for entry in documents:
        for reference in references(entry):
            names = documents.names(reference.kind)
            if reference.name not in names:
                message = f"there is no {reference.kind} {reference.name}"
                yield entry.fault(reference.steps, message, suggestions.hint(reference.name, names.keys()))


def references(entry: Entry[Document]) -> Iterator[Reference]:
    """All names of other documents in a document."""
    return _within(entry.document, ())


def _within(part: BaseModel, steps: Steps) -> Iterator[Reference]:
    for field in _fields(type(part)):
        value = getattr(part, field.name)
        if value is not None:
            yield from _values(value, field, (*steps, field.key))


def _values(value: Any, field: _Field, steps: Steps) -> Iterator[Reference]:
    if isinstance(value, BaseModel):
        yield from _within(value, steps)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _values(item, field, (*steps, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _values(item, field, (*steps, key))
    elif field.kind is not None:
        yield Reference(steps, field.kind, value)


@cache
def _fields(model: type[BaseModel]) -> tuple[_Field, ...]:
    """The fields of a model that lead to references."""
    found = []
    for name, info in fields_of(model).items():
        own = next((item.kind for item in info.metadata if isinstance(item, Names)), None)
        kind = own or _named_kind(info.annotation)
        if kind is not None or any(_leads(part) for part in _models(info.annotation)):
            found.append(_Field(name, info.alias or name, kind))
    return tuple(found)


@cache
def _leads(model: type[BaseModel]) -> bool:
    """Whether a model, or a part of it however deep, has references."""
    seen, waiting = {model}, [model]
    while waiting:
        for info in fields_of(waiting.pop()).values():
            if any(isinstance(item, Names) for item in info.metadata) or _named_kind(info.annotation):
                return True
            found = set(_models(info.annotation)) - seen
            seen |= found
            waiting.extend(found)
    return False


def _named_kind(annotation: Any) -> str | None:
    """The kind that a type names, inside of tuples and None."""
    if get_origin(annotation) is Annotated:
        return next((item.kind for item in get_args(annotation)[1:] if isinstance(item, Names)), None)
    if get_origin(annotation) in {tuple, Union, types.UnionType}:
        return next((kind for kind in map(_named_kind, get_args(annotation)) if kind), None)
    return None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
