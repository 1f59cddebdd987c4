"""Money: reserved when a run is admitted, settled when it ends, each in the transaction of the run."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from flowscale_runtime.stores import outbox
from flowscale_runtime.stores.errors import BudgetExceeded
from flowscale_runtime.stores.tables import balances, ledger
from flowscale_runtime.stores.values import BudgetTerms, NewRun


def reserve(connection: Connection, budgets: Sequence[BudgetTerms], amount: int) -> None:
    """Sets `amount` micro-dollars aside in every budget, or raises BudgetExceeded and changes nothing."""
    for terms in sorted(budgets, key=lambda terms: (terms.name, terms.period)):
        spent, reserved = _balance(connection, terms)
        left = terms.limit - spent - reserved
        if amount > left or left <= 0 < terms.limit:
            raise BudgetExceeded(terms.name, terms.limit, max(left, 0), amount)
    for terms in budgets:
        connection.execute(
            update(balances)
            .where(_is(terms.name, terms.period))
            .values(reserved=balances.c.reserved + amount)
        )


def settle(connection: Connection, run: Row[Any], cost: int, seconds: float, now: int) -> None:
    """Turns a run's reservation into what it cost, and tells each threshold that this crosses, once."""
    for name, period in sorted(map(tuple, run.budgets)):
        row = connection.execute(
            update(balances)
            .where(_is(name, period))
            .values(spent=balances.c.spent + cost, reserved=balances.c.reserved - run.reserved)
            .returning(*balances.c)
        ).one()
        _alert(connection, run, row, now)
    if cost or run.reserved:
        _book(connection, run, "settle", cost, seconds, now)


def book_reservation(connection: Connection, run: NewRun, amount: int, now: int) -> None:
    """The ledger's line for a reservation."""
    _book(connection, run, "reserve", amount, None, now)


def list_balances(connection: Connection, project: str) -> list[Row[Any]]:
    """Every balance of a tenant, the newest period first."""
    query = (
        select(balances)
        .where(balances.c.project == project)
        .order_by(balances.c.budget, balances.c.period.desc())
    )
    return list(connection.execute(query))


def _balance(connection: Connection, terms: BudgetTerms) -> tuple[int, int]:
    row = connection.execute(
        select(balances.c.spent, balances.c.reserved, balances.c.limit, balances.c.alerts)
        .where(_is(terms.name, terms.period))
        .with_for_update()
    ).one_or_none()
    if row is None:
        connection.execute(
            insert(balances).values(
                budget=terms.name,
                period=terms.period,
                project=terms.project,
                limit=terms.limit,
                alerts=list(terms.alerts),
            )
        )
        return 0, 0
    if row.limit != terms.limit or row.alerts != list(terms.alerts):
        connection.execute(
            update(balances)
            .where(_is(terms.name, terms.period))
            .values(limit=terms.limit, alerts=list(terms.alerts))
        )
    return row.spent, row.reserved


def _alert(connection: Connection, run: Row[Any], balance: Row[Any], now: int) -> None:
    share = 100 * balance.spent / balance.limit if balance.limit else 100.0
    reached = [threshold for threshold in balance.alerts if balance.alerted < threshold <= share]
    if not reached:
        return
    connection.execute(
        update(balances).where(_is(balance.budget, balance.period)).values(alerted=max(reached))
    )
    for threshold in reached:
        data = {
            "budget": balance.budget,
            "threshold": threshold,
            "spent": balance.spent / 1e6,
            "limit": balance.limit / 1e6,
        }
        outbox.enqueue(connection, run, "budget.alert", data, now)


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


def _is(name: str, period: int) -> Any:
    return (balances.c.budget == name) & (balances.c.period == period)
