"""How long a server that is away or full is waited for."""

import logging

from tenacity import (
    AsyncRetrying,
    before_sleep_log,
    retry_if_exception_type,
    stop_after_delay,
    wait_exponential_jitter,
)

log = logging.getLogger(__name__)
PATIENCE = 120.0  # seconds in which a server that restarts is back


def patiently(seconds: float, *errors: type[Exception]) -> AsyncRetrying:
    """Tries again after these errors, more and more seldom, for so long; then raises the last one."""
    return AsyncRetrying(
        retry=retry_if_exception_type(errors),
        wait=wait_exponential_jitter(multiplier=0.2, jitter=0.2, max=5),
        stop=stop_after_delay(seconds),
        before_sleep=before_sleep_log(log, logging.WARNING),
        reraise=True,
    )
