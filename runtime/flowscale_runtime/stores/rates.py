"""Rates that hold for all gateways together: permits of a moving window, handed out in leases.

A window has sixteen slots. A permit is good within the slot that it was given in, and counts until no moment of that slot
lies within the window any more. So no window ever sees more than its rate, whoever spends the permits, and a gateway
asks once for several of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from flowscale_runtime.stores.tables import rates
from flowscale_runtime.stores.values import SECOND

SLOTS = 16


@dataclass(frozen=True, slots=True)
class Window:
    """At most `amount` requests of a caller to something in any `seconds`."""

    who: str
    name: str
    amount: int
    seconds: int

    @property
    def length(self) -> int:
        """Microseconds of a slot."""
        return self.seconds * SECOND // SLOTS

    def slot(self, now: int) -> int:
        """The slot of a moment, in microseconds."""
        return now // self.length


@dataclass(frozen=True, slots=True)
class Lease:
    """Permits of a slot; where there are none, `free_at` tells when there may be some, in microseconds."""

    slot: int
    permits: int
    free_at: int = 0


def lease(connection: Connection, window: Window, wanted: int, spare: tuple[int, int], now: int) -> Lease:
    """Takes up to `wanted` permits, and gives `spare` (a slot, and what is left of its permits) back."""
    mine = (
        (rates.c.who == window.who)
        & (rates.c.name == window.name)
        & (rates.c.amount == window.amount)
        & (rates.c.seconds == window.seconds)
    )
    known = connection.execute(select(rates.c.given).where(mine).with_for_update()).scalar()
    given = {int(slot): count for slot, count in (known or {}).items()}
    granted, given = grant(window, returned(given, *spare), wanted, now)
    kept = {
        "given": {str(slot): count for slot, count in given.items()},
        "until": now + (window.seconds + 1) * SECOND + window.length,
    }
    if known is None:
        key = {"who": window.who, "name": window.name, "amount": window.amount, "seconds": window.seconds}
        connection.execute(insert(rates).values(**key, **kept))
    elif granted.permits or spare[1]:
        connection.execute(update(rates).where(mine).values(**kept))
    return granted


def grant(window: Window, given: Mapping[int, int], wanted: int, now: int) -> tuple[Lease, dict[int, int]]:
    """What is granted, and what was given then. Slots that are a window ahead come from a clock that is wrong."""
    slot = window.slot(now)
    counted = {each: count for each, count in given.items() if abs(slot - each) <= SLOTS and count > 0}
    permits = max(min(wanted, window.amount - sum(counted.values())), 0)
    if not permits:
        return Lease(slot, 0, (min(counted, default=slot) + SLOTS + 1) * window.length), counted
    counted[slot] = counted.get(slot, 0) + permits
    return Lease(slot, permits), counted


def returned(given: Mapping[int, int], slot: int, count: int) -> dict[int, int]:
    """What was given, less permits that nobody spent."""
    return {**given, slot: given[slot] - count} if slot in given else dict(given)


def wanted(window: Window, waiting: int, spent: int, before: int) -> int:
    """How many permits to ask for: for those who wait, or as many as were `spent` in this slot or `before` in the last;
    more than a sixteenth of the rate only where they are spent at once."""
    return max(waiting, min(max(spent, before), window.amount // SLOTS))
