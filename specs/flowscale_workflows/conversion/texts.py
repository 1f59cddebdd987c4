"""Texts as the editor sends them: `{a|b}` drawn, comments left out, `%...%` in file names filled in."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

Choose = Callable[[Sequence[str]], str]

_COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_MARKS = re.compile(r"(\\[{}|]|[{}|])")
_ESCAPED = {"\\{": "{", "\\}": "}", "\\|": "|"}
_PLACE = re.compile(r"%([^%]+)%")
_UNFIT = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
_DATE = re.compile(r"yyyy|yy|MM|M|dd|d|hh|h|mm|m|ss|s")


def first(options: Sequence[str]) -> str:
    return options[0]


def drawn(text: str, choose: Choose) -> str:
    """The text with one option of each `{a|b}` group, inner groups first, and without comments."""
    open_groups = [[""]]
    for part in _MARKS.split(_COMMENTS.sub("", text)):
        group = open_groups[-1]
        if part == "{":
            open_groups.append([""])
        elif part == "|" and len(open_groups) > 1:
            group.append("")
        elif part == "}" and len(open_groups) > 1:
            open_groups.pop()
            open_groups[-1][-1] += choose(group)
        else:
            group[-1] += _ESCAPED.get(part, part)
    while len(open_groups) > 1:
        unclosed = open_groups.pop()
        open_groups[-1][-1] += "{" + "|".join(unclosed)
    return open_groups[0][0]


def filled(text: str, widgets: Mapping[str, Mapping[str, Any]], now: datetime | None) -> str:
    """A file name with `%Node.widget%` and `%date:yyyy-MM-dd%` replaced; unknown places stay."""

    def fill(found: re.Match[str]) -> str:
        place = found[1]
        if place.startswith("date:"):
            return formatted(place.removeprefix("date:"), now) if now else found[0]
        owner, dot, widget = place.rpartition(".")
        if not dot or widget not in widgets.get(owner, {}):
            return found[0]
        return _UNFIT.sub("_", str(widgets[owner][widget]))

    return _PLACE.sub(fill, text)


def formatted(pattern: str, now: datetime) -> str:
    parts = {"y": now.year, "M": now.month, "d": now.day, "h": now.hour, "m": now.minute, "s": now.second}

    def part(found: re.Match[str]) -> str:
        letters = found[0]
        number = str(parts[letters[0]])
        if letters[0] == "y":
            return number[-len(letters) :]
        return number.zfill(len(letters))

    return _DATE.sub(part, pattern)
