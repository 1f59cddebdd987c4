"""What runs used, added up by what a report asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, case, cast, func, literal_column, select

from flowscale_runtime.stores.tables import encode, runs
from flowscale_runtime.stores.values import SECOND

DAY = 24 * 3600 * SECOND
_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "project": runs.c.project,
    "team": runs.c.team,
    "deployment": runs.c.deployment,
    "version": runs.c.version,
    "gpu": runs.c.gpu,
    "key": runs.c.key_id,
    "tag": runs.c.tags,
    "day": runs.c.created_at // literal_column(str(DAY)),
}
DIMENSIONS = tuple(_COLUMNS)


@dataclass(slots=True)
class Sums:
    """Runs that were submitted in a time, by how they ended; seconds computed, micro-dollars."""

    runs: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    cached: int = 0
    seconds: float = 0.0
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Runs of a tenant that were submitted from `since` until before `until`, in microseconds."""

    project: str
    since: int
    until: int
    deployments: Sequence[str] | None = None


@dataclass(slots=True)
class Report:
    """Sums by the values of the dimensions, and all in all."""

    rows: dict[tuple[Any, ...], Sums] = field(default_factory=dict)
    total: Sums = field(default_factory=Sums)


def report(connection: Connection, span: Span, by: Sequence[str]) -> Report:
    """Adds up. A run with several tags counts under each of them, and once in the total."""
    groups = [_COLUMNS[name] for name in by]
    sums = [
        func.count(),
        *(_count(runs.c.state == state) for state in ("completed",)),
        _count(runs.c.state.in_(("failed", "timed_out"))),
        _count(runs.c.state == "cancelled"),
        _count(runs.c.cached),
        func.coalesce(func.sum(runs.c.seconds), 0.0),
        cast(func.coalesce(func.sum(runs.c.cost), 0), BigInteger),
    ]
    made = Report()
    for row in connection.execute(select(*groups, *sums).where(*_where(span)).group_by(*groups)):
        found = Sums(*row[len(by) :])
        _add(made.total, found)
        for key in _spread(by, row[: len(by)]):
            _add(made.rows.setdefault(key, Sums()), found)
    made.rows = dict(sorted(made.rows.items(), key=lambda item: [str(part) for part in item[0]]))
    return made


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _where(span: Span) -> list[ColumnElement[bool]]:
    where = [
        runs.c.project == span.project,
        runs.c.created_at >= span.since,
        runs.c.created_at < span.until,
    ]
    if span.deployments is not None:
        where.append(runs.c.deployment.in_(span.deployments))
    return where


def _spread(by: Sequence[str], values: Sequence[Any]) -> Iterable[tuple[Any, ...]]:
    """The keys that a group counts under: one for each of its tags."""
    if "tag" not in by:
        return [tuple(values)]
    place = by.index("tag")
    return [(*values[:place], tag, *values[place + 1 :]) for tag in tags_of(values[place])]


def tags_of(tags: Any) -> list[str | None]:
    """The tags of a run as texts, those of an object as `name=value`; None alone where there are none."""
    if isinstance(tags, dict):
        return [
            f"{name}={value if isinstance(value, str) else encode(value)}" for name, value in tags.items()
        ] or [None]
    return list(dict.fromkeys(tags)) if tags else [None]


def _add(total: Sums, more: Sums) -> None:
    for name in Sums.__slots__:
        setattr(total, name, getattr(total, name) + getattr(more, name))
