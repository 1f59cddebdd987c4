"""Parts and frequencies: `90%`, `10/s`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, Self

from flowscale_specs.values.base import ShortForm, text_of

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%", re.ASCII)
_RATE = re.compile(r"([0-9]{1,9}) ?/ ?([0-9]{1,6})? ?(s|sec|second|m|min|minute|h|hour|d|day)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Percent(ShortForm, Decimal):
    """A part of a hundred, exact: 0 to 100."""

    noun = "a percentage"
    examples = ("90%", "12.5%")
    pattern = r"^[0-9]{1,3}(\.[0-9]+)? ?%$"

    @classmethod
    def parse(cls, written: Any) -> Self:
        match = _PERCENT.fullmatch(text_of(written))
        if match is None or Decimal(match[1]) > 100:
            raise cls.refuse(written)
        return cls(match[1])

    def __str__(self) -> str:
        text = f"{Decimal(self):f}"
        return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"

    def __format__(self, spec: str, context: Context | None = None, /) -> str:
        return super().__format__(spec, context) if spec else str(self)


@dataclass(frozen=True, slots=True)
class Rate(ShortForm):
    """So many in so many seconds."""

    noun = "a rate"
    examples = ("10/s", "600/h", "5/30s")
    pattern = r"^[0-9]+ ?/ ?[0-9]* ?(s|sec|second|m|min|minute|h|hour|d|day)$"

    count: int
    seconds: int

    @classmethod
    def parse(cls, written: Any) -> Self:
        match = _RATE.fullmatch(text_of(written))
        seconds = int(match[2] or 1) * _SECONDS[match[3][0]] if match else 0
        if match is None or not int(match[1]) or not seconds:
            raise cls.refuse(written)
        return cls(int(match[1]), seconds)

    def __str__(self) -> str:
        unit = max((u for u, size in _SECONDS.items() if self.seconds % size == 0), key=_SECONDS.__getitem__)
        many = self.seconds // _SECONDS[unit]
        return f"{self.count}/{many if many > 1 else ''}{unit}"
