"""What bytes cost: counted, charged, never twice, the same on every database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from flowscale_runtime.stores import (
    assets,
    budgets,
    holdings,
    metering,
    outbox,
    outcomes,
    queue,
    submission,
    usage,
)
from flowscale_runtime.stores.metering import GIGABYTE, HOUR, MONTH, Use
from flowscale_runtime.stores.tables import keys, ledger
from flowscale_runtime.stores.values import SECOND, Artifact, BudgetTerms, Outcome
from flowscale_specs import ResolvedPrices

NOW = 1_700_000_000_000_000  # in November
NEXT_MONTH = NOW + 30 * 24 * HOUR
PRICES = ResolvedPrices(storage=100_000, egress=120_000, free_egress=GIGABYTE)
TERMS = BudgetTerms("all", "project studio", "studio", 0, 1_000_000, (50, 100))
HOOKS = ({"url": "https://hook.example", "events": ["budget.alert"], "secret": None},)
OUTPUT = Artifact("9", "a" * 64, ".png", "image/png", 1000)


def unbounded(use):
    return {}


def bounded(use):
    return {TERMS: HOOKS}


def lines(connection):
    query = select(ledger.c.kind, ledger.c.amount, ledger.c.bytes).where(ledger.c.bytes.is_not(None))
    return [tuple(row) for row in connection.execute(query.order_by(ledger.c.id))]


async def charge(database, uses, bounds=unbounded, kind="egress", now=NOW, prices=PRICES):
    await database.write(metering.charge, "studio", kind, uses, prices, bounds, now)


async def completed(database, new_run, artifacts=(OUTPUT,), **changes):
    await database.write(submission.submit, new_run(**changes), NOW)
    (held,) = await database.write(queue.claim, "w", {"env": 1}, 1, SECOND, NOW)
    outcome = Outcome("completed", 1.5, tuple(artifacts))
    await database.write(outcomes.finish, held.run_id, held.fence, outcome, NOW)
    return held.run_id


async def test_what_is_free_in_a_month_costs_nothing_and_the_rest_its_price(database):
    for _ in range(3):
        await charge(database, [Use(GIGABYTE // 2, "portrait")])
    await charge(database, [Use(GIGABYTE // 2, "portrait")], now=NEXT_MONTH)
    assert [amount for _, amount, _ in await database.read(lines)] == [0, 0, 60_000, 0]


async def test_bytes_that_cost_less_than_a_micro_dollar_add_up(database):
    dear = ResolvedPrices(egress=120_000)
    for _ in range(10):
        await charge(database, [Use(1000, "portrait"), Use(1000, "other")], prices=dear)
    assert sum(amount for _, amount, _ in await database.read(lines)) == 20_000 * 120_000 // GIGABYTE == 2


async def test_bytes_sent_count_for_what_the_run_counts_for(database, new_run):
    key = {"hash": "h", "prefix": "p", "project": "studio", "role": "owner", "scopes": [], "created_at": 0}
    row = key | {"id": "k", "name": "app"}
    await database.write(lambda connection: connection.execute(insert(keys).values(**row)))
    ids = [await completed(database, new_run, key_id="k", tags=["a"]) for _ in range(2)]
    counts = {ids[0]: 10, ids[1]: 20, "": 5, "forgotten": 7}
    uses = await database.read(metering.sent, "studio", counts)
    assert uses == [Use(30, "portrait", None, "k", "app", ["a"]), Use(12)]
    assert await database.read(metering.sent, "rival", {ids[0]: 10}) == [Use(10)]


async def test_an_object_is_kept_once_however_many_runs_gave_it(database, new_run):
    other = Artifact("9", "b" * 64, ".png", "image/png", 50)
    await completed(database, new_run, tags=["first"])
    await completed(database, new_run, tags=["second"], artifacts=(OUTPUT, other))
    await database.write(holdings.hold, "studio", "a" * 64, NOW, 1000, "k")
    await database.write(holdings.hold, "studio", "c" * 64, NOW, 7, "k")
    await database.write(holdings.hold, "rival", "d" * 64, NOW, 9000, "r")
    asset = {"project": "studio", "hash": "", "content_type": "", "file_path": "", "created_at": 0}
    for number, name in enumerate("cde"):
        row = asset | {"id": str(number), "object": name * 64, "size": 7 if name == "c" else 100}
        await database.write(assets.add, row)
    uses = await database.read(metering.kept, "studio", 60.0)
    found = {(tuple(use.tags or ()), use.key_id): use.bytes for use in uses}
    assert found == {(("first",), None): 1000, (("second",), None): 50, ((), "k"): 7, ((), None): 200}


async def test_an_hour_of_storage_is_charged_by_one_of_those_who_look(database):
    assert await database.read(metering.due, "studio", NOW) == 0
    await database.write(metering.charge_kept, "studio", 0, [], PRICES, unbounded, NOW)
    assert await database.read(metering.due, "studio", NOW + HOUR - 1) is None
    assert await database.read(metering.due, "studio", NOW + HOUR) == NOW
    uses = [Use(100 * GIGABYTE, "portrait", seconds=3600.0)]
    for _ in range(2):
        await database.write(metering.charge_kept, "studio", NOW, uses, PRICES, unbounded, NOW + HOUR)
    assert await database.read(lines) == [("storage", 100 * 100_000 // 730, 100 * GIGABYTE)]


async def test_budgets_hold_bytes_and_tell_each_threshold_once(database):
    await charge(database, [Use(3 * GIGABYTE, "portrait"), Use(3 * GIGABYTE, "other")], bounded)
    await charge(database, [Use(GIGABYTE, "portrait")], bounded)
    row = (await database.read(budgets.standing, [TERMS]))["all"]
    assert (row.spent, row.reserved) == (720_000, 0)
    told = await database.write(outbox.due, NOW)
    assert [message.event_type for message in told] == ["budget.alert"]


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        (("deployment",), [(None,), ("portrait",)]),
        (("user", "key"), [(None, None), ("ada", "https://login.example#ada")]),
        (("tag",), [(None,), ("a",), ("b",)]),
        (("version",), [(None,)]),
        (("project", "day"), [("studio", NOW // usage.DAY)]),
    ],
)
async def test_usage_tells_bytes_by_what_is_asked_for(database, by, keys):
    whose = {"key_id": "https://login.example#ada", "tags": ["a", "b"]}
    await charge(database, [Use(2 * GIGABYTE, "portrait", **whose), Use(5)])
    kept = [Use(GIGABYTE, "portrait", **whose, seconds=float(MONTH))]
    await charge(database, kept, kind="storage")
    found = await database.read(usage.report, usage.Span("studio", NOW, NOW + 1), by)
    total = found.total
    assert sorted(found.rows, key=str) == sorted(keys, key=str)
    assert (total.egress, total.egress_cost) == (2 * GIGABYTE + 5, 120_000)
    assert (total.storage, total.storage_cost) == (GIGABYTE * MONTH, 100_000)
    assert (total.cost, total.total_cost) == (0, 220_000)
    mine = usage.Span("studio", NOW, NOW + 1, ["portrait"])
    assert (await database.read(usage.report, mine, by)).total.egress == 2 * GIGABYTE


@given(st.lists(st.integers(0, 10**12), max_size=20))
def test_parts_cost_together_what_the_whole_costs(parts):
    total, paid = 0, 0
    for part in parts:
        paid += metering.cost("egress", total + part, PRICES) - metering.cost("egress", total, PRICES)
        total += part
    assert paid == metering.cost("egress", total, PRICES)
