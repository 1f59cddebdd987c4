"""Nodes that join, cut and compare text."""

from __future__ import annotations

import json
import operator
from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare
from flowscale_runtime.nodes.declare import MAX_INT, Node, choice, fields, integer, switch, text
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable

STRING = text("", multiline=True)
LINE = text("")
POSITION = integer(0, -MAX_INT, MAX_INT)
CASES = {
    "UPPERCASE": str.upper,
    "lowercase": str.lower,
    "Capitalize": str.capitalize,
    "Title Case": str.title,
}
TRIMS = {"Both": str.strip, "Left": str.lstrip, "Right": str.rstrip}
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "Starts With": str.startswith,
    "Ends With": str.endswith,
    "Equal": operator.eq,
}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class StringConcatenate(Node):
    """Join two texts."""

    TITLE = "Concatenate Text"
    CATEGORY = "text"
    REQUIRED = fields(string_a=STRING, string_b=STRING, delimiter=LINE)
    RETURN_TYPES = ("STRING",)

    def run(self, string_a: str, string_b: str, delimiter: str = "") -> tuple[str]:
        return (f"{string_a}{delimiter}{string_b}",)


class StringSubstring(Node):
    """Part of a text; positions below zero count from the end."""

    TITLE = "Substring"
    CATEGORY = "text"
    REQUIRED = fields(string=STRING, start=POSITION, end=POSITION)
    RETURN_TYPES = ("STRING",)

    def run(self, string: str, start: int, end: int) -> tuple[str]:
        return (string[start:end],)


class StringLength(Node):
    """How many characters a text has."""

    TITLE = "Text Length"
    CATEGORY = "text"
    REQUIRED = fields(string=STRING)
    RETURN_TYPES = ("INT",)
    RETURN_NAMES = ("length",)

    def run(self, string: str) -> tuple[int]:
        return (len(string),)


class CaseConverter(Node):
    """Text in capitals, small letters or titles."""

    TITLE = "Convert Text Case"
    CATEGORY = "text"
    REQUIRED = fields(string=STRING, mode=choice(CASES))
    RETURN_TYPES = ("STRING",)

    def run(self, string: str, mode: str) -> tuple[str]:
        return (CASES[mode](string),)


class StringTrim(Node):
    """Text without white space at its ends."""

    TITLE = "Trim Text"
    CATEGORY = "text"
    REQUIRED = fields(string=STRING, mode=choice(TRIMS))
    RETURN_TYPES = ("STRING",)

    def run(self, string: str, mode: str) -> tuple[str]:
        return (TRIMS[mode](string),)


class StringReplace(Node):
    """Text with every occurrence of a word replaced."""

    TITLE = "Replace Text"
    CATEGORY = "text"
    REQUIRED = fields(string=STRING, find=STRING, replace=STRING)
    RETURN_TYPES = ("STRING",)

    def run(self, string: str, find: str, replace: str) -> tuple[str]:
        return (string.replace(find, replace),)


class StringContains(Node):
    """Whether a text holds another."""

    TITLE = "Text Contains"
    CATEGORY = "text"
    REQUIRED = fields(string=STRING, substring=LINE, case_sensitive=switch(True))
    RETURN_TYPES = ("BOOLEAN",)
    RETURN_NAMES = ("contains",)

    def run(self, string: str, substring: str, case_sensitive: bool = True) -> tuple[bool]:
        whole, part = _folded(case_sensitive, string, substring)
        return (part in whole,)


class StringCompare(Node):
    """Whether two texts are equal, or one begins or ends with the other."""

    TITLE = "Compare Text"
    CATEGORY = "text"
    REQUIRED = fields(string_a=STRING, string_b=STRING, mode=choice(COMPARISONS), case_sensitive=switch(True))
    RETURN_TYPES = ("BOOLEAN",)

    def run(self, string_a: str, string_b: str, mode: str, case_sensitive: bool = True) -> tuple[bool]:
        first, second = _folded(case_sensitive, string_a, string_b)
        return (COMPARISONS[mode](first, second),)


def _folded(case_sensitive: bool, *texts: str) -> tuple[str, ...]:
    return texts if case_sensitive else tuple(text.lower() for text in texts)


class StringFormat(DynamicNode):
    """A template whose {a}, {b} and on are filled with values; {{ and }} stand for braces."""

    TITLE = "Format Text"
    CATEGORY = "text"
    REQUIRED = fields(
        f_string=text("{a}", multiline=True),
        values=declare.growing_names("value", declare.ANYTHING, LETTERS, minimum=0),
    )
    RETURN_TYPES = ("STRING",)

    def run(self, f_string: str, **given: Any) -> tuple[str]:
        values = {name: str(value) for name, value in declare.nested("values", given).items()}
        return (filled(f_string, values),)


def filled(template: str, values: dict[str, str]) -> str:
    """The template with plain names filled in; nothing else of Python's format language is allowed."""
    from string import Formatter

    try:
        parts = list(Formatter().parse(template))
        if bad := [
            name for _, name, spec, how in parts if name is not None and (spec or how or name not in values)
        ]:
            raise NodeError(
                f"the template uses {{{bad[0]}}}, which has no value",
                f"connect it, or use one of {', '.join(values) or 'no names'}",
            )
    except ValueError as error:
        if isinstance(error, NodeError):
            raise
        raise NodeError(f"the template is malformed: {error}", "write {{ and }} for plain braces") from error
    return "".join(literal + (values[name] if name is not None else "") for literal, name, _, _ in parts)


class JsonExtractString(Node):
    """The value of a key in the first JSON object that a text holds; empty where there is none."""

    TITLE = "Extract Text from JSON"
    CATEGORY = "text"
    REQUIRED = fields(json_string=STRING, key=LINE)
    RETURN_TYPES = ("STRING",)

    def run(self, json_string: str, key: str) -> tuple[str]:
        value = first_object(json_string).get(key)
        return ("" if value is None else _as_text(value),)


def first_object(content: str) -> dict[str, Any]:
    """The first JSON object in a text, whatever stands around it; empty where there is none."""
    decoder, start = json.JSONDecoder(), content.find("{")
    while start >= 0:
        try:
            value, _ = decoder.raw_decode(content, start)
        except (ValueError, RecursionError):
            start = content.find("{", start + 1)
        else:
            return value if isinstance(value, dict) else {}
    return {}


def _as_text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
