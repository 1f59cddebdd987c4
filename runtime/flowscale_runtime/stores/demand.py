"""What deployments have to do and what their releases gave: for whoever decides how many workers there should be."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from flowscale_runtime.stores.tables import QUEUED, RUNNING, feedback, runs
from flowscale_runtime.stores.values import SECOND

RECENT = 600 * SECOND  # of which latencies are told
MOST = 2000  # latencies that are looked at
MARGIN = 60 * SECOND  # no transaction takes as long: what ended before won't change any more
_TERMINAL = ("completed", "failed", "timed_out")
Release = tuple[str, str]


@dataclass(slots=True)
class Totals:
    """Sums over the runs of a release that have ended."""

    completed: int = 0
    failed: int = 0
    timed_out: int = 0
    seconds: float = 0.0
    score_total: float = 0.0
    score_count: int = 0

    def __iadd__(self, other: "Totals") -> "Totals":
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self


@dataclass(slots=True)
class Waiting:
    """What a deployment has to do now."""

    queued: int = 0
    running: int = 0
    oldest_queued_at: int | None = None


@dataclass(slots=True)
class Sums:
    """All that was counted in a time: arrivals by deployment, ends by release."""

    arrivals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    ends: dict[Release, Totals] = field(default_factory=lambda: defaultdict(Totals))

    def __iadd__(self, other: "Sums") -> "Sums":
        for deployment, count in other.arrivals.items():
            self.arrivals[deployment] += count
        for release, totals in other.ends.items():
            self.ends[release] += totals
        return self


@dataclass(slots=True)
class Demand:
    """Counts again and again, and looks only at what is new since the last time."""

    settled: Sums = field(default_factory=Sums)
    until: int = 0

    def snapshot(self, connection: Connection, now: int) -> dict[str, dict[str, Any]]:
        """Every deployment that has or had runs."""
        if now - self.until > 2 * MARGIN:
            self.settled += counted(connection, self.until, now - MARGIN)
            self.until = now - MARGIN
        sums = Sums()
        sums += self.settled
        sums += counted(connection, self.until, None)
        return _told(waiting(connection), sums, latencies(connection, now - RECENT))


def waiting(connection: Connection) -> dict[str, Waiting]:
    """Queued and running runs by deployment."""
    found: dict[str, Waiting] = defaultdict(Waiting)
    queued = select(runs.c.deployment, func.count(), func.min(runs.c.number)).where(QUEUED)
    oldest = {}
    for deployment, count, number in connection.execute(queued.group_by(runs.c.deployment)):
        found[deployment].queued = count
        oldest[number] = deployment
    firsts = select(runs.c.number, runs.c.created_at).where(runs.c.number.in_(oldest))
    for number, at in connection.execute(firsts):
        found[oldest[number]].oldest_queued_at = at
    running = select(runs.c.deployment, func.count()).where(RUNNING).group_by(runs.c.deployment)
    for deployment, count in connection.execute(running):
        found[deployment].running = count
    return found


def counted(connection: Connection, since: int, until: int | None) -> Sums:
    """What arrived and what ended from `since` until before `until`."""
    sums = Sums()
    arrived = select(runs.c.deployment, func.count()).where(*_within(runs.c.created_at, since, until))
    for deployment, count in connection.execute(arrived.group_by(runs.c.deployment)):
        sums.arrivals[deployment] += count
    counts = [func.coalesce(func.sum(case((runs.c.state == state, 1), else_=0)), 0) for state in _TERMINAL]
    ended = select(runs.c.deployment, runs.c.release, *counts, func.coalesce(func.sum(runs.c.seconds), 0.0))
    ended = ended.where(*_within(runs.c.completed_at, since, until))
    for deployment, release, *numbers in connection.execute(
        ended.group_by(runs.c.deployment, runs.c.release)
    ):
        completed, failed, late, seconds = numbers
        sums.ends[deployment, release] += Totals(int(completed), int(failed), int(late), seconds)
    _add_scores(connection, sums, since, until)
    return sums


def latencies(connection: Connection, since: int) -> dict[Release, list[float]]:
    """Seconds from submission to completion of the newest runs of each release, in order."""
    query = (
        select(runs.c.deployment, runs.c.release, runs.c.completed_at - runs.c.created_at)
        .where(runs.c.completed_at.is_not(None), runs.c.completed_at >= since, runs.c.state == "completed")
        .order_by(runs.c.completed_at.desc())
        .limit(MOST)
    )
    found: dict[Release, list[float]] = defaultdict(list)
    for deployment, release, took in connection.execute(query):
        found[deployment, release].append(took / SECOND)
    return {release: sorted(values) for release, values in found.items()}


def quantile(ordered: list[float], part: float) -> float | None:
    """The value that `part` of all are no larger than; None where there are none."""
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)] if ordered else None


def _add_scores(connection: Connection, sums: Sums, since: int, until: int | None) -> None:
    scored = (
        select(runs.c.deployment, runs.c.release, func.sum(feedback.c.score), func.count())
        .join(runs, runs.c.id == feedback.c.run_id)
        .where(*_within(feedback.c.at, since, until))
        .group_by(runs.c.deployment, runs.c.release)
    )
    for deployment, release, total, count in connection.execute(scored):
        sums.ends[deployment, release] += Totals(score_total=total, score_count=count)


def _within(column: ColumnElement[int], since: int, until: int | None) -> list[ColumnElement[bool]]:
    bounds = [column.is_not(None), column >= since]
    return bounds if until is None else [*bounds, column < until]


def _told(
    now: Mapping[str, Waiting], sums: Sums, took: Mapping[Release, list[float]]
) -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = {}
    for deployment in sorted({*now, *sums.arrivals}):
        one = now.get(deployment, Waiting())
        told[deployment] = {
            "queued": one.queued,
            "running": one.running,
            "oldest_queued_at": one.oldest_queued_at,
            "arrivals": sums.arrivals.get(deployment, 0),
            "releases": {},
        }
    for (deployment, release), totals in sums.ends.items():
        ordered = took.get((deployment, release), [])
        told[deployment]["releases"][release] = {
            **{each.name: getattr(totals, each.name) for each in fields(totals)},
            "latency_p50": quantile(ordered, 0.5),
            "latency_p95": quantile(ordered, 0.95),
        }
    return told
