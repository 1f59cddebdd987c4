"""Whose turn it is: pure decisions of the queue, on plain values.

Runs wait in lanes, one for each deployment of an environment. In a lane the higher priority goes first, then the
smaller turn. Turns make it fair: whoever submits many runs gets turns that lie a stride apart, and whoever comes with
one run gets the turn of the one that is next (start-time fair queueing; a flow of weight 2 has strides half as long).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flowscale_runtime.stores.values import SECOND

STRIDE = 1_000_000
PATIENCE = 2 * SECOND  # how long the next run is passed over for one whose models a worker has loaded
REACH = 16  # how far behind the next run such a one may be
EVERY = 8  # one claim in so many goes by turns alone, so that no priority starves another


@dataclass(frozen=True, slots=True)
class Waiting:
    """A waiting run, as far as its place in the queue goes."""

    environment: str
    deployment: str
    priority: int
    turn: int
    number: int
    release: str
    created_at: int
    concurrency: int | None = None

    @property
    def lane(self) -> tuple[str, str]:
        return self.environment, self.deployment

    @property
    def rank(self) -> tuple[int, int, int]:
        """Who is smaller goes first."""
        return -self.priority, self.turn, self.number


def next_turn(head: int | None, last: int | None, weight: int) -> int:
    """The turn of a new run: that of the queue's next run, or a stride after the last waiting run of its own flow."""
    first = head or 0
    return first if last is None else max(first, last + STRIDE // max(weight, 1))


def draw(
    waiting: Iterable[Waiting], free: Mapping[str, int], rooms: Mapping[str, int], total: int
) -> Counter[tuple[str, str]]:
    """How many runs to take from each lane.

    Args:
        free: free instances by environment.
        rooms: how many more runs each deployment may have, where it has a limit.
    """
    left, room = dict(free), dict(rooms)
    drawn: Counter[tuple[str, str]] = Counter()
    for run in sorted(waiting, key=lambda run: run.rank):
        if drawn.total() >= total:
            break
        if left.get(run.environment, 0) > 0 and room.get(run.deployment, 1) > 0:
            left[run.environment] -= 1
            if run.deployment in room:
                room[run.deployment] -= 1
            drawn[run.lane] += 1
    return drawn


def favourite(lane: Sequence[Waiting], warm: Collection[str], now: int) -> Waiting | None:
    """A run near the front of a lane whose release a worker has loaded; None where the next one is to be taken."""
    if not lane or lane[0].release in warm or now - lane[0].created_at > PATIENCE:
        return None
    equal = (run for run in lane[1:REACH] if run.priority == lane[0].priority)
    return next((run for run in equal if run.release in warm), None)


def attempt(fence: int) -> int:
    """Which attempt holds a run under this fence: a claim takes one number, and giving back another."""
    return (fence + 1) // 2


def retry_delay(tried: int) -> int:
    """Microseconds until a run whose attempt died is tried again: at once first, then doubling from 5 seconds."""
    return 0 if tried <= 1 else min(5 * 2 ** min(tried - 2, 10), 300) * SECOND
