"""What runs used, added up by what a report asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Null,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
)

from flowscale_runtime.stores.tables import METERED, encode, ledger, runs
from flowscale_runtime.stores.values import SECOND

DAY = 24 * 3600 * SECOND
_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "project": runs.c.project,
    "team": runs.c.team,
    "deployment": runs.c.deployment,
    "version": runs.c.version,
    "gpu": runs.c.gpu,
    "key": runs.c.key_id,
    "user": runs.c.key_id,
    "tag": runs.c.tags,
    "day": runs.c.created_at // literal_column(str(DAY)),
}
DIMENSIONS = tuple(_COLUMNS)
_METERED: Mapping[str, ColumnElement[Any]] = {
    "project": ledger.c.project,
    "team": ledger.c.team,
    "deployment": ledger.c.deployment,
    "key": ledger.c.key_id,
    "user": ledger.c.key_id,
    "tag": ledger.c.tags,
    "day": ledger.c.at // literal_column(str(DAY)),
}
"""The same for bytes: neither a version nor a GPU type sends them."""


@dataclass(slots=True)
class Sums:
    """Runs that were submitted in a time, by how they ended; seconds computed, and their micro-dollars. Bytes sent in that
    time, those kept times seconds, and the micro-dollars of both."""

    runs: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    cached: int = 0
    seconds: float = 0.0
    cost: int = 0
    egress: int = 0
    egress_cost: int = 0
    storage: float = 0.0
    storage_cost: int = 0

    @property
    def total_cost(self) -> int:
        """Micro-dollars of everything."""
        return self.cost + self.egress_cost + self.storage_cost


@dataclass(frozen=True, slots=True)
class Span:
    """What a tenant used from `since` until before `until`, in microseconds."""

    project: str
    since: int
    until: int
    deployments: Sequence[str] | None = None


@dataclass(slots=True)
class Report:
    """Sums by the values of the dimensions, and all in all."""

    rows: dict[tuple[Any, ...], Sums] = field(default_factory=dict)
    total: Sums = field(default_factory=Sums)

    def add(self, by: Sequence[str], values: Sequence[Any], found: Sums) -> None:
        """Counts a group under its values."""
        _add(self.total, found)
        for key in _spread(by, _named(by, values)):
            _add(self.rows.setdefault(key, Sums()), found)


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
        _sum(runs.c.cost),
    ]
    made = Report()
    for row in connection.execute(select(*groups, *sums).where(*_where(span)).group_by(*groups)):
        made.add(by, row[: len(by)], Sums(*row[len(by) :]))
    for values, found in _metered(connection, span, by):
        made.add(by, values, found)
    made.rows = dict(sorted(made.rows.items(), key=lambda item: [str(part) for part in item[0]]))
    return made


def _metered(connection: Connection, span: Span, by: Sequence[str]) -> Iterable[tuple[Sequence[Any], Sums]]:
    """Bytes by the same dimensions."""
    groups = [_METERED.get(name, null()) for name in by]
    grouped = [column for column in groups if not isinstance(column, Null)]
    kept = ledger.c.kind == "storage"
    sums = [
        _sum(case((kept, 0), else_=ledger.c.bytes)),
        _sum(case((kept, 0), else_=ledger.c.amount)),
        func.coalesce(func.sum(case((kept, ledger.c.bytes * ledger.c.seconds), else_=0.0)), 0.0),
        _sum(case((kept, ledger.c.amount), else_=0)),
    ]
    where = [METERED, ledger.c.project == span.project, ledger.c.at >= span.since, ledger.c.at < span.until]
    if span.deployments is not None:
        where.append(ledger.c.deployment.in_(span.deployments))
    for row in connection.execute(select(*groups, *sums).where(*where).group_by(*grouped)):
        sent, sent_cost, stored, stored_cost = row[len(by) :]
        if sent or stored:
            found = Sums(egress=sent, egress_cost=sent_cost, storage=stored, storage_cost=stored_cost)
            yield row[: len(by)], found


def _named(by: Sequence[str], values: Sequence[Any]) -> tuple[Any, ...]:
    """The values as they are reported: the user of an identity provider's token, no name where there is none."""
    return tuple(
        user_of(value) if name == "user" else None if value == "" else value
        for name, value in zip(by, values, strict=True)
    )


def user_of(key_id: str | None) -> str | None:
    """Who an identity provider says that a caller is; None for an API key."""
    return (key_id or "").partition("#")[2] or None


def _sum(column: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


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
