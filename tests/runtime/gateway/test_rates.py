"""Rates that several gateways share: what all admit together stays below the rate in any stretch of its time."""

import asyncio
import random
from collections import Counter

import pytest
from limits import RateLimitItemPerSecond

from flowscale_runtime.gateway.rates import LeasedRates
from flowscale_runtime.stores import migrate, rates
from flowscale_runtime.stores.database import SqliteDatabase
from flowscale_runtime.stores.values import SECOND

START = 1_700_000_000 * SECOND


class Time:
    now = START

    def __call__(self):
        return self.now


class Counted(SqliteDatabase):
    """Counts what is asked of it."""

    asked = 0

    async def write(self, operation, /, *args, **kwargs):
        self.asked += operation is rates.lease
        return await super().write(operation, *args, **kwargs)


@pytest.fixture
async def database(tmp_path):
    database = Counted(tmp_path / "test.db")
    await database.write(migrate.upgrade)
    yield database
    await database.close()


@pytest.fixture
def clock():
    return Time()


@pytest.mark.parametrize(("amount", "seconds"), [(3, 1), (40, 2), (400, 4)])
async def test_no_stretch_of_time_sees_more_than_the_rate(database, clock, amount, seconds):
    rate, chance, admitted = RateLimitItemPerSecond(amount, seconds), random.Random(amount), list[int]()
    gateways = [LeasedRates(database, clock) for _ in range(3)]
    for _ in range(400):
        clock.now += int(chance.expovariate(1) * seconds * SECOND / 30)
        asking = [chance.choice(gateways) for _ in range(chance.randrange(1, 2 + amount // 5))]
        waits = await asyncio.gather(*(one.hit(rate, "key-1", "portrait") for one in asking))
        admitted += [clock.now] * waits.count(0.0)
    for end in admitted:
        assert sum(end - seconds * SECOND < at <= end for at in admitted) <= amount
    most = amount * (admitted[-1] - admitted[0]) / (seconds * SECOND)
    assert len(admitted) >= 0.8 * most


async def test_many_requests_cost_few_writes(database, clock):
    rate = RateLimitItemPerSecond(1600, 1)
    one = LeasedRates(database, clock)
    for _ in range(1000):
        clock.now += 1000
        assert await one.hit(rate, "key-1", "portrait") == 0.0
    assert database.asked < 60


async def test_who_is_refused_asks_the_database_no_more_than_once_a_second(database, clock):
    rate, one = RateLimitItemPerSecond(1, 60), LeasedRates(database, clock)
    assert await one.hit(rate, "key-1", "portrait") == 0.0
    waits = [await one.hit(rate, "key-1", "portrait") for _ in range(50)]
    assert all(60.0 <= wait <= 64.0 for wait in waits)
    assert database.asked == 2
    clock.now += SECOND
    assert await one.hit(rate, "key-1", "portrait") > 0.0
    assert database.asked == 3


async def test_requests_that_come_together_ask_together(database, clock):
    rate, one = RateLimitItemPerSecond(20, 60), LeasedRates(database, clock)
    waits = await asyncio.gather(*(one.hit(rate, "key-1", "portrait") for _ in range(100)))
    assert Counter(wait == 0.0 for wait in waits) == {True: 20, False: 80}
    assert database.asked <= 3
