"""What bytes cost: sent out or kept, charged to budgets and written into the ledger.

Prices are so small that a line rounded by itself would cost nothing or too much. So each line costs what the total of its
project's month grows by.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, null, select, union_all

from flowscale_runtime.stores import budgets, settings
from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import assets, holdings, keys, ledger, run_outputs, runs
from flowscale_runtime.stores.values import SECOND, BudgetTerms
from flowscale_specs import ResolvedPrices

GIGABYTE, MONTH = 10**9, 730 * 3600  # bytes, seconds
HOUR = 3600 * SECOND
AT_ONCE = 500
Kind = Literal["egress", "storage"]


@dataclass(frozen=True, slots=True)
class Use:
    """Bytes that count for a deployment (""; none), a key and tags; `key` is the key's name. Kept for `seconds`, or sent."""

    bytes: int
    deployment: str = ""
    team: str | None = None
    key_id: str | None = None
    key: str | None = None
    tags: Any = None
    seconds: float | None = None

    @property
    def units(self) -> int:
        """Bytes sent, or bytes times seconds."""
        return self.bytes if self.seconds is None else int(self.bytes * self.seconds)


Bounds = Callable[[Use], Mapping[BudgetTerms, budgets.Endpoints]]
"""The budgets that a use counts in, and who is told of their alerts."""


def sent(connection: Connection, project: str, counts: Mapping[str, int]) -> list[Use]:
    """Bytes by run ("": no run) as uses; those of runs that are forgotten count for the project alone."""
    ids, known = [run_id for run_id in counts if run_id], dict[str, Use]()
    columns = (runs.c.id, runs.c.deployment, runs.c.team, runs.c.key_id, keys.c.name, runs.c.tags)
    query = select(*columns).join(keys, keys.c.id == runs.c.key_id, isouter=True)
    for start in range(0, len(ids), AT_ONCE):
        mine = (runs.c.project == project) & runs.c.id.in_(ids[start : start + AT_ONCE])
        for run_id, *whose in connection.execute(query.where(mine)):
            known[run_id] = Use(counts[run_id], *whose)
    return _together(known.get(run_id, Use(size)) for run_id, size in counts.items())


def due(connection: Connection, project: str, now: int) -> int | None:
    """Since when what is kept hasn't been counted, in microseconds, where that is an hour or more; 0: it never was."""
    since = int(settings.value(connection, f"storage of {project}") or 0)
    return since if now - since >= HOUR else None


def kept(connection: Connection, project: str, seconds: float) -> list[Use]:
    """All that a project keeps: each object once, for the first run that made it or the key that sent it."""
    made = (
        select(func.min(run_outputs.c.run_id).label("run"), func.max(run_outputs.c.size).label("size"))
        .join(runs, runs.c.id == run_outputs.c.run_id)
        .where(runs.c.project == project)
        .group_by(run_outputs.c.object)
        .subquery()
    )
    whose = (runs.c.deployment, runs.c.team, runs.c.key_id, keys.c.name, runs.c.tags)
    of_runs = (
        select(func.sum(made.c.size), *whose)
        .join(runs, runs.c.id == made.c.run)
        .join(keys, keys.c.id == runs.c.key_id, isouter=True)
        .group_by(*whose)
    )
    found = [Use(int(size), *rest) for size, *rest in connection.execute(of_runs)]
    return [replace(use, seconds=seconds) for use in [*found, *_brought(connection, project)]]


def _brought(connection: Connection, project: str) -> list[Use]:
    """What callers sent ahead of runs, by key."""
    made = select(run_outputs.c.object).join(runs, runs.c.id == run_outputs.c.run_id)
    both = union_all(
        select(holdings.c.object, holdings.c.size, holdings.c.key_id).where(
            holdings.c.project == project, holdings.c.size.is_not(None)
        ),
        select(assets.c.object, assets.c.size, null()).where(assets.c.project == project),
    ).subquery()
    each = (
        select(func.max(both.c.size).label("size"), func.max(both.c.key_id).label("key_id"))
        .where(both.c.object.not_in(made.where(runs.c.project == project)))
        .group_by(both.c.object)
        .subquery()
    )
    query = (
        select(func.sum(each.c.size), each.c.key_id, keys.c.name)
        .join(keys, keys.c.id == each.c.key_id, isouter=True)
        .group_by(each.c.key_id, keys.c.name)
    )
    return [Use(int(size), key_id=key_id, key=name) for size, key_id, name in connection.execute(query)]


def charge_kept(
    connection: Connection,
    project: str,
    since: int,
    uses: Sequence[Use],
    prices: ResolvedPrices,
    bounds: Bounds,
    now: int,
) -> None:
    """Charges what was kept `since`, unless somebody else has done it meanwhile."""
    lock(connection, f"storage of {project}")
    if due(connection, project, now) != since:
        return
    settings.put(connection, f"storage of {project}", str(now))
    charge(connection, project, "storage", uses, prices, bounds, now)


def charge(
    connection: Connection,
    project: str,
    kind: Kind,
    uses: Sequence[Use],
    prices: ResolvedPrices,
    bounds: Bounds,
    now: int,
) -> None:
    """Writes uses into the ledger and charges their budgets."""
    mark = f"{kind} of month of {project}"
    lock(connection, mark)
    month = datetime.fromtimestamp(now / SECOND, UTC).strftime("%Y-%m")
    before, _, written = (settings.value(connection, mark) or "").partition(" ")
    total = int(written) if before == month else 0
    charges: dict[BudgetTerms, budgets.Charge] = {}
    for use in uses:
        amount = cost(kind, total + use.units, prices) - cost(kind, total, prices)
        total += use.units
        connection.execute(insert(ledger).values(**_line(project, kind, use, amount, now)))
        for terms, endpoints in bounds(use).items() if amount else ():
            charges[terms] = (charges.get(terms, (0, ()))[0] + amount, endpoints)
    settings.put(connection, mark, f"{month} {total}")
    if charges:
        budgets.spend(connection, project, charges, now)


def cost(kind: Kind, units: int, prices: ResolvedPrices) -> int:
    """Micro-dollars for all bytes that a project sends in a month, or for bytes times seconds that it keeps in one."""
    if kind == "storage":
        return units * prices.storage // (GIGABYTE * MONTH)
    return max(units - prices.free_egress, 0) * prices.egress // GIGABYTE


def _line(project: str, kind: Kind, use: Use, amount: int, now: int) -> dict[str, Any]:
    return {
        "at": now,
        "kind": kind,
        "amount": amount,
        "seconds": use.seconds,
        "bytes": use.bytes,
        "gpu": "",
        "project": project,
        "team": use.team,
        "deployment": use.deployment,
        "key_id": use.key_id,
        "tags": use.tags,
        "run_id": "",
    }


def _together(uses: Iterable[Use]) -> list[Use]:
    """One use for all that count for the same."""
    sums: dict[tuple[Any, ...], Use] = {}
    for use in uses:
        whose = (use.deployment, use.team, use.key_id, repr(use.tags))
        known = sums.get(whose)
        sums[whose] = use if known is None else replace(use, bytes=use.bytes + known.bytes)
    return list(sums.values())
