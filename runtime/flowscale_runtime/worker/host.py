"""A host process as the worker sees it: started, given a job, interrupted, killed."""

import asyncio
import os
import socket
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import uuid_utils

from flowscale_runtime.engines import frames, processes
from flowscale_runtime.engines.errors import HostDied
from flowscale_runtime.engines.networks.values import Network, Tensor
from flowscale_runtime.engines.values import Environment
from flowscale_runtime.engines.workspace import Workspace
from flowscale_runtime.worker.networks import NetworkProcess
from flowscale_runtime.worker.ports import Tell

LOG_LINES = 2000


class ProcessHost:
    """One host process. It runs one job at a time; when it dies, whoever waits is told."""

    def __init__(self, environment: Environment, folder: Path, inputs: Path) -> None:
        self.environment = environment
        self.name = f"host-{uuid_utils.uuid7().hex[-12:]}"
        self.definitions: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.idle_since = 0.0
        self._workspace = Workspace(folder / self.name, inputs)
        self._result: asyncio.Future[dict[str, Any]] | None = None
        self._tell: Tell | None = None
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._log: deque[bytes] = deque(maxlen=LOG_LINES)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Starts the process; it is usable when `ready` is done."""
        self._workspace.make()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = await self._spawn(theirs.fileno())
            except BaseException:
                ours.close()
                raise
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=1 << 24)
        self._tasks = [asyncio.create_task(self._listen(reader)), asyncio.create_task(self._read_log())]

    async def _spawn(self, channel: int) -> asyncio.subprocess.Process:
        own = self.environment.own
        return await asyncio.create_subprocess_exec(
            *(str(own.python if own else sys.executable), "-u", "-m", "flowscale_runtime.engines.host"),
            str(channel),
            orjson.dumps(self._workspace.config(self.environment)).decode(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=[channel],
            start_new_session=True,
            env=processes.PATIENT | os.environ | {processes.MARK: self.name},
            limit=1 << 20,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._dead

    async def run(self, job: dict[str, Any], tell: Tell) -> dict[str, Any]:
        """Runs a job; `tell` hears of progress and previews. Raises HostDied."""
        await self.ready
        self._log.clear()
        self._result, self._tell = asyncio.get_running_loop().create_future(), tell
        self._send({"type": "run", **job})
        return await self._result

    async def check(self, question: dict[str, Any]) -> dict[str, Any]:
        """Whether a graph can run, also while another one does. Raises HostDied."""
        await self.ready
        if not self.alive:
            raise HostDied("its process has ended")
        number = max(self._asked, default=0) + 1
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[number] = answered
        try:
            self._send({"type": "check", "id": number, **question})
            return await answered
        finally:
            del self._asked[number]

    def forget(self) -> None:
        """Asks for memory back: results and models of earlier jobs go once nothing runs."""
        self._send({"type": "forget"})

    def interrupt(self) -> None:
        """Asks the job to stop at the next node or step."""
        self._send({"type": "stop"})

    def kill(self) -> None:
        """Ends the process with everything it started."""
        self._dead = True
        processes.end(self._process.pid, self.name)

    def log(self) -> str:
        """What the job printed, the last lines of it."""
        return b"".join(self._log).decode(errors="replace")

    async def close(self) -> None:
        """Kills the process and removes its folder."""
        self.kill()
        await self._process.wait()
        self._writer.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._workspace.remove)

    def clean(self) -> None:
        """Empties the folders that a job wrote into."""
        self._workspace.clean()

    _dead = False

    def _send(self, head: dict[str, Any]) -> None:
        if not self._dead:
            self._writer.write(frames.pack(head))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                self._take(*await frames.receive(reader))
        except (asyncio.IncompleteReadError, ConnectionError):
            self._dead = True
            code = await self._process.wait()
            self._fail(HostDied(_ended(code)))

    def _take(self, head: dict[str, Any], blob: bytes) -> None:
        kind = head["type"]
        if kind == "result" and self._result:
            if not self._result.done():
                self._result.set_result(head)
        elif kind == "checked":
            if (asked := self._asked.get(head["id"])) and not asked.done():
                asked.set_result(head)
        elif kind == "described":
            self.definitions.set_result(head)
        elif kind == "ready":
            self.ready.set_result(None)
        elif self._tell:
            self._tell(head, blob)

    def _fail(self, error: HostDied) -> None:
        for waiting in (self.definitions, self.ready, self._result, *self._asked.values()):
            if waiting and not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # told to whoever asks; nobody has to

    async def _read_log(self) -> None:
        assert self._process.stdout
        while chunk := await self._process.stdout.read(1 << 16):
            self._log.append(chunk)


def _ended(code: int) -> str:
    if code < 0:
        return f"its process was ended by signal {-code}"
    return f"its process ended with exit code {code}"


class ProcessEngine:
    """The in-process engine: every host is a process of ours, and one more computes networks for callers of the API.

    `budget` is the bytes of networks that a process keeps in memory; None keeps all.
    """

    def __init__(self, budget: int | None = None) -> None:
        self._networks = NetworkProcess(budget)

    def host(self, environment: Environment, folder: Path, inputs: Path) -> ProcessHost:
        """A host that isn't started."""
        return ProcessHost(environment, folder, inputs)

    async def ready(self, network: Network) -> None:
        """Returns once a network is loaded. Raises NetworkError."""
        await self._networks.ready(network)

    async def infer(self, network: Network, given: Sequence[Tensor]) -> list[Tensor]:
        """One pass of a network. Raises NetworkError."""
        return await self._networks.infer(network, given)

    async def metrics(self) -> str:
        """Nothing beyond what the gateway counts."""
        return ""

    async def close(self) -> None:
        """Ends the process of networks; hosts share nothing."""
        await self._networks.close()
