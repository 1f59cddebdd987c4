"""Money in whole micro-dollars: amounts (`$500`), prices (`$2.00/h`) and allowances (`$500/month`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar, Self

from flowscale_specs.values.base import ShortForm, text_of

MICRO = 1_000_000
_MOST = 10**9 * MICRO
_AMOUNT = r"\$ ?([0-9]{1,10}(?:\.[0-9]{1,9})?)"
_MONEY = re.compile(_AMOUNT, re.ASCII)
_PRICE = re.compile(_AMOUNT + r" ?/ ?(hour|hr|h|minute|min|m|second|sec|s)", re.ASCII)
_ALLOWANCE = re.compile(_AMOUNT + r"(?: ?/ ?(day|week|month|total))?", re.ASCII)
_TRANSFER = re.compile(_AMOUNT + r" ?/ ?GB", re.ASCII)
_STORAGE = re.compile(_AMOUNT + r" ?/ ?GB ?/ ?month", re.ASCII)
_AN_HOUR = {"h": 1, "m": 60, "s": 3600}


class Money(ShortForm, int):
    """An amount of money: a number of micro-dollars."""

    noun = "an amount of money"
    examples = ("$500", "$0.25")
    pattern = r"^\$ ?[0-9]+(\.[0-9]+)?$"

    @classmethod
    def parse(cls, written: Any) -> Self:
        match = _MONEY.fullmatch(text_of(written))
        amount = _micro(match[1]) if match else None
        if amount is None or amount != int(amount) or amount > _MOST:
            raise cls.refuse(written)
        return cls(amount)

    def __str__(self) -> str:
        return f"${_digits(self, 0 if self % MICRO == 0 else 2)}"


class Price(ShortForm, int):
    """What an hour costs: a number of micro-dollars."""

    noun = "a price"
    examples = ("$2.00/h", "$0.0005/s")
    pattern = r"^\$0|\$ ?[0-9]+(\.[0-9]+)? ?/ ?(h|hr|hour|m|min|minute|s|sec|second)$"

    @classmethod
    def parse(cls, written: Any) -> Self:
        text = text_of(written)
        if text in {"0", "$0"}:
            return cls(0)
        match = _PRICE.fullmatch(text)
        price = _micro(match[1]) * _AN_HOUR[match[2][0]] if match else None
        if price is None or price > _MOST:
            raise cls.refuse(written)
        return cls(price.to_integral_value(ROUND_HALF_UP))

    def __str__(self) -> str:
        return f"${_digits(self, 2)}/h"


class TransferPrice(ShortForm, int):
    """What sending a gigabyte (10^9 bytes) costs: a number of micro-dollars."""

    noun = "a price of a gigabyte"
    examples = ("$0.12/GB", "$0")
    pattern = r"^\$0|\$ ?[0-9]+(\.[0-9]+)? ?/ ?GB$"
    written: ClassVar[re.Pattern[str]] = _TRANSFER
    unit: ClassVar[str] = "GB"

    @classmethod
    def parse(cls, written: Any) -> Self:
        text = text_of(written)
        if text in {"0", "$0"}:
            return cls(0)
        match = cls.written.fullmatch(text)
        price = _micro(match[1]) if match else None
        if price is None or price != int(price) or price > _MOST:
            raise cls.refuse(written)
        return cls(price)

    def __str__(self) -> str:
        return f"${_digits(self, 2)}/{self.unit}"


class StoragePrice(TransferPrice):
    """What keeping a gigabyte (10^9 bytes) for a month of 730 hours costs: a number of micro-dollars."""

    noun = "a price of a gigabyte for a month"
    examples = ("$0.10/GB/month", "$0")
    pattern = r"^\$0|\$ ?[0-9]+(\.[0-9]+)? ?/ ?GB ?/ ?month$"
    written: ClassVar[re.Pattern[str]] = _STORAGE
    unit: ClassVar[str] = "GB/month"


@dataclass(frozen=True, slots=True)
class Allowance(ShortForm):
    """How much may be spent in which period; the period may be said elsewhere."""

    noun = "an amount of money in a period"
    examples = ("$500/month", "$20/day")
    pattern = r"^\$ ?[0-9]+(\.[0-9]+)?( ?/ ?(day|week|month|total))?$"

    amount: Money
    period: str | None = None

    @classmethod
    def parse(cls, written: Any) -> Self:
        match = _ALLOWANCE.fullmatch(text_of(written))
        amount = _micro(match[1]) if match else None
        if match is None or amount is None or amount != int(amount) or amount > _MOST:
            raise cls.refuse(written)
        return cls(Money(amount), match[2])

    def __str__(self) -> str:
        return f"{self.amount}/{self.period}" if self.period else str(self.amount)


def _micro(dollars: str) -> Decimal:
    return Decimal(dollars) * MICRO


def _digits(micro: int, least: int) -> str:
    """Dollars as text, with at least so many digits after the point."""
    whole, rest = divmod(int(micro), MICRO)
    fraction = f"{rest:06}".rstrip("0").ljust(least, "0")
    return f"{whole}.{fraction}" if fraction else str(whole)
