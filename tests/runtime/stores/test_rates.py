"""Permits of a moving window: never more than the rate, however they are taken."""

import asyncio

from flowscale_runtime.stores import forgetting, rates
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.forgetting import Terms
from flowscale_runtime.stores.rates import Lease, Window
from flowscale_runtime.stores.tables import rates as table
from flowscale_runtime.stores.values import SECOND

NOW = 1_700_000_000 * SECOND
MINUTE = Window("key-1", "portrait", 64, 60)
SLOT = MINUTE.length
NONE = (0, 0)


async def take(database: Database, wanted: int, now: int, spare=NONE, window=MINUTE) -> Lease:
    return await database.write(rates.lease, window, wanted, spare, now)


async def test_permits_end_at_the_rate_and_come_back_when_their_slot_has_left_the_window(database):
    first = await take(database, 60, NOW)
    rest = await take(database, 60, NOW + SLOT)
    none = await take(database, 1, NOW + 2 * SLOT)
    assert (first.permits, rest.permits, none.permits) == (60, 4, 0)
    assert none.free_at == (MINUTE.slot(NOW) + rates.SLOTS + 1) * SLOT
    assert (await take(database, 100, none.free_at - 1)).permits == 0
    assert (await take(database, 100, none.free_at)).permits == 60


async def test_permits_that_nobody_spent_are_given_back(database):
    taken = await take(database, 64, NOW)
    again = await take(database, 64, NOW + SLOT, spare=(taken.slot, 14))
    assert again.permits == 14


async def test_permits_of_a_slot_that_has_left_the_window_are_not_given_back_twice(database):
    taken = await take(database, 64, NOW)
    late = NOW + (rates.SLOTS + 1) * SLOT
    assert (await take(database, 64, late, spare=(taken.slot, 10))).permits == 64
    assert (await take(database, 64, late, spare=(taken.slot, 10))).permits == 0


async def test_keys_names_and_rates_are_counted_apart(database):
    others = [
        Window("key-2", "portrait", 64, 60),
        Window("key-1", "landscape", 64, 60),
        Window("key-1", "portrait", 32, 60),
        Window("key-1", "portrait", 64, 30),
    ]
    for window in (MINUTE, *others):
        assert (await take(database, 1000, NOW, window=window)).permits == window.amount


async def test_a_clock_that_is_far_ahead_keeps_nobody_out_for_long(database):
    await take(database, 64, NOW + 3600 * SECOND)
    assert (await take(database, 64, NOW)).permits == 64


async def test_takers_at_the_same_time_share_the_rate(database):
    leases = await asyncio.gather(*(take(database, 5, NOW) for _ in range(40)))
    assert sum(lease.permits for lease in leases) == 64


async def test_windows_that_are_over_are_forgotten(database):
    await take(database, 1, NOW)
    year = 365 * 86400 * SECOND
    terms = Terms(year, year, year, year, year)

    def rows(connection):
        return len(connection.execute(table.select()).all())

    await database.write(forgetting.expire, "studio", terms, NOW + 60 * SECOND)
    assert await database.read(rows) == 1
    await database.write(forgetting.expire, "studio", terms, NOW + 66 * SECOND)
    assert await database.read(rows) == 0


def test_one_asks_for_what_waits_or_was_spent_and_saves_up_no_more_than_a_sixteenth():
    assert rates.wanted(MINUTE, waiting=1, spent=0, before=0) == 1
    assert rates.wanted(MINUTE, waiting=1, spent=2, before=3) == 3
    assert rates.wanted(MINUTE, waiting=1, spent=40, before=0) == 4
    assert rates.wanted(MINUTE, waiting=20, spent=40, before=0) == 20
    assert rates.wanted(Window("key-1", "portrait", 10, 1), waiting=1, spent=9, before=9) == 1
