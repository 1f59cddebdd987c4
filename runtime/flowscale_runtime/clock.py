"""The clock that wirings pass in."""

import time


def now() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000
