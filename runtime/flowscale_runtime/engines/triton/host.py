"""A node host that lives in Triton: a model with one instance, loaded when it starts and unloaded when it closes."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import orjson
import uuid_utils

from flowscale_runtime.engines import processes
from flowscale_runtime.engines.errors import HostDied, ServerDied
from flowscale_runtime.engines.triton import configs
from flowscale_runtime.engines.triton.errors import CallFailed, NotServed
from flowscale_runtime.engines.triton.server import Server, watch
from flowscale_runtime.engines.triton.servers import Servers
from flowscale_runtime.engines.values import Environment
from flowscale_runtime.engines.workspace import Workspace

log = logging.getLogger(__name__)
Tell = Callable[[dict[str, Any], bytes], None]
SERVES = "flowscale_runtime.engines.triton.stub:NodeHost"
LOG_BYTES = 1 << 18


class TritonHost:
    """Runs of one environment, each a request to a model of its own process. The model is named by the environment."""

    def __init__(self, environment: Environment, folder: Path, inputs: Path, servers: Servers) -> None:
        loop = asyncio.get_running_loop()
        self.environment = environment
        self.name = f"host-{uuid_utils.uuid7().hex[-12:]}"
        self.model = f"{environment.name}-{self.name[-12:]}"
        self.definitions: asyncio.Future[dict[str, Any]] = loop.create_future()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.idle_since = 0.0
        self._workspace, self._servers = Workspace(folder / self.name, inputs), servers
        self._died: asyncio.Future[HostDied] = loop.create_future()
        self._server: Server | None = None
        self._pid, self._serving = 0, False
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Has Triton load the model in the background; it is usable when `ready` is done."""
        self._workspace.make()
        self._spawn(self._begin())

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def alive(self) -> bool:
        return not self._died.done()

    async def run(self, job: dict[str, Any], tell: Tell) -> dict[str, Any]:
        """Runs a job; `tell` hears of progress and previews. Raises HostDied."""
        await self.ready
        self._forget_log()
        return await self._answer({"type": "run", **job}, "result", tell)

    async def check(self, question: dict[str, Any]) -> dict[str, Any]:
        """Whether a graph can run, also while another one does. Raises HostDied."""
        await self.definitions
        return await self._answer({"type": "check", **question}, "checked")

    def forget(self) -> None:
        """Asks for memory back: results and models of earlier jobs go once nothing runs."""
        self._spawn(self._say({"type": "forget"}))

    def interrupt(self) -> None:
        """Asks the job to stop at the next node or step."""
        self._spawn(self._say({"type": "stop"}))

    def kill(self) -> None:
        """Ends the process with everything it started."""
        self._fail(HostDied("its process was ended"))
        if self._pid:
            processes.end(self._pid, self.name)

    def log(self) -> str:
        """What the job printed, the last part of it."""
        try:
            data = self._log.read_bytes()
        except OSError:
            return ""
        return data[-LOG_BYTES:].decode(errors="replace")

    async def close(self) -> None:
        """Kills the process, has Triton forget the model, and removes the folder."""
        self.kill()
        if self._serving:
            self._servers.leave(self.environment.networks)
            self._serving = False
        if (server := self._server) and server.alive:
            with suppress(NotServed):
                await server.client.unload(self.model)
            server.repository.remove(self.model)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._workspace.remove)

    def clean(self) -> None:
        """Empties the folders that a job wrote into."""
        self._workspace.clean()

    @property
    def _log(self) -> Path:
        return self._workspace.folder / "log"

    async def _begin(self) -> None:
        try:
            self._server = server = await self._servers.server()
            self._spawn(self._end_with(server))
            await self._servers.serve(self.environment.networks)
            self._serving = True
            own = {
                "name": self.name,
                "log": str(self._log),
                "server": server.client.address,
                "shared": server.name,
            }
            own |= self._workspace.config(self.environment)
            parameters = {
                "serves": SERVES,
                "host": orjson.dumps(own).decode(),
            }
            config = configs.of_host(self.model, parameters, self._servers.device())
            server.repository.add(config)
            await server.client.load(self.model)
            await self._attach(server)
        except (NotServed, CallFailed, HostDied) as error:
            self._fail(error if isinstance(error, HostDied) else HostDied(f"{error} {self.log()}".strip()))

    async def _attach(self, server: Server) -> None:
        """Hears what the process says of itself until it can compute."""
        async for head, _ in server.client.ask(self.model, {"type": "attach"}):
            if head["type"] == "loaded":
                self._pid = head["pid"]
                watch(self._pid, self._process_ended)
            elif head["type"] == "described":
                self.definitions.set_result(head)
            else:
                self.ready.set_result(None)

    def _process_ended(self) -> None:
        self._fail(HostDied(f"its process ended: {last_words(self.log())}"))

    async def _end_with(self, server: Server) -> None:
        code = await asyncio.shield(server.died)
        self._fail(ServerDied(f"Triton ended with exit code {code}"))

    async def _answer(self, message: dict[str, Any], last: str, tell: Tell | None = None) -> dict[str, Any]:
        """The answer to a message; ends with the process, which Triton would wait for."""
        asking = asyncio.create_task(self._heard(message, last, tell))
        first: list[asyncio.Future[Any]] = [asking, self._died]
        try:
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if asking.done() and not asking.exception():
                return asking.result()
            if not self._died.done():
                self._fail(HostDied(f"its answer was cut off: {asking.exception()}"))
                processes.end(self._pid, self.name)
            raise self._died.result()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _heard(self, message: dict[str, Any], last: str, tell: Tell | None) -> dict[str, Any]:
        assert self._server
        async with aclosing(self._server.client.ask(self.model, message)) as answers:
            async for head, blob in answers:
                if head["type"] == last:
                    return head
                if tell:
                    tell(head, blob)
        raise CallFailed("the model gave no result")

    async def _say(self, message: dict[str, Any]) -> None:
        if self._server and self.alive:
            with suppress(CallFailed):
                async for _ in self._server.client.ask(self.model, message):
                    pass

    def _fail(self, error: HostDied) -> None:
        if not self._died.done():
            self._died.set_result(error)
        for waiting in (self.definitions, self.ready):
            if not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # told to whoever asks; nobody has to

    def _forget_log(self) -> None:
        with suppress(OSError):
            self._log.write_bytes(b"")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def last_words(text: str) -> str:
    """The line of a log that says best why its process ended."""
    lines = [line for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    return next(iter([*fatal, *reversed(lines)]), "it said nothing")
