"""Text nodes that later ones replaced, for the graphs that still have them."""

from __future__ import annotations

from flowscale_runtime.nodes.declare import Node, fields, integer, text


class OldText(Node):
    """A text, changed."""

    DEPRECATED = True
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("text",)


class AddTextPrefix(OldText):
    """A text after another."""

    TITLE = "Add Text Prefix"
    CATEGORY = "text"
    REQUIRED = fields(text=text(), prefix=text())

    def run(self, text: str, prefix: str = "") -> tuple[str]:
        return (prefix + text,)


class AddTextSuffix(OldText):
    """A text before another."""

    TITLE = "Add Text Suffix"
    CATEGORY = "text"
    REQUIRED = fields(text=text(), suffix=text())

    def run(self, text: str, suffix: str = "") -> tuple[str]:
        return (text + suffix,)


class ReplaceText(OldText):
    """A text with every occurrence of a word replaced."""

    TITLE = "Replace Text"
    CATEGORY = "text"
    REQUIRED = fields(text=text(), find=text(), replace=text())

    def run(self, text: str, find: str = "", replace: str = "") -> tuple[str]:
        return (text.replace(find, replace),)


class TruncateText(OldText):
    """The beginning of a text."""

    TITLE = "Truncate Text"
    CATEGORY = "text"
    REQUIRED = fields(text=text(), max_length=integer(77, 1, 10000))

    def run(self, text: str, max_length: int = 77) -> tuple[str]:
        return (text[:max_length],)


class StripWhitespace(OldText):
    """A text without white space at its ends."""

    TITLE = "Strip Whitespace"
    CATEGORY = "text"
    REQUIRED = fields(text=text())

    def run(self, text: str) -> tuple[str]:
        return (text.strip(),)


class TextToLowercase(OldText):
    """A text in small letters."""

    TITLE = "Text to Lowercase"
    CATEGORY = "text"
    REQUIRED = fields(text=text())

    def run(self, text: str) -> tuple[str]:
        return (text.lower(),)


class TextToUppercase(OldText):
    """A text in capitals."""

    TITLE = "Text to Uppercase"
    CATEGORY = "text"
    REQUIRED = fields(text=text())

    def run(self, text: str) -> tuple[str]:
        return (text.upper(),)
