"""The process that computes networks for callers of the API, as the worker sees it: started by the first question."""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson
import uuid_utils

from flowscale_runtime.engines import frames, processes
from flowscale_runtime.engines.networks.errors import Broke
from flowscale_runtime.engines.networks.values import Network, Tensor, joined, split

Reply = tuple[dict[str, Any], bytes]


class NetworkProcess:
    """One process, started anew by the first question after it died. It computes one pass at a time."""

    def __init__(self, budget: int | None) -> None:
        self._budget, self._name = budget, f"networks-{uuid_utils.uuid7().hex[-12:]}"
        self._process: asyncio.subprocess.Process | None = None
        self._asked: dict[int, asyncio.Future[Reply]] = {}
        self._starting, self._number = asyncio.Lock(), 0

    async def ready(self, network: Network) -> None:
        """Returns once a network is loaded. Raises NetworkError."""
        await self._ask({"type": "load", "network": network.to_json()})

    async def infer(self, network: Network, given: Sequence[Tensor]) -> list[Tensor]:
        """One pass of a network. Raises NetworkError."""
        tensors, blob = joined(given)
        head = {"type": "pass", "network": network.to_json(), "tensors": tensors}
        found, raw = await self._ask(head, blob)
        return split(found["tensors"], raw)

    async def close(self) -> None:
        """Ends the process."""
        if self._process and self._process.returncode is None:
            processes.end(self._process.pid, self._name)
            await self._process.wait()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _ask(self, head: dict[str, Any], blob: bytes = b"") -> Reply:
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                await self._start()
        self._number += 1
        number, answered = self._number, asyncio.get_running_loop().create_future()
        self._asked[number] = answered
        try:
            self._writer.write(frames.pack({**head, "id": number}, blob))
            reply: Reply = await answered
        finally:
            self._asked.pop(number, None)
        if error := reply[0].get("error"):
            raise Broke(error)
        return reply

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-u", "-m", "flowscale_runtime.engines.networks.process"),
                str(theirs.fileno()),
                orjson.dumps({"budget": self._budget}).decode(),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=processes.PATIENT | os.environ | {processes.MARK: self._name},
            )
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=1 << 24)
        self._listening = asyncio.create_task(self._listen(reader, self._process))

    async def _listen(self, reader: asyncio.StreamReader, process: asyncio.subprocess.Process) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head, blob = await frames.receive(reader)
                if (asked := self._asked.get(head["id"])) and not asked.done():
                    asked.set_result((head, blob))
        code = await process.wait()
        self._writer.close()
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(Broke(f"the process of networks ended with exit code {code}"))
