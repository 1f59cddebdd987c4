"""What a store refuses, by what the caller does next.

StoreError
    NotFound                 there is no such thing for this tenant
    Refused                  a rule says no
        QueueFull            try again later
        BudgetExceeded       raise the budget or wait for its next period
        KeyReused            send the first body again, or another idempotency key
        AlreadyFinished      nothing is left to do
        WrongOffset          go on where the upload stands
        TooMuch              send no more than was announced
        Busy                 somebody else writes to it right now
    LeaseLost                somebody else holds the run: drop what was computed
    Unavailable              the database or the object store doesn't answer: try again later
"""


class StoreError(Exception):
    """Base of all that a store refuses."""


class NotFound(StoreError):
    """There is no such thing for this tenant."""


class Refused(StoreError):
    """A rule says no."""


class QueueFull(Refused):
    """The deployment has as many queued runs as it allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the queue is full: {limit} runs wait already")
        self.limit = limit


class BudgetExceeded(Refused):
    """The run could cost more than its budget has left in this period (micro-dollars)."""

    def __init__(self, budget: str, limit: int, left: int, needed: int) -> None:
        super().__init__(
            f"budget {budget!r} has ${left / 1e6:.4f} of ${limit / 1e6:.2f} left, and the run could cost ${needed / 1e6:.4f}"
        )
        self.budget, self.limit, self.left, self.needed = budget, limit, left, needed


class KeyReused(Refused):
    """The idempotency key came before with another body."""


class AlreadyFinished(Refused):
    """The run has reached its end."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the run is already {state}")
        self.state = state


class WrongOffset(Refused):
    """A piece of an upload doesn't begin where the upload stands."""

    def __init__(self, arrived: int) -> None:
        super().__init__(f"the upload stands at {arrived}")
        self.arrived = arrived


class TooMuch(Refused):
    """More bytes than the upload announced."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the upload announced {size} bytes")
        self.size = size


class Busy(Refused):
    """Somebody else writes to it right now."""


class LeaseLost(StoreError):
    """Another attempt holds the run, or it has ended."""


class Unavailable(StoreError):
    """The database or the object store doesn't answer, and was waited for long enough."""
