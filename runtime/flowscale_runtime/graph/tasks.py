"""Async nodes at work, side by side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .interrupt import Interrupt


class Tasks:
    """Tasks of nodes; the first failure, or an interruption, is raised where they are waited for."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt
        self._tasks: set[asyncio.Task[None]] = set()

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Let a node work beside the others."""
        self._tasks.add(asyncio.ensure_future(work))

    async def breathe(self) -> None:
        """Let tasks go on while plain nodes have work too."""
        await asyncio.sleep(0)
        self._collect()

    async def wait(self) -> None:
        """Until a task is done or the run is interrupted."""
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            loop.call_soon_threadsafe(_resolve, woken)

        with self._interrupt.waking(wake):
            if self._interrupt.is_set():
                raise Interrupted
            await asyncio.wait({*self._tasks, woken}, return_when=asyncio.FIRST_COMPLETED)
        self._collect()

    def _collect(self) -> None:
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            task.result()

    async def cancel(self) -> None:
        """Stop them all, and wait until they have."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
