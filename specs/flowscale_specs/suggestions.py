"""What an author probably meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_CLOSE = 65
_LISTED = 12
_SECRET = re.compile(
    r"\b(?:(?:sk-(?:[a-z0-9]{1,8}-){0,3}|sk_(?:live|test)_|hf_|gh[pousr]_|github_pat_|glpat-|xox[a-z]-(?:[0-9]+-)*"
    r"|whsec_|r8_|npm_|pypi-AgEI|eyJ|AIza)[A-Za-z0-9_+/=]{16,}|AKIA[0-9A-Z]{16})[A-Za-z0-9_.+/=-]*"
)
"""How well-known services write keys and tokens."""


def nearest(word: str, choices: Collection[str]) -> str | None:
    """The choice that is most like a word, None if none is."""
    if len(word) > 100:
        return None
    # Loaded here because only what is wrong needs it: specs without faults load faster.
    from rapidfuzz import fuzz, process
    from rapidfuzz.utils import default_process

    found = process.extractOne(
        word, list(choices), scorer=fuzz.ratio, processor=default_process, score_cutoff=_CLOSE
    )
    return found[0] if found else None


def hint(word: str, choices: Collection[str]) -> str:
    """The nearest choice as a question, or the choices themselves."""
    best = nearest(word, choices)
    if best is not None:
        return f"did you mean {best}?"
    if not choices:
        return ""
    listed = sorted(choices)[:_LISTED]
    return f"there is {', '.join(listed)}{' ...' if len(choices) > _LISTED else ''}"


def looks_secret(text: str) -> bool:
    """Whether a text has the shape of a well-known kind of key or token."""
    return _SECRET.search(text) is not None


def shown(value: object) -> str:
    """A value in a message: short, and never something that looks like a secret."""
    text = _SECRET.sub("***", str(value))
    return repr(text if len(text) <= 60 else text[:57] + "...")


def redacted(message: str) -> str:
    """A message without what looks like a secret."""
    return _SECRET.sub("***", message)
