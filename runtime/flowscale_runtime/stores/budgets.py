"""Money: reserved when a run is admitted, settled when it ends, each in the transaction of the run."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from flowscale_runtime.stores import outbox
from flowscale_runtime.stores.errors import BudgetExceeded
from flowscale_runtime.stores.tables import balances, ledger
from flowscale_runtime.stores.values import BudgetTerms, NewRun

Endpoints = Sequence[Mapping[str, Any]]
Charge = tuple[int, Endpoints]
"""Micro-dollars, and who is told of alerts."""


def reserve(connection: Connection, budgets: Sequence[BudgetTerms], amount: int) -> list[tuple[str, int]]:
    """Sets `amount` micro-dollars aside in every budget, or raises BudgetExceeded and changes nothing.

    Answers with the balances that hold it, for the run to name.
    """
    held = _balances(connection, budgets)
    for terms, balance in held:
        left = terms.limit - balance.spent - balance.reserved
        if amount > left or left <= 0 < terms.limit:
            raise BudgetExceeded(terms.name, terms.limit, max(left, 0), amount)
    for _, balance in held:
        mine = _is(balance.budget, balance.period)
        connection.execute(update(balances).where(mine).values(reserved=balances.c.reserved + amount))
    return [(balance.budget, balance.period) for _, balance in held]


def spend(connection: Connection, project: str, charges: Mapping[BudgetTerms, Charge], now: int) -> None:
    """Charges budgets with what nothing was reserved for, and tells each threshold that this crosses, once."""
    for terms, balance in _balances(connection, list(charges)):
        amount, endpoints = charges[terms]
        row = connection.execute(
            update(balances)
            .where(_is(balance.budget, balance.period))
            .values(spent=balances.c.spent + amount)
            .returning(*balances.c)
        ).one()
        _alert(connection, project, endpoints, row, now)


def settle(connection: Connection, run: Row[Any], cost: int, seconds: float, now: int) -> None:
    """Turns a run's reservation into what it cost, and tells each threshold that this crosses, once."""
    for budget, period in sorted(map(tuple, run.budgets)):
        row = connection.execute(
            update(balances)
            .where(_is(budget, period))
            .values(spent=balances.c.spent + cost, reserved=balances.c.reserved - run.reserved)
            .returning(*balances.c)
        ).one()
        _alert(connection, run.project, run.webhooks, row, now, run.id)
    if cost or run.reserved:
        _book(connection, run, "settle", cost, seconds, now)


def book_reservation(connection: Connection, run: NewRun, amount: int, now: int) -> None:
    """The ledger's line for a reservation."""
    _book(connection, run, "reserve", amount, None, now)


def standing(connection: Connection, budgets: Sequence[BudgetTerms]) -> dict[str, Row[Any]]:
    """What there is of the balances of one project's budgets, by name."""
    return {
        terms.name: row
        for terms in budgets
        if (row := _chosen(connection.execute(select(balances).where(_may_be(terms))).all()))
    }


def _balances(connection: Connection, budgets: Sequence[BudgetTerms]) -> list[tuple[BudgetTerms, Row[Any]]]:
    """The balance of each budget, made or brought up to date where that is needed, and locked in one order."""
    query = select(balances).where(or_(*map(_may_be, budgets))).order_by(balances.c.budget, balances.c.period)
    rows = connection.execute(query.with_for_update()).all()
    return [
        (terms, _kept(connection, terms, _chosen([row for row in rows if _fits(terms, row)])))
        for terms in sorted(budgets, key=lambda terms: (terms.owner, terms.name, terms.period))
    ]


def _kept(connection: Connection, terms: BudgetTerms, row: Row[Any] | None) -> Row[Any]:
    """The balance as the terms want it."""
    wanted = {"owner": terms.owner, "name": terms.name, "limit": terms.limit, "alerts": list(terms.alerts)}
    if row is None:
        taken = connection.execute(select(balances.c.budget).where(_is(terms.name, terms.period))).scalar()
        named = {"budget": f"{terms.owner}/{terms.name}" if taken else terms.name, "period": terms.period}
        made = insert(balances).values(**named, project=terms.project, **wanted)
        return connection.execute(made.returning(*balances.c)).one()
    if all(getattr(row, name) == value for name, value in wanted.items()):
        return row
    changed = update(balances).where(_is(row.budget, row.period)).values(**wanted)
    return connection.execute(changed.returning(*balances.c)).one()


def _may_be(terms: BudgetTerms) -> ColumnElement[bool]:
    """The owner's balance, or one of the project that was kept by name alone."""
    owned = (balances.c.owner == terms.owner) & (balances.c.name == terms.name)
    bare = (
        balances.c.owner.is_(None) & (balances.c.budget == terms.name) & (balances.c.project == terms.project)
    )
    return (balances.c.period == terms.period) & (owned | bare)


def _fits(terms: BudgetTerms, row: Row[Any]) -> bool:
    """The same of a row that is one of several budgets'."""
    name = row.budget if row.owner is None else row.name
    return (row.owner or terms.owner, name, row.period) == (terms.owner, terms.name, terms.period)


def _chosen(rows: Sequence[Row[Any]]) -> Row[Any] | None:
    """The owner's where there is one."""
    return next(iter(sorted(rows, key=lambda row: row.owner is None)), None)


def _alert(
    connection: Connection,
    project: str,
    endpoints: Endpoints,
    balance: Row[Any],
    now: int,
    run_id: str | None = None,
) -> None:
    share = 100 * balance.spent / balance.limit if balance.limit else 100.0
    reached = [threshold for threshold in balance.alerts if balance.alerted < threshold <= share]
    if not reached:
        return
    connection.execute(
        update(balances).where(_is(balance.budget, balance.period)).values(alerted=max(reached))
    )
    for threshold in reached:
        data = {
            "budget": balance.name or balance.budget,
            "threshold": threshold,
            "spent": balance.spent / 1e6,
            "limit": balance.limit / 1e6,
        }
        outbox.announce(connection, project, endpoints, "budget.alert", data, now, run_id=run_id)


def _book(
    connection: Connection, run: Row[Any] | NewRun, kind: str, amount: int, seconds: float | None, now: int
) -> None:
    connection.execute(
        insert(ledger).values(
            at=now,
            kind=kind,
            amount=amount,
            seconds=seconds,
            gpu=run.gpu,
            project=run.project,
            deployment=run.deployment,
            key_id=run.key_id,
            run_id=run.id,
        )
    )


def _is(budget: str, period: int) -> ColumnElement[bool]:
    return (balances.c.budget == budget) & (balances.c.period == period)
