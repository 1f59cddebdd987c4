"""When a batch takes no more items: what was asked, spent, lost or failed."""

from dataclasses import dataclass

from flowscale_jobs.batches.journal import Journal
from flowscale_specs.kinds.batch import BatchSpec


@dataclass(frozen=True, slots=True)
class Stop:
    """Why no more items are begun. `state` is how the batch stands then; with `cancel` its running items end too."""

    reason: str
    state: str = "failed"
    cancel: bool = False


def stop(spec: BatchSpec, journal: Journal, elapsed: float, *, cancelled: bool) -> Stop | None:
    """Why a batch takes no more items; None where it does. `elapsed` are the seconds since it was begun."""
    if cancelled:
        return Stop("it was cancelled", "cancelled", cancel=True)
    if spec.timeout is not None and elapsed >= spec.timeout:
        return Stop(f"it took longer than its timeout of {spec.timeout}", cancel=True)
    if spec.limit is not None and round(journal.cost * 1e6) >= spec.limit.amount:
        return Stop(f"its limit of {spec.limit} is spent")
    if spec.on_error == "stop" and (bad := journal.first_bad):
        return Stop(f"item {bad.index} ended {bad.state}, and onError is stop")
    return None
