"""Which windows of a schedule are open at a moment, and when that changes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flowscale_specs.values import Cron, TimeZone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowscale_specs import ResolvedWindow


def opened_at(window: ResolvedWindow, now: float) -> float | None:
    """When the window that is open now was opened; None while it is closed."""
    start = _at(now, window) - timedelta(seconds=window.duration)
    opening = _next(window, start).timestamp()
    return opening if opening <= now else None


def least(windows: Iterable[ResolvedWindow], now: float) -> int:
    """The most that any open window asks for."""
    return max((window.min for window in windows if opened_at(window, now) is not None), default=0)


def next_change(windows: Iterable[ResolvedWindow], now: float) -> float | None:
    """When the next window opens or closes."""
    return min((_change(window, now) for window in windows), default=None)


def _change(window: ResolvedWindow, now: float) -> float:
    opened = opened_at(window, now)
    return _next(window, _at(now, window)).timestamp() if opened is None else opened + window.duration


def _next(window: ResolvedWindow, after: datetime) -> datetime:
    return Cron(window.cron).next(after, TimeZone(window.time_zone))


def _at(now: float, window: ResolvedWindow) -> datetime:
    return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(window.time_zone))
