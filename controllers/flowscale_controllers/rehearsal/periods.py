"""When the period of a budget began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def period_start(period: str, now: float) -> float:
    """The beginning of the day, the week (on Monday) or the month in UTC; of `total` it is 0."""
    if period == "total":
        return 0.0
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        today -= timedelta(days=today.weekday())
    return (today.replace(day=1) if period == "month" else today).timestamp()
