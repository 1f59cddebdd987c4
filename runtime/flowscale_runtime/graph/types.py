"""Which output types connect to which input types."""

from __future__ import annotations

from typing import Any

ANY = "*"
MATCH = "COMFY_MATCHTYPE_V3"
COMBO = "COMBO"


def accepts(received: Any, expected: Any, strict: bool = False) -> bool:
    """Whether an output of type `received` may feed an input of type `expected`.

    Types are strings, comma-separated unions, or lists of choices. The inequality operator is asked first, since
    packs make "any" types by overriding it. `strict` wants every received type to be expected.
    """
    if not received != expected:  # noqa: SIM202 (packs override __ne__ alone)
        return True
    if _is_wild(received) or _is_wild(expected):
        return True
    if _is_choice(received) and _is_choice(expected):
        return True
    if not isinstance(received, str) or not isinstance(expected, str):
        return False
    given, wanted = _union(received), _union(expected)
    if ANY in given or ANY in wanted:
        return True
    return given <= wanted if strict else bool(given & wanted)


def _is_wild(kind: Any) -> bool:
    return isinstance(kind, str) and kind in (ANY, MATCH)


def _is_choice(kind: Any) -> bool:
    return isinstance(kind, list | tuple) or kind == COMBO


def _union(kind: str) -> set[str]:
    return {part.strip() for part in kind.split(",")}
