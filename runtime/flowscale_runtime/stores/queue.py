"""The runs table as the queue: claim under a lease, renew, give back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from flowscale_runtime.stores import events, lanes
from flowscale_runtime.stores.outcomes import Ending, close_attempt, counted, end, held, merge, problem
from flowscale_runtime.stores.tables import DELAYED, QUEUED, RUNNING, attempts, runs
from flowscale_runtime.stores.turns import Waiting, attempt, draw, favourite
from flowscale_runtime.stores.values import SECOND, Change, Claimed

# Built once: building a statement costs more than running it.
_TAKEN = ("fence", "worker", "started_at", "tries_left", "sequence", "lease_until")
_TAKE = (
    update(runs)
    .where(runs.c.id == bindparam("run"))
    .values({name: bindparam(name) for name in _TAKEN} | {"state": "running"})
)
_ATTEMPT = insert(attempts)
_RENEW = (
    update(runs)
    .where(runs.c.id == bindparam("run"), runs.c.fence == bindparam("under"), RUNNING)
    .values(lease_until=bindparam("until"))
)
_RIPEN = update(runs).where(DELAYED, runs.c.delayed_until <= bindparam("now")).values(delayed_until=None)


@dataclass(frozen=True, slots=True)
class Leaning:
    """What a worker prefers. `warm` names releases that it has loaded, `deployment` is the only one that it serves,
    `by_turn` asks for the run that waits the longest in fairness, whatever its priority."""

    warm: Collection[str] = ()
    deployment: str | None = None
    by_turn: bool = False


NEUTRAL = Leaning()


def claim(
    connection: Connection,
    worker: str,
    capacity: Mapping[str, int],
    total: int,
    lease: int,
    now: int,
    leaning: Leaning = NEUTRAL,
) -> list[Claimed]:
    """Takes runs for free instances: the highest priority first, then whose turn it is.

    Args:
        capacity: free instances by environment.
        total: free instances in all.
        lease: microseconds until the run counts as abandoned, unless renewed.
    """
    free = {environment: count for environment, count in capacity.items() if count > 0}
    if not free or total <= 0:
        return []
    rows = _patient(connection, free, now) if leaning.by_turn else []
    if not rows:
        rows = _rows(connection, free, total, leaning, now)
    return [_take(connection, run, worker, lease, now) for run in rows]


def ripen(connection: Connection, now: int) -> bool:
    """Lets delayed runs be claimed whose time has come; answers whether there were any."""
    return bool(connection.execute(_RIPEN, {"now": now}).rowcount)


def renew(connection: Connection, held_runs: Sequence[tuple[str, int]], until: int) -> list[str]:
    """Extends leases; answers with the runs that the caller has lost."""
    lost = []
    for run_id, fence in sorted(held_runs):
        if not connection.execute(_RENEW, {"run": run_id, "under": fence, "until": until}).rowcount:
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
    ripening = select(func.min(runs.c.delayed_until)).where(DELAYED)
    expiring = select(func.min(runs.c.expires_at)).where(QUEUED, runs.c.expires_at.is_not(None))
    times = [connection.execute(query).scalar() for query in (ripening, expiring)]
    return min((time for time in times if time is not None), default=None)


def _rows(
    connection: Connection, free: Mapping[str, int], total: int, leaning: Leaning, now: int
) -> list[Row[Any]]:
    """Locked rows of the runs to take; lanes that somebody else empties meanwhile are made up for by others."""
    waiting = sorted(_heads(connection, free, leaning, now), key=lambda run: run.rank)
    left, rows = dict(free), list[Row[Any]]()
    while waiting and len(rows) < total and any(left.values()):
        some, waiting = waiting[:total], waiting[total:]
        for row in _from(connection, some, left, total - len(rows), leaning, now):
            left[row.environment] -= 1
            rows.append(row)
    return rows


def _heads(connection: Connection, free: Mapping[str, int], leaning: Leaning, now: int) -> list[Waiting]:
    if leaning.deployment is None:
        return [run for environment in free for run in lanes.heads(connection, environment, now)]
    only = leaning.deployment
    return [run for environment in free for run in lanes.head(connection, environment, only, now)]


def _from(
    connection: Connection,
    some: list[Waiting],
    free: Mapping[str, int],
    total: int,
    leaning: Leaning,
    now: int,
) -> list[Row[Any]]:
    """Locked rows from these lanes, in the order in which they should start."""
    rooms = lanes.rooms(connection, some)
    if total == 1 and leaning.warm and not rooms:
        liked = favourite(lanes.reach(connection, some[0].lane, now), leaning.warm, now)
        if liked and (rows := lanes.take_one(connection, liked.number)):
            return list(rows)
    several = total > 1 and len(some) > 1
    waiting = (
        [run for one in some for run in lanes.front(connection, one.lane, total, now)]
        if several
        else (some * total)
    )
    drawn = draw(waiting, free, rooms, total)
    return [row for lane, count in drawn.items() for row in lanes.take(connection, lane, count, now)]


def _patient(connection: Connection, free: Mapping[str, int], now: int) -> list[Row[Any]]:
    """The run that waits the longest in fairness, if it may start."""
    waiting = [run for environment in free for run in lanes.longest(connection, environment, now)]
    for run in sorted(waiting, key=lambda run: run.turn):
        if draw([run], free, lanes.rooms(connection, [run]), 1):
            return list(lanes.take_one(connection, run.number))
    return []


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
        run.created_at,
        run.traceparent,
    )


def _back(connection: Connection, run: Row[Any], reason: str, log: str, delay: int, now: int) -> Change:
    close_attempt(connection, run.id, run.fence, reason, log, now)
    seconds = (now - run.started_at) / SECOND
    if run.tries_left <= 0:
        error = problem(
            "WORKER_LOST", f"The run was tried {attempt(run.fence)} times, and each time {reason}."
        )
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
            delayed_until=now + delay if delay else None,
            fence=run.fence + 1,
            seconds=(run.seconds or 0.0) + counted(seconds, run),
            sequence=run.sequence + 1,
        )
    )
    data = {"reason": reason, "deployment": run.deployment}
    told = events.append(connection, run.id, run.sequence + 1, "queued", data, now)
    return Change((told,), wake=True)
