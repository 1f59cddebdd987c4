"""Host processes by environment: started when wanted, kept while they are of use, replaced when they die."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flowscale_runtime.engines.errors import HostDied
from flowscale_runtime.engines.values import Environment
from flowscale_runtime.worker.host import ProcessHost
from flowscale_runtime.worker.ports import Host, Make

LONGEST_CHECK = 30.0  # seconds


class Pool:
    """At most `size` hosts, or as many as ComfyUI servers are wanted where these are more; a host serves one run at a
    time, of its own environment. `make` picks the engine."""

    def __init__(self, folder: Path, inputs: Path, size: int, make: Make = ProcessHost) -> None:
        self._size, self._make = size, make
        self._folder, self._inputs = folder, inputs
        self._hosts: list[Host] = []
        self._busy: set[Host] = set()
        self._wanted: dict[str, Environment] = {}
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def size(self) -> int:
        """How many hosts there may be."""
        servers = {server for environment in self._wanted.values() for server in environment.comfyui}
        return max(self._size, len(servers))

    @property
    def hosts(self) -> tuple[tuple[Host, bool], ...]:
        """Every host, and whether it runs something."""
        return tuple((host, host in self._busy) for host in self._hosts)

    def use(self, environments: Iterable[Environment]) -> None:
        """Names the environments that are served; hosts of others end when they are idle."""
        self._wanted = {environment.name: environment for environment in environments}

    def capacity(self) -> dict[str, int]:
        """Runs that could start now, by environment: on idle hosts, or on hosts to be started or evicted."""
        free = self.size - len(self._busy)
        rooms = {name: min(free, self._room(environment)) for name, environment in self._wanted.items()}
        return {name: room for name, room in rooms.items() if room > 0}

    async def acquire(self, environment: str) -> Host:
        """A host of this environment, for one run. Start-up may go on: `Host.run` waits for it."""
        wanted = self._wanted[environment]
        host = next((host for host in self._idle() if host.environment == wanted), None)
        if host is None:
            await self._make_room()
            host = await self._start(wanted)
        self._busy.add(host)
        return host

    async def release(self, host: Host, now: float) -> None:
        """Gives a host back; one that died or isn't wanted any more goes."""
        self._busy.discard(host)
        host.idle_since = now
        if not host.alive or self._wanted.get(host.environment.name) != host.environment:
            await self._close(host)
        else:
            host.clean()

    async def describe(self, environment: Environment) -> dict[str, Any]:
        """What a host of this environment says of its nodes; the host stays for the runs to come."""
        for host in self._hosts:
            if host.environment == environment and host.alive:
                return await host.definitions
        self._wanted.setdefault(environment.name, environment)
        await self._make_room()
        return await (await self._start(environment)).definitions

    async def check(self, environment: Environment, question: dict[str, Any]) -> dict[str, Any]:
        """Whether a graph can run, says a host of this environment: an idle one where there is one.

        A graph that kills the host, or keeps it from answering, is `broken`.
        """
        alive = [host for host in self._hosts if host.environment == environment and host.alive]
        host = next((host for host in alive if host not in self._busy), alive[0] if alive else None)
        if host is None:
            self._wanted.setdefault(environment.name, environment)
            await self._make_room()
            host = await self._start(environment)
        try:
            async with asyncio.timeout(LONGEST_CHECK):
                return await host.check(question)
        except HostDied as died:
            return {"broken": str(died)}
        except TimeoutError:
            if host not in self._busy:
                host.kill()
            return {"broken": f"it took longer than {LONGEST_CHECK:g} seconds"}

    def forget(self) -> None:
        """Every host gives back memory once it is idle."""
        for host in self._hosts:
            host.forget()

    async def shrink(self, now: float, idle_timeout: float) -> None:
        """Ends hosts that were idle for longer than `idle_timeout` seconds, but the first of each environment."""
        kept: set[str] = set()
        for host in self._idle():
            first = host.environment.name not in kept
            kept.add(host.environment.name)
            if not first and now - host.idle_since > idle_timeout:
                await self._close(host)

    async def close(self) -> None:
        """Ends every host."""
        await asyncio.gather(*(self._close(host) for host in list(self._hosts)))
        await asyncio.gather(*self._ending)

    def _room(self, environment: Environment) -> int:
        """Runs that an environment's servers could take, one each; any number where it has none."""
        if not environment.comfyui:
            return self.size
        servers = set(environment.comfyui)
        return len(servers) - sum(bool(servers.intersection(host.environment.comfyui)) for host in self._busy)

    def _idle(self) -> list[Host]:
        return [host for host in self._hosts if host not in self._busy and host.alive]

    async def _make_room(self) -> None:
        """Ends the host that has been idle the longest, where there is no room for another one."""
        if len(self._hosts) >= self.size:
            idle = sorted(self._idle(), key=lambda host: host.idle_since)
            for host in idle[: len(self._hosts) - self.size + 1]:
                await self._close(host)

    async def _start(self, environment: Environment) -> Host:
        host = self._make(environment, self._folder, self._inputs)
        starting = asyncio.ensure_future(host.start())
        try:
            await asyncio.shield(starting)
        finally:
            await starting
            self._hosts.append(host)
        return host

    async def _close(self, host: Host) -> None:
        if host in self._hosts:
            self._hosts.remove(host)
            ending = asyncio.create_task(host.close())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            await asyncio.shield(ending)
