"""Plain scalars as YAML 1.2 reads them: `on`, `no`, `12:30`, `1_000` and dates are text, `010` is ten, `1e3` a number."""

from __future__ import annotations

import re

_LONGEST = 64
_FIRST = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OTHER_BASE = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
Scalar = str | int | float | bool | None


class WrittenInt(int):
    """A whole number that was not written the usual way; `text` is how."""

    text: str


class WrittenFloat(float):
    """A number that was not written the usual way; `text` is how."""

    text: str


def read(text: str) -> Scalar:
    """The value of an unquoted scalar. Numbers too long to be meant as numbers stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST or len(text) > _LONGEST:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text, 10)
    if _OTHER_BASE.fullmatch(text):
        return _integer(text, 8 if text[1] == "o" else 16)
    return _float(text) if _FLOAT.fullmatch(text) else text


def tag(value: Scalar) -> str:
    """The name of the core schema's tag of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    return "int" if isinstance(value, int) else "float" if isinstance(value, float) else "str"


def _integer(text: str, base: int) -> int:
    value = int(text if base == 10 else text[2:], base)
    if str(value) == text:
        return value
    written = WrittenInt(value)
    written.text = text
    return written


def _float(text: str) -> float:
    value = float(text)
    if repr(value) == text:
        return value
    written = WrittenFloat(value)
    written.text = text
    return written
