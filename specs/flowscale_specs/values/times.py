"""When something happens again: cron expressions and the time zones they are read in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from flowscale_specs.values.base import ShortForm, text_of

_ALIASES = frozenset({"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"})
_FIELDS = re.compile(r"[0-9A-Za-z*/,#?-]+(?: [0-9A-Za-z*/,#?-]+){4}", re.ASCII)
_ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}", re.ASCII)


class Cron(ShortForm, str):
    """A cron expression of five fields, or a nickname such as `@daily`."""

    __slots__ = ()
    noun = "a cron expression"
    examples = ("0 8 * * *", "*/15 9-17 * * mon-fri", "@daily")
    pattern = r"^(@[a-z]+|\S+( +\S+){4})$"

    @classmethod
    def parse(cls, written: Any) -> Self:
        text = " ".join(text_of(written).split())
        if text not in _ALIASES and not (_FIELDS.fullmatch(text) and _comes_up(text)):
            raise cls.refuse(written)
        return cls(text)

    def next(self, after: datetime, zone: TimeZone) -> datetime:
        """The first time after `after` (which knows its zone) that this expression names in `zone`."""
        return _next(str(self), after.astimezone(ZoneInfo(zone)))


class TimeZone(ShortForm, str):
    """A time zone by its IANA name."""

    __slots__ = ()
    noun = "a time zone"
    examples = ("UTC", "Europe/Berlin")
    pattern = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"

    @classmethod
    def parse(cls, written: Any) -> Self:
        text = text_of(written)
        if not (_ZONE.fullmatch(text) and _exists(text)):
            raise cls.refuse(written)
        return cls(text)


def _next(text: str, after: datetime) -> datetime:
    # Loading croniter takes longer than reading most specs, and few specs have a schedule.
    from croniter import croniter

    moment: datetime = croniter(text, after).get_next(datetime)
    return moment


def _comes_up(text: str) -> bool:
    try:
        return _next(text, _ANY_DAY) > _ANY_DAY
    except (ValueError, KeyError, IndexError):
        return False


def _exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        return False
    return True
