"""Who hears how a promotion goes: people by their addresses, the log, and nobody twice."""

import logging
from collections.abc import Callable, Sequence

from flowscale_jobs.notifications import tell
from flowscale_jobs.promotions.records import Entry, Record

log = logging.getLogger(__name__)


def teller(addresses: Sequence[str], record: Record, mail: str | None) -> Callable[[Entry], None]:
    """What is called with each entry. A question that still waits was asked before."""
    waiting = {(one.stage, one.step) for one in record.entries if one.state == "waiting"}

    def told(entry: Entry) -> None:
        if (entry.stage, entry.step) in waiting and entry.state == "waiting":
            return
        known = {
            "promotion": record.promotion,
            "id": record.id,
            "stage": entry.stage,
            "step": entry.step,
            "detail": entry.detail,
        }
        for address in tell(addresses, f"promotion.{entry.state}", known, mail):
            log.warning("%s could not be told of %s", address, entry.step)

    return told
