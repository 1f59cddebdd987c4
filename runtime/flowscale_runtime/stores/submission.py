"""Admitting a run: idempotency, queue limit, cache, budget and the row itself, in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, delete, insert, select

from flowscale_runtime.stores import budgets, events, lanes, outcomes
from flowscale_runtime.stores.errors import KeyReused, QueueFull
from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import QUEUED, RUNNING, batches, idempotency, run_outputs, runs
from flowscale_runtime.stores.values import Artifact, NewRun, Submitted, cost

# Built once: building a statement costs more than running it.
_INSERT = insert(runs)
NEAR = 256
"""What sixteen gateways write at once: so far below its limit single submissions can't pass it together."""
_IS_EARLIER = (
    (idempotency.c.project == bindparam("of"))
    & (idempotency.c.caller == bindparam("by"))
    & (idempotency.c.key == bindparam("named"))
)
_EARLIER = select(idempotency).where(_IS_EARLIER)
_FORGET = delete(idempotency).where(_IS_EARLIER)
_KEEP = insert(idempotency)
_SAME = (runs.c.cache_key == bindparam("cache_key")) & (runs.c.project == bindparam("of"))
_FRESH = (
    select(runs.c.id)
    .where(_SAME, runs.c.state == "completed", runs.c.completed_at >= bindparam("since"))
    .order_by(runs.c.number.desc())
    .limit(1)
)
_LEADER = select(runs.c.id).where(_SAME, QUEUED | RUNNING, runs.c.leader.is_(None)).limit(1)
_NTH_WAITING = (
    select(runs.c.number)
    .where(QUEUED, runs.c.deployment == bindparam("deployment"), runs.c.project == bindparam("of"))
    .limit(1)
    .offset(bindparam("nth", type_=Integer))
)


def submit(connection: Connection, run: NewRun, now: int) -> Submitted:
    """Admits a run, or answers with the run that the same request made before.

    Raises QueueFull, BudgetExceeded or KeyReused; nothing is written then.
    """
    if run.idempotency and (earlier := _earlier(connection, run, now)):
        return earlier
    if run.cache:
        lock(connection, f"answer {run.project} {run.cache.key}")
    answer = _fresh_answer(connection, run)
    leader = None if answer else _leader(connection, run)
    if not answer and not leader and run.queue_limit is not None:
        _check_queue(connection, run, run.queue_limit)
    reserved = 0 if answer else cost(run.timeout, run.price) * run.tries
    charged = budgets.reserve(connection, run.budgets, reserved) if run.budgets and not answer else []
    number = _insert(connection, run, leader, reserved, charged, now)
    told = [
        events.append(
            connection, run.id, 1, "queued", {"deployment": run.deployment, "version": run.version}, now
        )
    ]
    if answer:
        told += outcomes.answer_from(connection, [run.id], _artifacts(connection, answer), now)
    return Submitted(
        run.id, number, "completed" if answer else "queued", run.output_names, False, tuple(told)
    )


def submit_batch(
    connection: Connection, batch: Mapping[str, Any], members: list[NewRun], now: int
) -> list[Submitted]:
    """Admits all runs of a batch, or none; answers with the runs of the batch that the same key made before."""
    if members[0].queue_limit is not None:
        lock(connection, _queue(members[0]))
    submitted = [submit(connection, run, now) for run in members]
    if not submitted[0].replayed:
        connection.execute(insert(batches).values(**batch, created_at=now))
    return submitted


def _earlier(connection: Connection, run: NewRun, now: int) -> Submitted | None:
    """The run that this idempotency key made, or None after keeping the key for this one."""
    terms = run.idempotency
    assert terms
    named = {"of": run.project, "by": run.key_id or "", "named": terms.key}
    row = connection.execute(_EARLIER, named).one_or_none()
    if row and row.expires_at > now:
        if row.body != terms.body:
            raise KeyReused(f"idempotency key {terms.key!r} was used for another request")
        earlier = connection.execute(select(runs).where(runs.c.id == row.run_id)).one()
        return Submitted(earlier.id, earlier.number, earlier.state, earlier.output_names, replayed=True)
    if row:
        connection.execute(_FORGET, named)
    kept = {"project": run.project, "caller": run.key_id or "", "key": terms.key, "body": terms.body}
    connection.execute(_KEEP, {**kept, "run_id": run.id, "expires_at": terms.expires_at})
    return None


def _fresh_answer(connection: Connection, run: NewRun) -> str | None:
    """The newest completed run with the same answer, if one is fresh enough."""
    if not run.cache:
        return None
    wanted = {"cache_key": run.cache.key, "of": run.project, "since": run.cache.since}
    return connection.execute(_FRESH, wanted).scalar()


def _leader(connection: Connection, run: NewRun) -> str | None:
    """A run that computes the same answer right now."""
    if not run.cache:
        return None
    return connection.execute(_LEADER, {"cache_key": run.cache.key, "of": run.project}).scalar()


def _check_queue(connection: Connection, run: NewRun, limit: int) -> None:
    """Looks no further than the limit, however long the queue is. Near it, one submission at a time."""

    def waiting(number: int) -> bool:
        nth = {"of": run.project, "deployment": run.deployment, "nth": number - 1}
        return number <= 0 or connection.execute(_NTH_WAITING, nth).scalar() is not None

    if waiting(limit - NEAR):
        lock(connection, _queue(run))
        if waiting(limit):
            raise QueueFull(limit)


def _queue(run: NewRun) -> str:
    return f"queue {run.project} {run.deployment}"


def _insert(
    connection: Connection,
    run: NewRun,
    leader: str | None,
    reserved: int,
    charged: Sequence[tuple[str, int]],
    now: int,
) -> int:
    flow = f"{run.project}/{run.key_id or ''}"
    row = {
        "id": run.id,
        "project": run.project,
        "team": run.team,
        "deployment": run.deployment,
        "workflow": run.workflow,
        "version": run.version,
        "release": run.release,
        "environment": run.environment,
        "key_id": run.key_id,
        "group_id": run.group_id,
        "batch_id": run.batch_id,
        "retry_of": run.retry_of,
        "copy_of": run.copy_of,
        "traceparent": run.traceparent,
        "tags": run.tags,
        "priority": run.priority,
        "inputs": run.inputs,
        "output_names": dict(run.output_names),
        "suffix": run.suffix,
        "webhooks": list(run.webhooks),
        "cache_key": run.cache.key if run.cache else None,
        "timeout": run.timeout,
        "memory": run.memory,
        "concurrency": run.concurrency,
        "gpu": run.gpu,
        "price": run.price,
        "budgets": list(charged),
        "reserved": reserved,
        "created_at": now,
        "expires_at": run.expires_at,
        "state": "queued",
        "leader": leader,
        "available_at": now,
        "tries_left": run.tries,
        "sequence": 1,
        "flow": flow,
        "turn": lanes.turn(connection, run.environment, flow, run.weight),
    }
    number = connection.execute(_INSERT, row).inserted_primary_key
    assert number
    if reserved:
        budgets.book_reservation(connection, run, reserved, now)
    return int(number[0])


def _artifacts(connection: Connection, run_id: str) -> list[Artifact]:
    return outcomes.artifacts_of(
        connection.execute(
            select(run_outputs).where(run_outputs.c.run_id == run_id).order_by(run_outputs.c.position)
        ).all()
    )
