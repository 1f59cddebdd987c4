"""When a schedule starts something: pure functions of its cron expression, what ran, and the time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from flowscale_specs.values import Cron, TimeZone

Policy = Literal["allow", "forbid", "replace"]


@dataclass(frozen=True, slots=True)
class Start:
    """Something begins: for the moment `at`, after what it replaces was ended."""

    at: datetime
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing begins for the moment `at`, and why."""

    at: datetime
    reason: str


def moments(cron: Cron, zone: TimeZone, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments that an expression names, after `after` and not after `until`.

    A time that the clock leaves out in spring comes right after the gap. A time that comes twice in autumn counts once,
    unless the expression names every hour.
    """
    hourly = str(cron) == "@hourly" or str(cron).split()[1:2] == ["*"]
    moment = cron.next(after, zone)
    while moment <= until:
        if hourly or not _came_before(moment):
            yield moment
        moment = cron.next(moment, zone)


def _came_before(moment: datetime) -> bool:
    """Whether the clock showed this time an hour (or so) ago already."""
    return moment.fold == 1 or moment.replace(fold=0).utcoffset() != moment.utcoffset()


def decide(
    due: Sequence[datetime], now: datetime, deadline: timedelta, policy: Policy, running: Sequence[str]
) -> Start | Pass | None:
    """What follows from the moments that were missed or are due: the last one counts, if it isn't too long ago."""
    if not due:
        return None
    last = due[-1]
    if now - last > deadline:
        return Pass(last, f"it is more than {deadline} late")
    if running and policy == "forbid":
        return Pass(last, f"{running[0]} still runs")
    return Start(last, tuple(running) if policy == "replace" else ())
