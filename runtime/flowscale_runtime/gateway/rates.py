"""How many requests a caller has made: counted in this process, or by permits that all gateways share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from flowscale_runtime.stores import rates
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.rates import Lease, Window
from flowscale_runtime.stores.values import SECOND

ASK_AGAIN = SECOND
"""A refusal is believed for so long: others may give permits back."""
MANY = 10_000


class Rates(Protocol):
    """Counts requests."""

    async def hit(self, rate: RateLimitItem, who: str, name: str) -> float:
        """Counts a request of somebody to something, or answers with the seconds until there is room for it."""


class LocalRates:
    """Counts the requests of one process. `clock` gives microseconds."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, rate: RateLimitItem, who: str, name: str) -> float:
        if self._windows.hit(rate, who, name):
            return 0.0
        window = self._windows.get_window_stats(rate, who, name)
        return max(window.reset_time - self._clock() / SECOND, 1.0)


@dataclass(slots=True)
class Held:
    """Permits of a slot that nobody has spent yet (`left`), and what was `spent` in it and in the slot `before`."""

    slot: int = 0
    left: int = 0
    spent: int = 0
    before: int = 0
    waiting: int = 0
    free_at: int = 0
    refused_until: int = 0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def enter(self, slot: int) -> tuple[int, int]:
        """Goes on to a slot; answers with what is left of the one before."""
        spare = self.slot, self.left
        if slot != self.slot:
            self.before = self.spent if slot == self.slot + 1 else 0
            self.slot, self.left, self.spent = slot, 0, 0
        return spare

    def spend(self, slot: int) -> bool:
        """Spends a permit, if there is one for this slot."""
        if slot != self.slot or not self.left:
            return False
        self.left -= 1
        self.spent += 1
        return True

    def take(self, lease: Lease, now: int) -> float:
        """Takes a lease and spends a permit of it; the seconds to wait where it has none."""
        if not lease.permits:
            self.free_at, self.refused_until = lease.free_at, min(lease.free_at, now + ASK_AGAIN)
            return self.wait(now)
        self.left = lease.permits - 1
        self.spent += 1
        return 0.0

    def wait(self, now: int) -> float:
        """Seconds until there may be room."""
        return max((self.free_at - now) / SECOND, 1.0)


class LeasedRates:
    """Counts the requests of all gateways over one database, which is asked once for many. `clock` gives microseconds."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database, self._clock = database, clock
        self._held: dict[Window, Held] = {}

    async def hit(self, rate: RateLimitItem, who: str, name: str) -> float:
        window = Window(who, name, rate.amount, rate.get_expiry())
        held = self._held.get(window) or self._new(window)
        if held.spend(window.slot(self._clock())):
            return 0.0
        held.waiting += 1
        try:
            async with held.asking:
                return await self._ask(window, held)
        finally:
            held.waiting -= 1

    async def _ask(self, window: Window, held: Held) -> float:
        """One asks, and those who wait behind it find what it got."""
        now = self._clock()
        slot = window.slot(now)
        if now < held.refused_until:
            return held.wait(now)
        if held.spend(slot):
            return 0.0
        spare = held.enter(slot)
        number = rates.wanted(window, held.waiting, held.spent, held.before)
        return held.take(await self._database.write(rates.lease, window, number, spare, now), now)

    def _new(self, window: Window) -> Held:
        if len(self._held) >= MANY:
            self._held.clear()
        return self._held.setdefault(window, Held())
