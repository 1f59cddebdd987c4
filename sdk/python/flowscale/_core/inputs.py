"""How the inputs of a run become a request body.

Without a file they travel as JSON, which keeps numbers, booleans, lists and objects what they are. With a
file they travel as a multipart form: booleans as `True` and `False`, a list as a repeated name, an object as
JSON text.
An input that is None is left out, so that the workflow's own default holds. A URL or a `data:` URL is a
text: the server knows which inputs are files.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from flowscale._core.requests import Body, FormBody, JsonBody
from flowscale.exceptions import FlowScaleValidationError
from flowscale.files import File
from flowscale.models import BaseOutput

Value: TypeAlias = Any
"""str, int, float, bool, None, `File`, or lists and objects of them (no files inside objects)."""


def merge(positional: Mapping[str, Any] | None, keywords: Mapping[str, Any]) -> dict[str, Value]:
    """All inputs of a call, checked; a name given both ways is refused rather than guessed."""
    twice = set(positional or ()) & set(keywords)
    if twice:
        raise _wrong(min(twice), "given_twice", "is given twice: in the mapping and as a keyword")
    merged = {**(positional or {}), **keywords}
    return {name: _checked(name, value) for name, value in merged.items() if value is not None}


def has_files(inputs: Mapping[str, Value]) -> bool:
    return any(isinstance(item, File) for value in inputs.values() for item in _items(value))


def encode(inputs: Mapping[str, Value], options: Mapping[str, Any], boundary: str) -> Body:
    """The body of a submission; `options` go beside the inputs, which only JSON has room for."""
    if not has_files(inputs):
        return JsonBody.of({"inputs": dict(inputs), **options})
    return FormBody(tuple(_fields(inputs)), boundary)


def _fields(inputs: Mapping[str, Value]) -> Iterator[tuple[str, str | File]]:
    for name, value in inputs.items():
        for item in _items(value):
            yield name, item if isinstance(item, File) else _text(item)


def _items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (bool, int, float)) else json.dumps(value, ensure_ascii=False)


def _checked(name: str, value: Any) -> Value:
    if isinstance(value, BaseOutput):
        return value.url
    file = File.of(value)
    if file is not None:
        if hasattr(value, "encoding"):
            raise _wrong(name, "opened_as_text", "is opened in text mode: open it with mode 'rb'")
        return file
    if isinstance(value, (list, tuple)):
        return [_checked(name, item) for item in value]
    return _plain(name, value)


def _plain(name: str, value: Any) -> Value:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise _wrong(
            name,
            "unsupported_type",
            f"cannot be sent ({error}): pass text, numbers, lists, objects, bytes, a Path or an open file",
        ) from error
    return value


def _wrong(field: str, reason: str, message: str) -> FlowScaleValidationError:
    return FlowScaleValidationError(
        f"input {field!r} {message}", code="VALIDATION_ERROR", details={"field": field, "reason": reason}
    )
