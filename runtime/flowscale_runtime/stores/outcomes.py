"""Ending a run: outputs published, money settled, events and webhooks written, followers answered, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from flowscale_runtime.stores import budgets, events, outbox
from flowscale_runtime.stores.errors import AlreadyFinished, LeaseLost, NotFound
from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import QUEUED, RUNNING, attempts, run_outputs, runs
from flowscale_runtime.stores.values import (
    SECOND,
    TERMINAL,
    Artifact,
    Change,
    Event,
    Outcome,
    State,
    cost,
)

EXPIRED_AT_ONCE = 500
_ENDING = (
    "state",
    "completed_at",
    "started_at",
    "seconds",
    "cost",
    "cached",
    "fence",
    "sequence",
    "error",
    "timings",
)
_END = (
    update(runs)
    .where(runs.c.id == bindparam("run"))
    .values({name: bindparam(name) for name in _ENDING} | {"lease_until": None, "leader": None})
)
_HELD = (
    select(runs)
    .where(runs.c.id == bindparam("run"), runs.c.fence == bindparam("under"), RUNNING)
    .with_for_update()
)
_CLOSE = (
    update(attempts)
    .where(attempts.c.run_id == bindparam("run"), attempts.c.fence == bindparam("under"))
    .values({name: bindparam(name) for name in ("ended_at", "exit", "log")})
)
_OUTPUTS = insert(run_outputs)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends, whoever ends it."""

    state: State
    seconds: float = 0.0
    artifacts: tuple[Artifact, ...] = ()
    error: dict[str, Any] | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    cached: bool = False


def finish(connection: Connection, run_id: str, fence: int, outcome: Outcome, now: int) -> Change:
    """Ends a run that the caller holds. Raises LeaseLost where somebody else holds it or it has ended."""
    run = held(connection, run_id, fence)
    ending = Ending(outcome.state, outcome.seconds, outcome.artifacts, outcome.error, outcome.timings)
    close_attempt(connection, run_id, fence, outcome.state, outcome.log, now)
    if outcome.trace is not None:
        mine = (attempts.c.run_id == run_id) & (attempts.c.fence == fence)
        connection.execute(update(attempts).where(mine).values(trace=outcome.trace))
    return end(connection, run, ending, now)


def cancel(connection: Connection, project: str, run_id: str, now: int) -> tuple[Change, str | None]:
    """Ends a queued or running run as cancelled; answers with the worker that must stop it, if any."""
    named = (runs.c.id == run_id) & (runs.c.project == project)
    run = connection.execute(select(runs).where(named).with_for_update()).one_or_none()
    if run is None:
        raise NotFound(f"no run {run_id}")
    if run.state in TERMINAL:
        raise AlreadyFinished(run.state)
    seconds = 0.0
    if run.state == "running":
        seconds = (now - run.started_at) / SECOND
        close_attempt(connection, run_id, run.fence, "cancelled", "", now)
    return end(connection, run, Ending("cancelled", seconds), now), run.worker


def expire(connection: Connection, now: int) -> Change:
    """Ends the queued runs whose time to live is over."""
    query = (
        select(runs).where(QUEUED, runs.c.expires_at <= now).order_by(runs.c.number).limit(EXPIRED_AT_ONCE)
    )
    late = connection.execute(query.with_for_update(skip_locked=True)).all()
    error = problem("TTL_EXPIRED", "The run waited longer than its ttl allows.")
    return merge(end(connection, run, Ending("timed_out", error=error), now) for run in late)


def end(connection: Connection, run: Row[Any], ending: Ending, now: int) -> Change:
    """What every end has in common: the row, outputs, money, events, webhooks, and those who wait for the same."""
    if run.cache_key:
        lock(connection, f"answer {run.project} {run.cache_key}")
    seconds = (run.seconds or 0.0) + counted(ending.seconds, run)
    paid = cost(seconds, run.price)
    connection.execute(
        _END,
        {
            "run": run.id,
            "state": ending.state,
            "completed_at": now,
            "started_at": run.started_at or (now if ending.cached else None),
            "seconds": seconds,
            "cost": paid,
            "cached": ending.cached,
            "fence": run.fence + 1,
            "sequence": run.sequence + len(ending.artifacts) + 1,
            "error": ending.error,
            "timings": dict(ending.timings),
        },
    )
    if run.budgets or run.reserved or paid:
        budgets.settle(connection, run, paid, seconds, now)
    told = _publish(connection, run, ending.artifacts, now)
    data = {
        "workflow_id": run.deployment,
        "status": ending.state,
        "execution_time": seconds,
        "cost": paid / 1e6,
    }
    if ending.error:
        data["error"] = ending.error
    told.append(events.append(connection, run.id, run.sequence + len(told) + 1, ending.state, data, now))
    if run.webhooks:
        kind = "failed" if ending.state == "timed_out" else ending.state
        outbox.enqueue(connection, run, f"run.{kind}", {"run_id": run.id, **data}, now)
    followed = _release_followers(connection, run, ending, now) if run.cache_key else Change()
    return Change((*told, *followed.events), followed.wake)


def answer_from(
    connection: Connection, run_ids: Sequence[str], artifacts: Sequence[Artifact], now: int
) -> list[Event]:
    """Completes queued runs at no cost with what an identical run gave."""
    query = select(runs).where(runs.c.id.in_(run_ids)).order_by(runs.c.number).with_for_update()
    waiting = connection.execute(query).all()
    ending = Ending("completed", artifacts=tuple(artifacts), cached=True)
    return [event for run in waiting for event in end(connection, run, ending, now).events]


def counted(seconds: float, run: Row[Any]) -> float:
    """What an attempt counts for: a worker that died, or was slow to stop, costs nobody more than was reserved.

    Nor does it cost less than nothing, where the one who noticed had looked at the clock before the attempt began and
    then waited for the database.
    """
    return min(max(seconds, 0.0), float(run.timeout))


def held(connection: Connection, run_id: str, fence: int) -> Row[Any]:
    """The row of a run that is running under this fence. Raises LeaseLost."""
    run = connection.execute(_HELD, {"run": run_id, "under": fence}).one_or_none()
    if run is None:
        raise LeaseLost(f"run {run_id} is not held under fence {fence} any more")
    return run


def close_attempt(connection: Connection, run_id: str, fence: int, exit_: str, log: str, now: int) -> None:
    """Notes how an attempt ended, with its log."""
    named = {"run": run_id, "under": fence}
    connection.execute(_CLOSE, {**named, "ended_at": now, "exit": exit_, "log": log})


def artifacts_of(rows: Iterable[Row[Any]]) -> list[Artifact]:
    """The artifacts that stored outputs were made of."""
    return [
        Artifact(
            row.node_id,
            row.object,
            PurePosixPath(row.filename).suffix,
            row.content_type,
            row.size,
            row.metadata,
        )
        for row in rows
    ]


def merge(changes: Iterable[Change]) -> Change:
    """One change for several."""
    parts = list(changes)
    return Change(tuple(event for part in parts for event in part.events), any(part.wake for part in parts))


def problem(code: str, message: str, **details: Any) -> dict[str, Any]:
    """A run's error in the wire's shape."""
    return {"code": code, "message": message, "details": details}


def _publish(connection: Connection, run: Row[Any], artifacts: Sequence[Artifact], now: int) -> list[Event]:
    rows = name_outputs(run.id, run.output_names, artifacts)
    if rows:
        connection.execute(_OUTPUTS, rows)
    return [
        events.append(
            connection,
            run.id,
            run.sequence + position + 1,
            "output",
            {key: row[key] for key in ("filename", "content_type", "size", "node_id", "metadata")},
            now,
        )
        for position, row in enumerate(rows)
    ]


def name_outputs(
    run_id: str, names: Mapping[str, str], artifacts: Sequence[Artifact]
) -> list[dict[str, Any]]:
    """Rows of run_outputs: the first file of a node has the allocated name, the others add _2, _3."""
    seen: dict[str, int] = {}
    rows = []
    for position, artifact in enumerate(artifacts):
        count = seen[artifact.node_id] = seen.get(artifact.node_id, 0) + 1
        stem = names.get(artifact.node_id, f"node_{artifact.node_id}") + (f"_{count}" if count > 1 else "")
        rows.append(
            {
                "run_id": run_id,
                "position": position,
                "node_id": artifact.node_id,
                "stem": stem,
                "filename": stem + artifact.extension,
                "object": artifact.object,
                "content_type": artifact.content_type,
                "size": artifact.size,
                "metadata": dict(artifact.metadata),
            }
        )
    return rows


def _release_followers(connection: Connection, run: Row[Any], ending: Ending, now: int) -> Change:
    """Those who waited for the same answer get it; where there is none, the first of them computes it."""
    following = (runs.c.leader == run.id) & QUEUED
    query = select(runs.c.id).where(following).order_by(runs.c.number).with_for_update()
    waiting = connection.execute(query).scalars().all()
    if not waiting:
        return Change()
    if ending.state == "completed":
        return Change(tuple(answer_from(connection, waiting, ending.artifacts, now)))
    first, *others = waiting
    connection.execute(update(runs).where(runs.c.id == first).values(leader=None))
    if others:
        connection.execute(update(runs).where(runs.c.id.in_(others)).values(leader=first))
    return Change(wake=True)
