"""Webhooks that wait for delivery: written in the transaction of what they tell, delivered at least once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import uuid_utils
from sqlalchemy import Connection, Row, func, insert, select, update

from flowscale_runtime.stores.errors import NotFound
from flowscale_runtime.stores.tables import encode, outbox
from flowscale_runtime.stores.values import SECOND

STATES = ("pending", "delivered", "dead")
FIRST_DELAY, LONGEST_DELAY, TRIES = 5 * SECOND, 3600 * SECOND, 12


def enqueue(connection: Connection, run: Row[Any], kind: str, data: Mapping[str, Any], now: int) -> None:
    """One delivery for each endpoint of the run that subscribes to this type of event."""
    of = {"run_id": run.id, "traceparent": run.traceparent}
    announce(connection, run.project, run.webhooks, kind, data, now, **of)


def announce(
    connection: Connection,
    project: str,
    endpoints: Sequence[Mapping[str, Any]],
    kind: str,
    data: Mapping[str, Any],
    now: int,
    *,
    run_id: str | None = None,
    traceparent: str | None = None,
) -> None:
    """One delivery for each endpoint that subscribes to this type of event."""
    rows = [
        {
            "id": f"msg_{uuid_utils.uuid7().hex}",
            "project": project,
            "run_id": run_id,
            "traceparent": traceparent,
            "event_type": kind,
            "url": endpoint["url"],
            "secret": endpoint.get("secret"),
            "body": encode({"event_type": kind, "data": data, "timestamp": now / SECOND}),
            "state": "pending",
            "next_at": now,
            "created_at": now,
        }
        for endpoint in endpoints
        if kind in endpoint.get("events", (kind,))
    ]
    if rows:
        connection.execute(insert(outbox), rows)


def take(
    connection: Connection, now: int, lease: int, flying: Mapping[str, int], room: int, each: int
) -> list[Row[Any]]:
    """Deliveries whose time has come, the oldest first: at most `room`, and at most `each` to one URL with those that
    fly already.

    For `lease` microseconds nobody else gets them: after that, whoever took them has died.
    """
    at, chosen = Counter(flying), list[Row[Any]]()
    for row in due(connection, now, 2 * room, [url for url, count in flying.items() if count >= each]):
        if len(chosen) < room and at[row.url] < each:
            at[row.url] += 1
            chosen.append(row)
    if chosen:
        _move(connection, [row.id for row in chosen], now + lease)
    return chosen


def put_back(connection: Connection, messages: Sequence[str], now: int) -> None:
    """Lets others have deliveries that were taken and not made."""
    _move(connection, messages, now)


def due(connection: Connection, now: int, limit: int = 32, busy: Collection[str] = ()) -> list[Row[Any]]:
    """Deliveries whose time has come, locked for this transaction."""
    query = select(outbox).where(outbox.c.state == "pending", outbox.c.next_at <= now)
    if busy:
        query = query.where(outbox.c.url.not_in(busy))
    query = query.order_by(outbox.c.next_at).limit(limit).with_for_update(skip_locked=True)
    return list(connection.execute(query))


def _move(connection: Connection, messages: Sequence[str], at: int) -> None:
    pending = (outbox.c.state == "pending") & outbox.c.id.in_(messages)
    connection.execute(update(outbox).where(pending).values(next_at=at))


def next_due(connection: Connection, after: int = 0) -> int | None:
    """When the next delivery after a moment is due, in microseconds."""
    query = select(outbox.c.next_at).where(outbox.c.state == "pending", outbox.c.next_at > after)
    return connection.execute(query.order_by(outbox.c.next_at).limit(1)).scalar()


def delivered(connection: Connection, message: str, now: int) -> None:
    """The endpoint took it."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id == message)
        .values(state="delivered", delivered_at=now, tries=outbox.c.tries + 1, last_error=None)
    )


def failed(connection: Connection, message: str, tries: int, error: str, delay: int, now: int) -> None:
    """The endpoint didn't take it: again after `delay` microseconds, or among the dead letters."""
    state = "dead" if tries >= TRIES else "pending"
    connection.execute(
        update(outbox)
        .where(outbox.c.id == message)
        .values(state=state, tries=tries, next_at=now + delay, last_error=error[:500])
    )


def deliveries(connection: Connection, project: str, state: str | None, limit: int = 100) -> list[Row[Any]]:
    """A tenant's deliveries, the newest first."""
    query = select(outbox).where(outbox.c.project == project)
    if state:
        query = query.where(outbox.c.state == state)
    return list(connection.execute(query.order_by(outbox.c.created_at.desc()).limit(limit)))


def replay(connection: Connection, project: str, message: str, now: int) -> None:
    """Sends a delivery again, whatever became of it."""
    done = connection.execute(
        update(outbox)
        .where(outbox.c.id == message, outbox.c.project == project)
        .values(state="pending", tries=0, next_at=now)
    )
    if not done.rowcount:
        raise NotFound(f"no delivery {message}")


def replay_dead(connection: Connection, project: str, now: int) -> int:
    """Sends all dead letters of a tenant again; answers with how many."""
    done = connection.execute(
        update(outbox)
        .where(outbox.c.state == "dead", outbox.c.project == project)
        .values(state="pending", tries=0, next_at=now)
    )
    return done.rowcount


def counts(connection: Connection, project: str) -> dict[str, int]:
    """A tenant's deliveries by state."""
    query = select(outbox.c.state, func.count()).where(outbox.c.project == project).group_by(outbox.c.state)
    found = {row[0]: row[1] for row in connection.execute(query)}
    return {state: found.get(state, 0) for state in STATES}
