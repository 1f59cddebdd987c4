"""The lanes of the queue in the database: their heads, and runs taken from them.

Every statement here walks an index from its front, so that none takes longer where more runs wait.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, func, select, text

from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import CLAIMABLE, QUEUED, RUNNING, runs
from flowscale_runtime.stores.turns import REACH, Waiting, next_turn

_NEEDED = [
    runs.c[name]
    for name in (
        *("id", "fence", "deployment", "release", "environment", "inputs", "timeout", "memory"),
        *("concurrency", "tries_left", "sequence", "number", "created_at", "traceparent"),
    )
]
_PLACE = [
    runs.c[name]
    for name in (
        *("environment", "deployment", "priority", "turn", "number"),
        *("release", "created_at", "concurrency"),
    )
]
_IN_TIME = runs.c.expires_at.is_(None) | (runs.c.expires_at > bindparam("now"))
_IN_LANE = (
    CLAIMABLE
    & (runs.c.environment == bindparam("environment"))
    & (runs.c.deployment == bindparam("deployment"))
)
_ORDER = (runs.c.priority.desc(), runs.c.turn, runs.c.number)

# Built once: building a statement costs more than running it.
_FRONT = select(*_PLACE).where(_IN_LANE, _IN_TIME).order_by(*_ORDER).limit(bindparam("most", type_=Integer))
_TAKE = (
    select(*_NEEDED)
    .where(_IN_LANE, _IN_TIME)
    .order_by(*_ORDER)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_TAKE_ONE = (
    select(*_NEEDED).where(CLAIMABLE, runs.c.number == bindparam("number")).with_for_update(skip_locked=True)
)
_LONGEST = (
    select(*_PLACE)
    .where(CLAIMABLE, runs.c.environment == bindparam("environment"), _IN_TIME)
    .order_by(runs.c.turn, runs.c.number)
    .limit(1)
)
_COUNT = select(func.count()).where(RUNNING, runs.c.deployment == bindparam("deployment"))
_TURNS = select(
    select(func.min(runs.c.turn))
    .where(CLAIMABLE, runs.c.environment == bindparam("environment"))
    .scalar_subquery(),
    select(func.max(runs.c.turn))
    .where(QUEUED, runs.c.environment == bindparam("environment"), runs.c.flow == bindparam("flow"))
    .scalar_subquery(),
)
# Jumps from one deployment to the next, whatever lies between.
_HEADS = text(
    """
    WITH RECURSIVE lane(deployment) AS (
        SELECT min(deployment) FROM runs
        WHERE state = 'queued' AND leader IS NULL AND delayed_until IS NULL AND environment = :environment
        UNION ALL
        SELECT (
            SELECT min(next.deployment) FROM runs AS next
            WHERE next.state = 'queued' AND next.leader IS NULL AND next.delayed_until IS NULL
            AND next.environment = :environment AND next.deployment > lane.deployment
        ) FROM lane WHERE lane.deployment IS NOT NULL
    )
    SELECT head.environment, head.deployment, head.priority, head.turn, head.number,
           head.release, head.created_at, head.concurrency
    FROM lane JOIN runs AS head ON head.number = (
        SELECT first.number FROM runs AS first
        WHERE first.state = 'queued' AND first.leader IS NULL AND first.delayed_until IS NULL
        AND first.environment = :environment AND first.deployment = lane.deployment
        AND (first.expires_at IS NULL OR first.expires_at > :now)
        ORDER BY first.priority DESC, first.turn, first.number LIMIT 1
    )
    """
)


def heads(connection: Connection, environment: str, now: int) -> list[Waiting]:
    """The next run of every lane of an environment."""
    found = connection.execute(_HEADS, {"environment": environment, "now": now})
    return [Waiting(*row) for row in found]


def head(connection: Connection, environment: str, deployment: str, now: int) -> list[Waiting]:
    """The next run of one lane, if any."""
    return front(connection, (environment, deployment), 1, now)


def longest(connection: Connection, environment: str, now: int) -> list[Waiting]:
    """The run of an environment whose turn it would be if there were no priorities, if any waits."""
    found = connection.execute(_LONGEST, {"environment": environment, "now": now})
    return [Waiting(*row) for row in found]


def front(connection: Connection, lane: tuple[str, str], most: int, now: int) -> list[Waiting]:
    """The first runs of a lane."""
    asked = {"environment": lane[0], "deployment": lane[1], "most": most, "now": now}
    return [Waiting(*row) for row in connection.execute(_FRONT, asked)]


def reach(connection: Connection, lane: tuple[str, str], now: int) -> list[Waiting]:
    """The runs of a lane that may be taken before the first one."""
    return front(connection, lane, REACH, now)


def take(connection: Connection, lane: tuple[str, str], most: int, now: int) -> Sequence[Row[Any]]:
    """The first runs of a lane that nobody else is taking, locked for this transaction."""
    asked = {"environment": lane[0], "deployment": lane[1], "most": most, "now": now}
    return connection.execute(_TAKE, asked).all()


def take_one(connection: Connection, number: int) -> Sequence[Row[Any]]:
    """This very run, locked for this transaction, unless somebody else took it."""
    return connection.execute(_TAKE_ONE, {"number": number}).all()


def rooms(connection: Connection, waiting: Sequence[Waiting]) -> dict[str, int]:
    """How many more runs the deployments that have a limit may run. Nobody else starts any until this ends."""
    limits = {run.deployment: run.concurrency for run in waiting if run.concurrency is not None}
    lock(connection, *(f"concurrency of {name}" for name in limits))
    return {
        name: limit - connection.execute(_COUNT, {"deployment": name}).scalar_one()
        for name, limit in limits.items()
    }


def turn(connection: Connection, environment: str, flow: str, weight: int) -> int:
    """The turn of a new run of a flow."""
    first, last = connection.execute(_TURNS, {"environment": environment, "flow": flow}).one()
    return next_turn(first, last, weight)
