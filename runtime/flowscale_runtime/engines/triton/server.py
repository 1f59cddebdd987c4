"""One tritonserver process: started, asked, watched, ended with what it leaves in shared memory."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import httpx
import uuid_utils

from flowscale_runtime.engines import processes
from flowscale_runtime.engines.errors import ServerDied
from flowscale_runtime.engines.triton import leftovers
from flowscale_runtime.engines.triton.client import Client
from flowscale_runtime.engines.triton.installation import Installation
from flowscale_runtime.engines.triton.repository import Repository

PORT = 1  # of a socket in a folder of our own: Triton wants a number, and makes it part of the file's name
PATIENCE = 60.0  # seconds that a server may take to start
LOOK_EVERY = 0.05  # seconds between two looks whether it has
SHARED = Path("/dev/shm")  # noqa: S108  where Linux keeps what processes share
CACHE_BYTES = 64 << 20


class Server:
    """A Triton server whose models are loaded and unloaded one by one. Only this user can reach its socket."""

    def __init__(self, installation: Installation) -> None:
        self.name = f"triton-{uuid_utils.uuid7().hex[-12:]}"
        self._installation = installation
        self._folder = Path(tempfile.mkdtemp(prefix="flowscale-"))  # a socket's path has 107 bytes at most
        self.repository = Repository(self._folder / "models")
        self.client = Client(f"unix:{self._folder}/grpc:{PORT}")
        self.died: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.networks: set[str] = set()  # models of networks that are loaded
        self._process: subprocess.Popen[bytes] | None = None
        self._metrics = free_port()
        self._mark: BinaryIO | None = None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and not self.died.done()

    async def start(self) -> None:
        """Starts the process and returns when it takes requests. Raises ServerDied.

        What servers left in shared memory whose worker was killed goes first.
        """
        leftovers.sweep(SHARED)
        self._mark = leftovers.own(SHARED, self.name)
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  the program is the one that the installation names
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=self._installation.environment(
                    processes.PATIENT | os.environ | {processes.MARK: self.name}
                ),
            )
        watch(self._process.pid, self._ended)
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self.client.live():
                    if self.died.done():
                        raise ServerDied(f"Triton ended with exit code {self.died.result()}: {self.log()}")
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError as error:
            self.kill()
            raise ServerDied(f"Triton didn't start within {PATIENCE:g} seconds: {self.log()}") from error

    def log(self, lines: int = 5) -> str:
        """The last lines that the server wrote."""
        with suppress(OSError):
            text = (self._folder / "log").read_text(errors="replace")
            return "\n".join(text.splitlines()[-lines:])
        return ""

    async def metrics(self) -> str:
        """Triton's own metrics, as Prometheus reads them."""
        async with httpx.AsyncClient() as client:
            with suppress(httpx.HTTPError):
                return (await client.get(f"http://127.0.0.1:{self._metrics}/metrics")).text
        return ""

    def kill(self) -> None:
        """Ends the server with every model in it."""
        if self._process:
            processes.end(self._process.pid, self.name)

    async def close(self) -> None:
        """Ends the server and removes what it leaves."""
        self.kill()
        if self._process:
            await self.died
        await self.client.close()
        await asyncio.to_thread(self._remove)
        if self._mark is not None:
            self._mark.close()

    def _ended(self) -> None:
        assert self._process
        self.died.set_result(self._process.wait())

    def _remove(self) -> None:
        for region in SHARED.glob(f"{self.name}*"):
            region.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self) -> list[str]:
        found = self._installation
        caches = ["--cache-directory", str(found.caches), f"--cache-config=local,size={CACHE_BYTES}"]
        return [
            *(sys.executable, "-m", processes.__name__),
            *(str(found.program), f"--id={self.name}"),
            *("--model-repository", str(self.repository.folder), "--model-control-mode=explicit"),
            *("--backend-directory", str(found.backends), "--disable-auto-complete-config"),
            f"--backend-config=python,shm-region-prefix-name={self.name}-",
            *(caches if found.caches.is_dir() else ()),
            *(f"--grpc-address=unix:{self._folder}/grpc", f"--grpc-port={PORT}", "--allow-http=false"),
            *("--metrics-address=127.0.0.1", f"--metrics-port={self._metrics}"),
            *("--strict-readiness=false", "--exit-timeout-secs=1"),
        ]


def watch(pid: int, ended: Callable[[], None]) -> None:
    """Calls `ended` once when a process of this machine, child or not, has ended."""
    loop, descriptor = asyncio.get_running_loop(), os.pidfd_open(pid)

    def over() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        ended()

    loop.add_reader(descriptor, over)


def free_port() -> int:
    """A TCP port of this machine that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
