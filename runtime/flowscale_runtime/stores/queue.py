"""The runs table as the queue: claim under a lease, renew, give back."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, func, insert, select, update

from flowscale_runtime.stores import events
from flowscale_runtime.stores.outcomes import Ending, close_attempt, end, held, merge, problem
from flowscale_runtime.stores.tables import CLAIMABLE, QUEUED, RUNNING, attempts, runs
from flowscale_runtime.stores.values import SECOND, Change, Claimed

SPARE = 8  # candidates beyond what is wanted: some belong to deployments that are full by then
_NEEDED = [
    runs.c[name]
    for name in (
        *("id", "fence", "deployment", "release", "environment", "inputs", "timeout", "memory"),
        *("concurrency", "tries_left", "sequence"),
    )
]

# Built once: building a statement costs more than running it.
_COUNTS = (
    select(runs.c.deployment, func.count(), func.min(runs.c.concurrency))
    .where(RUNNING)
    .group_by(runs.c.deployment)
)
_CANDIDATES = (
    select(*_NEEDED)
    .where(
        CLAIMABLE,
        runs.c.available_at <= bindparam("now"),
        runs.c.environment.in_(bindparam("environments", expanding=True)),
        runs.c.deployment.not_in(bindparam("full", expanding=True)),
    )
    .order_by(runs.c.priority.desc(), runs.c.number)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_TAKEN = ("fence", "worker", "started_at", "tries_left", "sequence", "lease_until")
_TAKE = (
    update(runs)
    .where(runs.c.id == bindparam("run"))
    .values({name: bindparam(name) for name in _TAKEN} | {"state": "running"})
)
_ATTEMPT = insert(attempts)


def claim(
    connection: Connection, worker: str, capacity: Mapping[str, int], total: int, lease: int, now: int
) -> list[Claimed]:
    """Takes runs for free instances, the highest priority and oldest first.

    Args:
        capacity: free instances by environment.
        total: free instances in all.
        lease: microseconds until the run counts as abandoned, unless renewed.
    """
    free = {environment: count for environment, count in capacity.items() if count > 0}
    if not free or total <= 0:
        return []
    running = _running(connection)
    taken = []
    for run in _candidates(connection, list(free), running, total, now):
        if not free[run.environment] or _is_full(run, running):
            continue
        free[run.environment] -= 1
        running[run.deployment] = (running.get(run.deployment, (0, None))[0] + 1, run.concurrency)
        taken.append(_take(connection, run, worker, lease, now))
        if len(taken) == total or not any(free.values()):
            break
    return taken


def renew(connection: Connection, held_runs: Sequence[tuple[str, int]], until: int) -> list[str]:
    """Extends leases; answers with the runs that the caller has lost."""
    lost = []
    for run_id, fence in held_runs:
        done = connection.execute(
            update(runs).where(runs.c.id == run_id, runs.c.fence == fence, RUNNING).values(lease_until=until)
        )
        if not done.rowcount:
            lost.append(run_id)
    return lost


def give_back(
    connection: Connection, run_id: str, fence: int, reason: str, log: str, delay: int, now: int
) -> Change:
    """An attempt died: the run is queued again, or fails where no tries are left. Raises LeaseLost."""
    run = held(connection, run_id, fence)
    return _back(connection, run, reason, log, delay, now)


def recover(connection: Connection, now: int, *, everything: bool = False) -> Change:
    """Gives back the runs whose lease has run out (`everything`: whoever held a lease is known to be dead)."""
    query = select(runs).where(RUNNING)
    if not everything:
        query = query.where(runs.c.lease_until <= now)
    stale = connection.execute(query.order_by(runs.c.number).with_for_update(skip_locked=True)).all()
    return merge(_back(connection, run, "its worker died", "", 0, now) for run in stale)


def demand(connection: Connection) -> dict[str, dict[str, int]]:
    """Queued and running runs by deployment."""
    query = (
        select(runs.c.deployment, runs.c.state, func.count())
        .where(runs.c.state.in_(("queued", "running")))
        .group_by(runs.c.deployment, runs.c.state)
    )
    counts: dict[str, dict[str, int]] = {}
    for deployment, state, count in connection.execute(query):
        counts.setdefault(deployment, {"queued": 0, "running": 0})[state] = count
    return counts


def next_available(connection: Connection, now: int) -> int | None:
    """When the next delayed or expiring run wants attention, in microseconds."""
    soonest = select(func.min(runs.c.available_at)).where(QUEUED, runs.c.available_at > now)
    expiring = select(func.min(runs.c.expires_at)).where(QUEUED)
    times = [connection.execute(query).scalar() for query in (soonest, expiring)]
    return min((time for time in times if time is not None), default=None)


def _running(connection: Connection) -> dict[str, tuple[int, int | None]]:
    return {deployment: (count, limit) for deployment, count, limit in connection.execute(_COUNTS)}


def _candidates(
    connection: Connection,
    environments: list[str],
    running: Mapping[str, tuple[int, int | None]],
    wanted: int,
    now: int,
) -> Sequence[Row[Any]]:
    full = [name for name, (count, limit) in running.items() if limit is not None and count >= limit]
    asked = {"environments": environments, "full": full, "now": now, "most": wanted + SPARE}
    return connection.execute(_CANDIDATES, asked).all()


def _is_full(run: Row[Any], running: Mapping[str, tuple[int, int | None]]) -> bool:
    return run.concurrency is not None and running.get(run.deployment, (0, None))[0] >= run.concurrency


def _take(connection: Connection, run: Row[Any], worker: str, lease: int, now: int) -> Claimed:
    fence = run.fence + 1
    taken = {"run": run.id, "fence": fence, "worker": worker, "started_at": now}
    rest = {"tries_left": run.tries_left - 1, "sequence": run.sequence + 1}
    connection.execute(_TAKE, {**taken, **rest, "lease_until": now + lease})
    attempt = {"run_id": run.id, "fence": fence, "worker": worker, "started_at": now}
    connection.execute(_ATTEMPT, attempt)
    started = events.append(connection, run.id, run.sequence + 1, "started", {"attempt": fence}, now)
    return Claimed(
        run.id,
        fence,
        run.deployment,
        run.release,
        run.environment,
        run.inputs,
        run.timeout,
        run.memory,
        run.tries_left - 1,
        (started,),
    )


def _back(connection: Connection, run: Row[Any], reason: str, log: str, delay: int, now: int) -> Change:
    close_attempt(connection, run.id, run.fence, reason, log, now)
    seconds = (now - run.started_at) / SECOND
    if run.tries_left <= 0:
        error = problem("WORKER_LOST", f"The run was tried {run.fence} times, and each time {reason}.")
        return end(connection, run, Ending("failed", seconds, error=error), now)
    connection.execute(
        update(runs)
        .where(runs.c.id == run.id)
        .values(
            state="queued",
            worker=None,
            lease_until=None,
            started_at=None,
            available_at=now + delay,
            fence=run.fence + 1,
            seconds=(run.seconds or 0.0) + seconds,
            sequence=run.sequence + 1,
        )
    )
    told = events.append(connection, run.id, run.sequence + 1, "queued", {"reason": reason}, now)
    return Change((told,), wake=True)
