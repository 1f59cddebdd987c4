"""When a request is sent again, and after how long: pure decisions, the clock and the dice are passed in.

Own code rather than a retry library, because those sleep and read clocks themselves, and because here a
wait must never outlast the deadline of the whole call.
"""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from flowscale._core.requests import Request

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
FIRST_DELAY = 0.5
LONGEST_DELAY = 8.0
LONGEST_RETRY_AFTER = 60.0
"""A server that asks for more patience than this gets none: the caller decides."""


def delay_before_next(
    request: Request, *, failures: int, max_retries: int, retry_after: float | None, dice: float
) -> float | None:
    """Seconds until the next try after so many failures, or None to give up. `dice` is in 0..1."""
    if failures > max_retries or not request.repeatable:
        return None
    if retry_after is not None:
        return retry_after if retry_after <= LONGEST_RETRY_AFTER else None
    return backoff(failures, dice)


def backoff(failures: int, dice: float) -> float:
    """Doubles with each failure; between half and the whole of it, so that clients do not march in step."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (failures - 1)) * (0.5 + dice / 2)


def read_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that `Retry-After` asks for, as a number or a date; None where it is missing or unreadable."""
    value = headers.get("retry-after", "").strip()
    if value.replace(".", "", 1).isdigit() and value.isascii():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now)
