"""Who changed what: entries written in the transaction of the change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Row, func, insert, select

from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import audit

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A change: by whom (a key's id), what, to what. Never holds a secret."""

    project: str
    actor: str
    action: str
    resource: str
    at: int
    details: Mapping[str, Any] | None = None


def recorded(
    connection: Connection,
    entry: Entry,
    operation: Callable[Concatenate[Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Runs an operation and writes down that it was done; where it raises, neither happens."""
    result = operation(connection, *args, **kwargs)
    record(connection, entry)
    return result


def record(connection: Connection, entry: Entry) -> None:
    """Writes one entry; one transaction at a time, so that ids grow in the order of commits."""
    lock(connection, "audit")
    connection.execute(
        insert(audit).values(
            at=entry.at,
            project=entry.project,
            actor=entry.actor,
            action=entry.action,
            resource=entry.resource,
            details=dict(entry.details) if entry.details else None,
        )
    )


def page(
    connection: Connection, project: str, wanted: Mapping[str, str], offset: int, limit: int
) -> tuple[list[Row[Any]], int]:
    """Entries of a tenant, the newest first, where the columns of `wanted` have these values; and how many there are."""
    where = [audit.c.project == project, *(audit.c[name] == value for name, value in wanted.items())]
    query = select(audit).where(*where).order_by(audit.c.id.desc())
    total = connection.execute(select(func.count()).select_from(audit).where(*where)).scalar_one()
    return list(connection.execute(query.offset(offset).limit(limit))), total


def following(connection: Connection, project: str, after: int, limit: int) -> list[Row[Any]]:
    """Entries of a tenant in the order in which they were written, after the one with this id."""
    where = (audit.c.project == project, audit.c.id > after)
    return list(connection.execute(select(audit).where(*where).order_by(audit.c.id).limit(limit)))
