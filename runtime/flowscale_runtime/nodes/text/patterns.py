"""Nodes that search text by regular expressions."""

from __future__ import annotations

import re

from flowscale_runtime.nodes.declare import Node, choice, fields, integer, switch, text
from flowscale_runtime.nodes.errors import NodeError

STRING = text("", multiline=True)
FLAGS = fields(
    case_insensitive=switch(True, advanced=True),
    multiline=switch(False, advanced=True),
    dotall=switch(False, advanced=True),
)
MODES = ("First Match", "All Matches", "First Group", "All Groups")


def compiled(pattern: str, case_insensitive: bool, multiline: bool, dotall: bool) -> re.Pattern[str]:
    """A pattern with its flags; a malformed one is an error that says where."""
    flags = (
        (re.IGNORECASE if case_insensitive else 0)
        | (re.MULTILINE if multiline else 0)
        | (re.DOTALL if dotall else 0)
    )
    try:
        return re.compile(pattern, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise NodeError(
            f"the pattern {pattern!r} is no regular expression: {error}",
            "correct it, or escape its signs with \\",
        ) from error


class RegexMatch(Node):
    """Whether a pattern is found in a text."""

    TITLE = "Match Text"
    CATEGORY = "text"
    REQUIRED = fields(string=STRING, regex_pattern=STRING, **FLAGS)
    RETURN_TYPES = ("BOOLEAN",)
    RETURN_NAMES = ("matches",)

    def run(
        self,
        string: str,
        regex_pattern: str,
        case_insensitive: bool = True,
        multiline: bool = False,
        dotall: bool = False,
    ) -> tuple[bool]:
        return (compiled(regex_pattern, case_insensitive, multiline, dotall).search(string) is not None,)


class RegexExtract(Node):
    """What a pattern finds in a text: the first match, all of them (one a line), or a group of them."""

    TITLE = "Extract Text"
    CATEGORY = "text"
    REQUIRED = fields(
        string=STRING,
        regex_pattern=STRING,
        mode=choice(MODES),
        **FLAGS,
        group_index=integer(1, 0, 100, advanced=True),
    )
    RETURN_TYPES = ("STRING",)

    def run(
        self,
        string: str,
        regex_pattern: str,
        mode: str,
        case_insensitive: bool = True,
        multiline: bool = False,
        dotall: bool = False,
        group_index: int = 1,
    ) -> tuple[str]:
        pattern = compiled(regex_pattern, case_insensitive, multiline, dotall)
        group = 0 if mode in {"First Match", "All Matches"} else group_index
        if group > pattern.groups:
            return ("",)
        found = [match[group] or "" for match in pattern.finditer(string)]
        return ("\n".join(found if mode.startswith("All") else found[:1]),)


class RegexReplace(Node):
    """Text with what a pattern finds replaced; count 0 replaces all."""

    TITLE = "Replace Text (Regex)"
    CATEGORY = "text"
    REQUIRED = fields(
        string=STRING, regex_pattern=STRING, replace=STRING, **FLAGS, count=integer(0, 0, 100, advanced=True)
    )
    RETURN_TYPES = ("STRING",)

    def run(
        self,
        string: str,
        regex_pattern: str,
        replace: str,
        case_insensitive: bool = True,
        multiline: bool = False,
        dotall: bool = False,
        count: int = 0,
    ) -> tuple[str]:
        pattern = compiled(regex_pattern, case_insensitive, multiline, dotall)
        try:
            return (pattern.sub(replace, string, count=count),)
        except (re.error, IndexError) as error:
            raise NodeError(
                f"the replacement {replace!r} doesn't fit the pattern: {error}",
                "refer to groups that the pattern has, such as \\1",
            ) from error
