"""Amounts of memory and of time: `16Gi`, `90s`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, ClassVar, Self

from flowscale_specs.values.base import ShortForm, text_of

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
_DECIMAL = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_BYTES = {"": 1, "B": 1, "K": 10**3, **_BINARY, **_DECIMAL}
_MEMORY = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,9})?) ?(?:(Ki|Mi|Gi|Ti|Pi|[kKMGTP])B?|B)?", re.ASCII)
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PRINTED = ("ms", "s", "m", "h", "d")
_PART = r"[0-9]{1,12}(?:\.[0-9]{1,6})? ?(?:ms|min|s|m|h|d|w)"
_DURATION = re.compile(rf"{_PART}(?: ?{_PART})*", re.ASCII)
_PARTS = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|min|s|m|h|d|w)", re.ASCII)
_CENTURY = 100 * 365 * 86_400_000


class Memory(ShortForm, int):
    """An amount of memory: a number of bytes."""

    noun = "an amount of memory"
    examples = ("16Gi", "512Mi")
    pattern = r"^[0-9]+(\.[0-9]+)? ?(Ki|Mi|Gi|Ti|Pi|k|K|M|G|T|P)?B?$"
    numbers: ClassVar[bool] = True

    @classmethod
    def parse(cls, written: Any) -> Self:
        match = None if isinstance(written, bool) else _MEMORY.fullmatch(text_of(written))
        if match is None:
            raise cls.refuse(written)
        amount = Decimal(match[1]) * _BYTES[match[2] or ""]
        if amount != int(amount) or amount >= 2**63:
            raise cls.refuse(written)
        return cls(amount)

    def __str__(self) -> str:
        units = {**_DECIMAL, **_BINARY}
        name = max(
            (u for u, size in units.items() if self and self % size == 0), key=units.__getitem__, default=""
        )
        return f"{int(self) // _BYTES[name]}{name}"


class Duration(ShortForm, float):
    """A span of time: a number of seconds, whole milliseconds."""

    noun = "a span of time"
    examples = ("90s", "10m", "1h30m")
    pattern = r"^(0|([0-9]+(\.[0-9]+)? ?(ms|s|m|min|h|d|w) ?)+)$"

    @classmethod
    def parse(cls, written: Any) -> Self:
        text = "" if isinstance(written, bool) else text_of(written)
        if text == "0":
            return cls(0)
        if not _DURATION.fullmatch(text):
            raise cls.refuse(written)
        parts = _PARTS.findall(text)
        total = sum(Decimal(number) * _MILLISECONDS[unit.removesuffix("in")] for number, unit in parts)
        if total != int(total) or total > _CENTURY:
            raise cls.refuse(written)
        return cls(int(total) / 1000)

    def __str__(self) -> str:
        total = round(float(self) * 1000)
        if not total:
            return "0s"
        unit = max(
            (u for u, size in _MILLISECONDS.items() if total % size == 0), key=_MILLISECONDS.__getitem__
        )
        return f"{total // _MILLISECONDS[unit]}{unit}"
