"""One value as it arrives on the wire, turned into what its input takes, or refused with the reason."""

import math
from collections.abc import Callable
from typing import Any

import orjson

from flowscale_workflows.errors import InputError, InputErrors, Reason
from flowscale_workflows.signatures import Input

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_LEAST, _MOST = -(2**63), 2**64 - 1


class _Refused(Exception):
    """Inside this module: the reason, the limit, and the end of the sentence about the field."""

    def __init__(self, reason: Reason, limit: object, must: str) -> None:
        super().__init__(must)
        self.reason, self.limit, self.must = reason, limit, must


def is_missing(item: Input, value: object) -> bool:
    """Whether nothing was given: null, or the text `None` that old clients send for it."""
    if value is None:
        return True
    if value == "None" and isinstance(value, str):
        return not (item.choices and "None" in item.choices)
    return value == "" and item.type != "string" and isinstance(value, str)


def fit(item: Input, value: object) -> Any:
    """The value as the input takes it. Raises InputErrors with one item."""
    try:
        return _many(item, value) if item.many else _one(item, value)
    except _Refused as refused:
        field = item.public_name
        message = f"{field!r} {refused.must}."
        raise InputErrors((InputError(field, refused.reason, message, refused.limit),)) from refused


def _many(item: Input, value: object) -> list[Any]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _parsed(value)
    return [_one(item, part) for part in value] if isinstance(value, list | tuple) else [_one(item, value)]


def _one(item: Input, value: object) -> Any:
    kind = item.type
    if isinstance(value, list) and kind != "json":
        if len(value) != 1:
            raise _Refused("too_many_values", 1, f"takes one value, not {len(value)}")
        value = value[0]
    if item.is_file:
        return value
    if item.choices:
        return _choice(item, value)
    return _KINDS[kind](item, value)


def _string(item: Input, value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _Refused("invalid_type", "string", "must be a text")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _Refused("invalid_text", "UTF-8", "holds half of a character: it isn't valid Unicode")
    length = len(value)
    if item.max_length is not None and length > item.max_length:
        raise _Refused(
            "exceeds_max_length",
            item.max_length,
            f"must have at most {item.max_length} characters, not {length}",
        )
    if item.min_length is not None and length < item.min_length:
        raise _Refused(
            "below_min_length",
            item.min_length,
            f"must have at least {item.min_length} characters, not {length}",
        )
    return value


def _integer(item: Input, value: object) -> int:
    whole = _whole(value)
    if whole is None:
        raise _Refused("invalid_type", "integer", "must be a whole number")
    return int(_in_range(item, whole))


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        return int(value)
    except ValueError:
        pass
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _number(item: Input, value: object) -> float:
    try:
        number = None if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None:
        raise _Refused("invalid_type", "number", "must be a number")
    if not math.isfinite(number):
        raise _Refused("not_finite", "finite", "must be a finite number")
    return _in_range(item, value if isinstance(value, int) else number)


def _in_range(item: Input, value: float) -> float:
    least = item.minimum if item.minimum is not None else _LEAST
    most = item.maximum if item.maximum is not None else _MOST
    if item.type == "number" and item.minimum is None:
        least = -math.inf
    if item.type == "number" and item.maximum is None:
        most = math.inf
    if value < least:
        raise _Refused("below_minimum", least, f"must be at least {least}, not {value}")
    if value > most:
        raise _Refused("exceeds_maximum", most, f"must be at most {most}, not {value}")
    return value


def _boolean(_item: Input, value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower() if isinstance(value, str | int) else ""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _Refused("invalid_type", "boolean", "must be true or false")


def _json(_item: Input, value: object) -> Any:
    return _parsed(value) if isinstance(value, str) else value


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _Refused("invalid_json", "JSON", f"must be JSON ({error})") from error


def _choice(item: Input, value: object) -> Any:
    choices = item.choices or ()
    for choice in choices:
        if choice == value and type(choice) is type(value):
            return choice
    text = str(value)
    for choice in choices:
        if str(choice) == text:
            return choice
    shown = ", ".join(repr(choice) for choice in choices[:8]) + (", ..." if len(choices) > 8 else "")
    raise _Refused("not_a_choice", list(choices[:20]), f"must be one of {shown}")


_KINDS: dict[str, Callable[[Input, object], Any]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "json": _json,
}
