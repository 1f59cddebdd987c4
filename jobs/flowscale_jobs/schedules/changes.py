"""Rows that changed, each told of once: a watermark, and the rows at it that were seen."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far the rows of a table were looked at. Rows may share a cursor: those at the mark are named in `seen`."""

    value: Any = None
    seen: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        return {"value": self.value, "seen": sorted(self.seen)}

    @classmethod
    def from_json(cls, written: dict[str, Any] | None) -> Self:
        return cls() if written is None else cls(written["value"], frozenset(written["seen"]))


Row = dict[str, Any]


def fresh(rows: Sequence[Row], mark: Watermark, cursor: str) -> tuple[list[Row], Watermark]:
    """Rows that weren't told of, and the mark after them. `rows` are in the order of their cursor, from the mark on."""
    found = [row for row in rows if key(row) not in mark.seen]
    if not found:
        return [], mark
    last = found[-1][cursor]
    at_last = {key(row) for row in found if row[cursor] == last}
    return found, Watermark(last, frozenset(at_last | (mark.seen if last == mark.value else frozenset())))


def key(row: Row) -> str:
    """What tells one row from another, also where they share a cursor."""
    return hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()[:24]
