"""The flag that stops a run."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Interrupt:
    """Thread-safe flag: set by whoever wants the run to stop, looked at between nodes and on progress."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], object]] = []

    def set(self) -> None:
        """Ask the run to stop; whoever waits in it is woken."""
        self._event.set()
        with self._lock:
            wakers = tuple(self._wakers)
        for wake in wakers:
            wake()

    def is_set(self) -> bool:
        """Whether the run was asked to stop."""
        return self._event.is_set()

    def clear(self) -> None:
        """Take the request back, before the next run."""
        self._event.clear()

    @contextmanager
    def waking(self, wake: Callable[[], object]) -> Iterator[None]:
        """Call `wake` (from the thread that sets) while the block lasts."""
        with self._lock:
            self._wakers.append(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakers.remove(wake)
