"""A host that computes nothing itself: each of its runs goes to one of the ComfyUI servers of its environment."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import httpx
import uuid_utils

from flowscale_runtime.engines.comfyui.client import Client, files_of
from flowscale_runtime.engines.comfyui.errors import Busy, Refused
from flowscale_runtime.engines.comfyui.hearing import ending, outputs
from flowscale_runtime.engines.comfyui.prompt import Invalid, Prompt, stopped
from flowscale_runtime.engines.comfyui.servers import Servers
from flowscale_runtime.engines.errors import HostDied
from flowscale_runtime.engines.problems import failure, refusal
from flowscale_runtime.engines.teller import Teller
from flowscale_runtime.engines.values import Environment
from flowscale_runtime.engines.workspace import Workspace
from flowscale_workflows import saved
from flowscale_workflows.errors import WorkflowError

Tell = Callable[[dict[str, Any], bytes], None]
Message = dict[str, Any]
LEAVE = 5.0  # seconds that a server has to hear that a prompt is to stop
KINDS = ("output", "temp")


class ComfyUIHost:
    """Runs of one environment, one at a time, each on the server of the pool that is the least busy then."""

    pid: int | None = None

    def __init__(self, environment: Environment, folder: Path, inputs: Path, servers: Servers) -> None:
        self.environment = environment
        self.name = f"host-{uuid_utils.uuid7().hex[-12:]}"
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.idle_since = 0.0
        self._workspace, self._inputs, self._servers = Workspace(folder / self.name, inputs), inputs, servers
        self._described: asyncio.Task[Message] | None = None
        self._computing: asyncio.Task[Message] | None = None
        self._prompt: Prompt | None = None
        self._dead = self._stopping = False
        self._log: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Makes its folder; that a server answers is for each run to find out."""
        self._workspace.make()
        self.ready.set_result(None)

    @property
    def definitions(self) -> "asyncio.Future[Message]":
        """What the first server that answers says of its nodes."""
        if self._described is None or (self._described.done() and self._described.exception()):
            self._described = asyncio.create_task(self._describe())
        return self._described

    @property
    def alive(self) -> bool:
        return not self._dead

    async def run(self, job: dict[str, Any], tell: Tell) -> Message:
        """Has a server compute a job; `tell` hears of progress and previews. Raises HostDied."""
        self._log, self._stopping = [], False
        self._computing = asyncio.create_task(self._computed(job, tell))
        try:
            return await self._computing
        except asyncio.CancelledError:
            if self._dead:
                raise HostDied("it was told to end") from None
            if self._stopping and self._computing.cancelled():
                return _result("interrupted", 0.0)
            raise

    async def check(self, question: dict[str, Any]) -> Message:
        """Says yes: the server checks a graph when it gets it."""
        return {"ok": True, "targets": list(question.get("targets") or ()), "error": None, "node_errors": {}}

    def forget(self) -> None:
        """Nothing is kept here."""

    def interrupt(self) -> None:
        """Asks the server to stop the prompt; one that no server has yet just ends."""
        self._stopping = True
        if self._prompt:
            self._spawn(self._prompt.stop())
        elif self._computing:
            self._computing.cancel()

    def kill(self) -> None:
        """Waits for the run no longer."""
        self._dead = True
        if self._computing:
            self._computing.cancel()

    def log(self) -> str:
        """Which server computed, and the traceback of a node that failed."""
        return "\n".join(self._log)

    async def close(self) -> None:
        """Lets go of the run and removes the folder."""
        self.kill()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LEAVE)
        for task in (*self._tasks, *filter(None, [self._described])):
            task.cancel()
        await asyncio.to_thread(self._workspace.remove)

    def clean(self) -> None:
        """Empties the folders that a job wrote into."""
        self._workspace.clean()

    async def _describe(self) -> Message:
        async with Client(await self._servers.any(self.environment.comfyui)) as client:
            try:
                definitions = saved.parse(await client.definitions(), client.url)
            except (WorkflowError, Busy, httpx.TransportError) as error:
                raise Refused(f"{client.url} doesn't tell its nodes: {error}") from error
        return {
            "type": "described",
            "definitions": definitions,
            "packs": saved.digests(definitions),
            "web": {},
            "failures": [],
        }

    async def _computed(self, job: Mapping[str, Any], tell: Tell) -> Message:
        async with self._servers.one(self.environment.comfyui) as client:
            try:
                graph = await self._with_files(client, job["graph"])
                extra = {"flowscale": job.get("extra") or {}}
                prompt = Prompt(client, graph, job["targets"], extra, Teller(tell), self._servers.patience)
                self._log.append(f"{client.url} computes this as prompt {prompt.id}")
                return await self._answer(prompt, client, job)
            except Invalid as invalid:
                error = refusal(invalid.said.get("error"), invalid.said.get("node_errors") or {})
                return _result("failed", 0.0, error=error)
            except (Busy, httpx.TransportError) as error:
                raise HostDied(f"{client.url} was lost: {error}") from error

    async def _answer(self, prompt: Prompt, client: Client, job: Mapping[str, Any]) -> Message:
        self._prompt = prompt
        ended, removed = asyncio.create_task(prompt.ended()), asyncio.create_task(prompt.removed.wait())
        try:
            await asyncio.wait({ended, removed}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                self._spawn(self._left(client.url, prompt.id))  # it may be on its way there
                return _result("interrupted", 0.0)
            entry = ended.result()
        except asyncio.CancelledError:
            self._spawn(self._left(client.url, prompt.id))
            raise
        finally:
            self._prompt = None
            ended.cancel()
            removed.cancel()
            await asyncio.gather(ended, removed, return_exceptions=True)
        status, seconds, said = ending(entry)
        result = _result(status, seconds, timings=prompt.hearing.seconds)
        if status == "failed":
            self._log += [str(line).rstrip() for line in said.get("traceback") or ()]
            return result | {"error": self._failure(job["graph"], said)}
        if status == "completed":
            result["outputs"] = await self._fetched(client, outputs(entry, list(job["targets"])))
        return result

    async def _left(self, url: str, prompt_id: str) -> None:
        """Stops a prompt that nobody waits for any more."""
        async with Client(url) as client:
            await stopped(client, prompt_id)

    def _failure(self, graph: Mapping[str, Any], said: Mapping[str, Any]) -> Message:
        node = str(said.get("node_id") or "?")
        return failure(
            node_id=node,
            title=graph.get(node, {}).get("_meta", {}).get("title"),
            class_type=str(said.get("node_type") or "node"),
            message=str(said.get("exception_message") or "it failed").strip(),
            exception_type=str(said.get("exception_type") or ""),
        )

    async def _with_files(self, client: Client, graph: Mapping[str, Any]) -> dict[str, Any]:
        """The graph with the run's files put into the server's input folder, under the names that it gives them."""
        named: dict[str, str] = {}

        async def sent(value: Any) -> Any:
            if isinstance(value, list):
                return [await sent(one) for one in value]
            if not isinstance(value, str) or not self._is_input(value):
                return value
            if value not in named:
                named[value] = await client.upload(self._inputs / value)
            return named[value]

        return {
            key: {**node, "inputs": {name: await sent(value) for name, value in node["inputs"].items()}}
            for key, node in graph.items()
        }

    def _is_input(self, value: str) -> bool:
        return (
            0 < len(value) < 256 and PurePosixPath(value).name == value and (self._inputs / value).is_file()
        )

    async def _fetched(self, client: Client, shown: dict[str, dict[str, list[Any]]]) -> list[dict[str, Any]]:
        """What the targets saved, fetched to where a host of ours would have it, with its hash and facts."""
        folders = {kind: self._workspace.folder / kind for kind in KINDS}
        for file in files_of(shown):
            folder = folders.get(str(file.get("type") or "output"))
            if folder is None:
                continue
            path = (folder / str(file.get("subfolder") or "") / str(file["filename"])).resolve()
            if not path.is_relative_to(folder.resolve()):
                raise Refused(f"{client.url} names a file outside of its folder: {file['filename']}")
            await client.download(file, path)
        return await asyncio.to_thread(_collected, shown, folders)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _collected(shown: dict[str, dict[str, list[Any]]], folders: Mapping[str, Path]) -> list[dict[str, Any]]:
    from flowscale_runtime.engines.artifacts import collect  # codecs, that only a result needs

    return collect(shown, folders)


def _result(status: str, seconds: float, **more: Any) -> Message:
    return {"type": "result", "status": status, "seconds": seconds, **more}
