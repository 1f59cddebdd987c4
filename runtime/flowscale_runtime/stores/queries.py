"""Reading runs: one, many, their outputs, logs and timings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select

from flowscale_runtime.stores.errors import NotFound
from flowscale_runtime.stores.tables import attempts, batches, run_outputs, runs

SUFFIX = re.compile(r"_([A-Z0-9]{10})(?:_\d+)?(?:\.\w+)?$")
RECENT = 100_000
"""Runs that are looked through for what ran last."""
SORTABLE = ("created_at", "started_at", "completed_at")
_RUN = select(runs).where(runs.c.id == bindparam("run"), runs.c.project == bindparam("of"))
_OUTPUTS = (
    select(run_outputs)
    .where(run_outputs.c.run_id.in_(bindparam("runs", expanding=True)))
    .order_by(run_outputs.c.position)
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs of a tenant are meant; copies that try a version are none of them. Times are microseconds."""

    project: str
    deployments: Sequence[str] | None = None
    group_id: str | None = None
    batch_id: str | None = None
    state: str | None = None
    created_after: int | None = None
    created_before: int | None = None


def run(connection: Connection, project: str, run_id: str) -> Row[Any]:
    """A run of a tenant. Raises NotFound."""
    row = connection.execute(_RUN, {"run": run_id, "of": project}).one_or_none()
    if row is None:
        raise NotFound(f"no run {run_id}")
    return row


def whole(connection: Connection, project: str, run_id: str) -> tuple[Row[Any], list[Row[Any]]]:
    """A run of a tenant with its outputs. Raises NotFound."""
    row = run(connection, project, run_id)
    return row, outputs(connection, [run_id])[run_id] if row.state == "completed" else []


def page(
    connection: Connection, wanted: Filter, sort_by: str, descending: bool, offset: int, limit: int
) -> tuple[Sequence[Row[Any]], int]:
    """A page of runs, and how many there are in all."""
    column = runs.c[sort_by]
    order = (column.desc(), runs.c.number.desc()) if descending else (column.asc(), runs.c.number.asc())
    where = _where(wanted)
    rows = connection.execute(select(runs).where(*where).order_by(*order).offset(offset).limit(limit)).all()
    total = connection.execute(select(func.count()).select_from(runs).where(*where)).scalar_one()
    return rows, total


def deployment_of(connection: Connection, run_id: str) -> str | None:
    """The deployment of a run, whoever asks."""
    return connection.execute(select(runs.c.deployment).where(runs.c.id == run_id)).scalar()


def newest_releases(connection: Connection, deployment: str, count: int) -> list[str]:
    """The releases of the runs of a deployment that wait or came last, the newest first."""
    last = connection.execute(select(func.max(runs.c.number))).scalar() or 0
    recent = (runs.c.deployment == deployment) & (runs.c.number > last - RECENT)
    query = select(runs.c.release).where(recent).group_by(runs.c.release)
    return list(connection.execute(query.order_by(func.max(runs.c.number).desc()).limit(count)).scalars())


def outputs(connection: Connection, run_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Outputs by run, in order."""
    found: dict[str, list[Row[Any]]] = {run_id: [] for run_id in run_ids}
    for row in connection.execute(_OUTPUTS, {"runs": list(run_ids)}):
        found[row.run_id].append(row)
    return found


def naming(connection: Connection, project: str, filename: str, run_id: str | None) -> Row[Any] | None:
    """The run that was given this output name when it was submitted, whether or not the file exists yet."""
    if run_id:
        meant = runs.c.id == run_id
    elif suffix := SUFFIX.search(filename):
        meant = runs.c.suffix == suffix[1]
    else:
        return None
    query = select(runs).where(runs.c.project == project, meant)
    return connection.execute(query.order_by(runs.c.number.desc()).limit(1)).one_or_none()


def log(connection: Connection, run_id: str) -> str:
    """What all attempts of a run printed."""
    return "".join(row.log for row in tries(connection, run_id) if row.log)


def tries(connection: Connection, run_id: str) -> Sequence[Row[Any]]:
    """The attempts of a run, in order, with what each printed."""
    query = select(attempts).where(attempts.c.run_id == run_id).order_by(attempts.c.fence)
    return connection.execute(query).all()


def batch(connection: Connection, project: str, batch_id: str) -> Row[Any]:
    """A batch of a tenant. Raises NotFound."""
    query = select(batches).where(batches.c.id == batch_id, batches.c.project == project)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no batch {batch_id}")
    return row


def _where(wanted: Filter) -> list[ColumnElement[bool]]:
    where = [runs.c.project == wanted.project, runs.c.copy_of.is_(None)]
    if wanted.deployments is not None:
        where.append(runs.c.deployment.in_(wanted.deployments))
    for column, value in (
        (runs.c.group_id, wanted.group_id),
        (runs.c.batch_id, wanted.batch_id),
        (runs.c.state, wanted.state),
    ):
        if value is not None:
            where.append(column == value)
    if wanted.created_after is not None:
        where.append(runs.c.created_at > wanted.created_after)
    if wanted.created_before is not None:
        where.append(runs.c.created_at < wanted.created_before)
    return where
