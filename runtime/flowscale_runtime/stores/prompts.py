"""Reading the ad-hoc runs of one deployment as a queue and a history, with what their attempts traced."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from flowscale_runtime.stores.tables import attempts, runs
from flowscale_runtime.stores.values import TERMINAL

AD_HOC = "ad-hoc"
"""The workflow of runs whose graph came with them."""
_LIVE = ("running", "queued")
_BRIEF = [
    runs.c[name] for name in ("number", "id", "state", "release", "created_at", "started_at", "completed_at")
]

_LISTED = [*_BRIEF, runs.c.deployment, runs.c.tags]


def live(connection: Connection, project: str, deployment: str) -> Sequence[Row[Any]]:
    """Runs that run or wait: the running ones first, then in the order in which they will be taken."""
    query = select(runs).where(_of(project, deployment), runs.c.state.in_(_LIVE))
    return connection.execute(
        query.order_by(runs.c.state.desc(), runs.c.priority.desc(), runs.c.number)
    ).all()


def everyones(connection: Connection, deployment: str) -> Sequence[Row[Any]]:
    """Runs that run or wait, whosever they are."""
    query = select(*[*_BRIEF, runs.c.group_id]).where(
        runs.c.deployment == deployment, runs.c.workflow == AD_HOC, runs.c.state.in_(_LIVE)
    )
    return connection.execute(query).all()


def ended(
    connection: Connection, project: str, deployment: str, after: int, limit: int
) -> Sequence[Row[Any]]:
    """The newest ended runs with a number above `after` that ever started, oldest first, in brief."""
    query = select(*_BRIEF).where(
        _of(project, deployment),
        runs.c.number > after,
        runs.c.state.in_(TERMINAL),
        runs.c.started_at.is_not(None),
    )
    return connection.execute(query.order_by(runs.c.number.desc()).limit(limit)).all()[::-1]


def newest(connection: Connection, project: str, deployment: str, limit: int) -> Sequence[Row[Any]]:
    """Runs in every state with their labels, the newest first, in brief."""
    query = select(*_LISTED).where(_of(project, deployment))
    return connection.execute(query.order_by(runs.c.number.desc()).limit(limit)).all()


def whole(connection: Connection, run_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """All columns of runs."""
    return {row.id: row for row in connection.execute(select(runs).where(runs.c.id.in_(run_ids)))}


def named(connection: Connection, project: str, deployment: str, run_id: str) -> Row[Any] | None:
    """One run."""
    return connection.execute(select(runs).where(_of(project, deployment), runs.c.id == run_id)).one_or_none()


def taken(connection: Connection, run_id: str) -> bool:
    """Whether any run has this id."""
    return connection.execute(select(runs.c.number).where(runs.c.id == run_id)).one_or_none() is not None


def traces(connection: Connection, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the last traced attempt of each run did and showed."""
    query = (
        select(attempts.c.run_id, attempts.c.trace)
        .where(attempts.c.run_id.in_(run_ids), attempts.c.trace.is_not(None))
        .order_by(attempts.c.fence)
    )
    return {row.run_id: row.trace for row in connection.execute(query)}


def _of(project: str, deployment: str) -> ColumnElement[bool]:
    return (runs.c.project == project) & (runs.c.deployment == deployment) & (runs.c.workflow == AD_HOC)
