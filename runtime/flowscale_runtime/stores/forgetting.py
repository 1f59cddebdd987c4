"""What is forgotten: records and files whose time is over, and all that belongs to somebody who asks for it.

Rows go at once. Files are named by their content, so others may refer to the same one: what lost a reference is
condemned, and deleted an hour later if nothing refers to it then and nobody has stored it again meanwhile.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Connection, delete, false, func, insert, not_, or_, select, update

from flowscale_runtime.stores import settings
from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import (
    assets,
    attempts,
    audit,
    commits,
    condemned,
    encode,
    events,
    feedback,
    files,
    holdings,
    idempotency,
    outbox,
    previews,
    rates,
    run_outputs,
    runs,
    seals,
)
from flowscale_runtime.stores.usage import tags_of
from flowscale_runtime.stores.values import SECOND, TERMINAL

STEP = 500  # runs, or objects, in one transaction
GRACE = 3600 * SECOND
AT_ONCE = 0
"""Condemned then, an object's grace is over as soon as somebody looks."""
MARKED = 600 * SECOND
"""How long the marks of writes are kept: longer than anybody waits for a server that is away."""
_MARK = "retention "
_INPUTS = f"{_MARK}inputs "
"""With a project's name behind it: until when the files of its ended runs were let go."""
OBJECT = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass(frozen=True, slots=True)
class Terms:
    """How long things are kept, in microseconds: files of callers and of runs, logs, records of runs, the audit log."""

    inputs: int
    outputs: int
    logs: int
    runs: int
    audit: int


@dataclass(frozen=True, slots=True)
class Whose:
    """What is to be erased: the runs of a key, of a group, or with a tag."""

    key: str | None = None
    group: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What was removed: records of runs, lines about them, and files that go within two hours unless others hold them."""

    runs: int = 0
    outputs: int = 0
    events: int = 0
    logs: int = 0
    feedback: int = 0
    webhooks: int = 0
    files: int = 0


def expire(connection: Connection, project: str, terms: Terms, now: int) -> bool:
    """Forgets a part of what is older than its terms; whether there may be more."""
    lock(connection, "retention")
    more = False
    for kind, forget in (("logs", _logs), ("inputs", _inputs), ("outputs", _outputs), ("runs", _remove)):
        found = _due(connection, project, kind, now - getattr(terms, kind))
        if found:
            forget(connection, found, now)
        more |= len(found) == STEP
    connection.execute(delete(idempotency).where(idempotency.c.expires_at <= now))
    connection.execute(delete(rates).where(rates.c.until <= now))
    connection.execute(delete(commits).where(commits.c.at <= now - MARKED))
    connection.execute(
        delete(outbox).where(outbox.c.project == project, outbox.c.delivered_at <= now - terms.logs)
    )
    unused = (holdings.c.project == project) & (holdings.c.at <= now - terms.inputs)
    condemn(connection, connection.execute(select(holdings.c.object).where(unused)).scalars().all(), now)
    connection.execute(delete(holdings).where(unused))
    old_files = (files.c.project == project) & (files.c.at <= now - terms.inputs)
    connection.execute(delete(files).where(old_files))
    sealed = select(func.coalesce(func.max(seals.c.last_id), 0)).scalar_subquery()
    old = (audit.c.project == project) & (audit.c.at <= now - terms.audit) & (audit.c.id <= sealed)
    connection.execute(delete(audit).where(old))
    return more


def erase(connection: Connection, project: str, whose: Whose) -> tuple[Erased, list[str]]:
    """Removes ended runs and all about them, uploads too; what they cost stays in the ledger.

    Answers with what was removed, and with the runs that haven't ended yet and so are still there.
    """
    lock(connection, "retention")
    mine = select(runs.c.id, runs.c.state, runs.c.tags).where(runs.c.project == project, *_meant(whose))
    found = [row for row in connection.execute(mine) if whose.tag is None or whose.tag in tags_of(row.tags)]
    ended = [row.id for row in found if row.state in TERMINAL]
    total = Erased()
    for start in range(0, len(ended), STEP):
        part = ended[start : start + STEP]
        uploads = _named_in(connection, runs.c.id.in_(part))
        total = _sum(total, _remove(connection, part, AT_ONCE))
        connection.execute(
            delete(holdings).where(holdings.c.project == project, holdings.c.object.in_(uploads))
        )
    return total, [row.id for row in found if row.state not in TERMINAL]


def condemn(connection: Connection, names: Iterable[str], now: int) -> None:
    """These objects lost a reference."""
    wanted = set(names)
    if not wanted:
        return
    known = select(condemned.c.object).where(condemned.c.object.in_(wanted))
    fresh = wanted - set(connection.execute(known).scalars())
    if fresh:
        connection.execute(insert(condemned), [{"object": name, "at": now} for name in sorted(fresh)])


def take(connection: Connection, now: int) -> tuple[list[str], list[str]]:
    """Objects whose grace is over: those that nothing refers to, and those that something does.

    Nobody else gets the same ones for another hour, so whoever takes them may die before they are settled.
    """
    lock(connection, "retention")
    query = (
        select(condemned.c.object).where(condemned.c.at <= now - GRACE).order_by(condemned.c.at).limit(STEP)
    )
    names = set(connection.execute(query).scalars())
    connection.execute(update(condemned).where(condemned.c.object.in_(names)).values(at=now))
    held = _referred(connection, names) if names else set()
    return sorted(names - held), sorted(held)


def settle(connection: Connection, names: Sequence[str]) -> None:
    """These objects are condemned no longer: deleted, or referred to."""
    connection.execute(delete(condemned).where(condemned.c.object.in_(names)))


def _due(connection: Connection, project: str, kind: str, until: int) -> list[str]:
    """The next runs whose logs, files or records are to go; where it stopped is remembered."""
    name = f"{_MARK}{kind} {project}"
    since = int(settings.value(connection, name) or 0)
    query = (
        select(runs.c.id, runs.c.completed_at)
        .where(runs.c.project == project, runs.c.completed_at > since, runs.c.completed_at <= until)
        .order_by(runs.c.completed_at)
        .limit(STEP)
    )
    rows = connection.execute(query).all()
    if rows and kind != "runs":  # records are gone afterwards, and need no mark
        last = rows[-1].completed_at
        settings.put(connection, name, str(last - 1 if len(rows) == STEP and last - 1 > since else last))
    return [row.id for row in rows]


def _logs(connection: Connection, ids: Sequence[str], now: int) -> None:
    connection.execute(update(attempts).where(attempts.c.run_id.in_(ids)).values(log=None, trace=None))


def _inputs(connection: Connection, ids: Sequence[str], now: int) -> None:
    condemn(connection, _named_in(connection, runs.c.id.in_(ids)), now)


def _outputs(connection: Connection, ids: Sequence[str], now: int) -> None:
    where = run_outputs.c.run_id.in_(ids)
    condemn(connection, connection.execute(select(run_outputs.c.object).where(where)).scalars(), now)
    connection.execute(delete(run_outputs).where(where))
    # Without its files a run answers nobody from the cache.
    connection.execute(update(runs).where(runs.c.id.in_(ids)).values(cache_key=None))


def _remove(connection: Connection, ids: Sequence[str], now: int) -> Erased:
    """Everything about these runs."""
    where = run_outputs.c.run_id.in_(ids)
    files = set(connection.execute(select(run_outputs.c.object).where(where)).scalars())
    files |= _named_in(connection, runs.c.id.in_(ids))
    condemn(connection, files, now)
    gone = {
        table.name: connection.execute(delete(table).where(table.c.run_id.in_(ids))).rowcount
        for table in (run_outputs, events, attempts, feedback, idempotency, outbox, previews)
    }
    return Erased(
        runs=connection.execute(delete(runs).where(runs.c.id.in_(ids))).rowcount,
        outputs=gone["run_outputs"],
        events=gone["events"],
        logs=gone["attempts"],
        feedback=gone["feedback"],
        webhooks=gone["outbox"],
        files=len(files),
    )


def _referred(connection: Connection, names: set[str]) -> set[str]:
    """Those of the names that something still refers to."""
    columns = (run_outputs.c.object, holdings.c.object, assets.c.object, seals.c.digest)
    found = {
        name
        for column in columns
        for name in connection.execute(select(column).where(column.in_(names))).scalars()
    }
    over = [
        (runs.c.project == name.removeprefix(_INPUTS)) & (runs.c.completed_at <= int(mark))
        for name, mark in settings.values(connection, _INPUTS).items()
    ]
    return found | (_named_in(connection, not_(or_(false(), *over)) | runs.c.completed_at.is_(None)) & names)


def _named_in(connection: Connection, where: ColumnElement[bool]) -> set[str]:
    """The objects that inputs of runs name."""
    query = select(runs.c.inputs).where(where).execution_options(yield_per=STEP)
    rows = connection.execute(query).scalars()
    return {name for value in rows for name in OBJECT.findall(encode(value))}


def _meant(whose: Whose) -> list[ColumnElement[bool]]:
    given = ((runs.c.key_id, whose.key), (runs.c.group_id, whose.group))
    return [column == value for column, value in given if value is not None]


def _sum(one: Erased, other: Erased) -> Erased:
    return Erased(
        **{each.name: getattr(one, each.name) + getattr(other, each.name) for each in fields(Erased)}
    )
