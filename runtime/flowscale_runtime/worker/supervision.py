"""Watching one run on its host: time, memory, and the wish to stop. What must end, ends with all it started."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from flowscale_runtime.engines import processes
from flowscale_runtime.worker.errors import AttemptFailed, OutOfMemory, OutOfTime, Stopped
from flowscale_runtime.worker.ports import Host, Tell

GRACE = 0.5  # seconds that a node has to notice that it shall stop
LOOK_EVERY = 0.1  # seconds between two looks at the memory


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a run may take: seconds, and bytes of memory (None: what the machine has)."""

    timeout: float
    memory: int | None


async def supervise(
    host: Host, job: dict[str, Any], bounds: Bounds, stop: Awaitable[object], tell: Tell
) -> dict[str, Any]:
    """Runs a job within its bounds; answers with the engine's result.

    Raises HostDied, OutOfTime, OutOfMemory, or Stopped when `stop` came first. A host that doesn't stop by itself
    is dead afterwards.
    """
    watching: list[asyncio.Future[Any]] = [stopped := asyncio.ensure_future(stop)]
    try:
        await host.ready
        watching += [run := asyncio.ensure_future(host.run(job, tell))]
        watching += [memory := asyncio.ensure_future(_exceeds(host.pid, bounds.memory))]
        await asyncio.wait(watching, timeout=bounds.timeout, return_when=asyncio.FIRST_COMPLETED)
        if run.done():
            return run.result()
        await _end(host, run, politely=not memory.done())
        raise _reason(stopped, memory, bounds)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


async def _end(host: Host, run: "asyncio.Future[dict[str, Any]]", *, politely: bool) -> None:
    if politely:
        host.interrupt()
        await asyncio.wait({run}, timeout=GRACE)
    if not run.done() or run.exception():
        host.kill()
    elif host.pid is not None:
        processes.end_children(host.pid)


def _reason(
    stopped: "asyncio.Future[object]", memory: "asyncio.Future[int]", bounds: Bounds
) -> AttemptFailed:
    if stopped.done():
        return Stopped("the run was ended")
    if memory.done():
        held, allowed = memory.result() / 2**20, (bounds.memory or 0) / 2**20
        return OutOfMemory(f"The run took {held:.0f} MiB of memory; its deployment allows {allowed:.0f} MiB.")
    return OutOfTime(f"The run took longer than {bounds.timeout:g} seconds, which its deployment allows.")


async def _exceeds(pid: int | None, limit: int | None) -> int:
    """Returns with the resident bytes once they pass the limit."""
    while pid is None or limit is None:
        await asyncio.Event().wait()
    while True:
        await asyncio.sleep(LOOK_EVERY)
        held = await asyncio.to_thread(processes.resident, pid)
        if held > limit:
            return held
