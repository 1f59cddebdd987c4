"""Time that passes only when something waits for it."""

import threading

A_DAY = 86400.0
EPOCH = 1_700_000_000.0


class FakeClock:
    """Sleeping takes no time and moves the clock; `slept` lists every wait."""

    def __init__(self) -> None:
        self._now = self._waited = 0.0
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def now(self) -> float:
        """Seconds since the clock was made."""
        return self._now

    def time(self) -> float:
        """Unix time."""
        return EPOCH + self._now

    def advance(self, seconds: float) -> None:
        """Let time pass, as a test wishes."""
        with self._lock:
            self._now += max(0.0, seconds)

    def wait(self, seconds: float) -> None:
        """Let time pass because something waits; a day of that in one test is a wait without end."""
        self.advance(seconds)
        self._waited += max(0.0, seconds)
        if self._waited > A_DAY:
            raise RuntimeError("a day of fake time was waited: something waits for what never happens")

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.wait(seconds)

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
