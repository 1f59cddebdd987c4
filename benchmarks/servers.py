"""Server processes: started on a free port, ready when they answer, their CPU seconds and memory read, ended."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import client
import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).parent
SERVED = HERE / "served"
PATIENCE = 120.0  # seconds until a server that doesn't answer is given up
STEP = 0.005
PR_SET_PDEATHSIG = 1


class NotStarted(Exception):
    """A server that didn't answer in time, or ended; with the last lines of its log."""


@dataclass(frozen=True)
class Process:
    """A server process and those that it started."""

    handle: subprocess.Popen[bytes]
    log: Path

    def cpu(self, *, children: bool = True) -> float:
        """CPU seconds until now."""
        return sum(_cpu(one) for one in self._family(children=children))

    def memory(self, *, children: bool = False) -> int:
        """Resident bytes of the process, or of its children alone."""
        family = self._family(children=children)
        return sum(_resident(one) for one in (family[1:] if children else family))

    def idle(self, seconds: float, *, children: bool = True) -> float:
        """CPU seconds a second while nothing is asked of it."""
        before = self.cpu(children=children)
        time.sleep(seconds)
        return max(self.cpu(children=children) - before, 0.0) / seconds

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def _family(self, *, children: bool) -> list[psutil.Process]:
        one = psutil.Process(self.handle.pid)
        return [one, *one.children(recursive=True)] if children else [one]


@dataclass(frozen=True)
class FlowScale:
    """A `flowscale serve` and its owner's key."""

    process: Process
    url: str
    key: str
    data: Path

    def submission(self, body: bytes, *, deployment: str, wait: int = 0) -> bytes:
        """A request for a run, as JSON."""
        url = f"{self.url}/api/v1/runs?workflow_id={deployment}" + (f"&wait={wait}" if wait else "")
        return client.request(url, body, headers={"Content-Type": "application/json", "X-API-KEY": self.key})

    def submit(self, body: bytes, *, deployment: str, wait: int = 0) -> dict:
        """What one submission answers."""
        answer = client.send(self.url, [self.submission(body, deployment=deployment, wait=wait)]).answers[0]
        return json.loads(answer.body)["data"]


DEPLOYMENT = """apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {{name: {name}}}
spec: {{source: {name}.json, version: 1.0.0, inputs: {{{input}: {{from: {target}}}}}}}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {{name: {name}}}
spec: {{workflow: {name}, {terms}}}
"""


def write(
    folder: Path, graphs: Mapping[str, object], given: tuple[str, str], terms: str, others: Sequence[str] = ()
) -> None:
    """A spec folder with a deployment of each graph; `given` is its input and where that goes, `terms` what its
    deployment says, `others` documents beside."""
    folder.mkdir(exist_ok=True)
    documents = [
        DEPLOYMENT.format(name=name, input=given[0], target=given[1], terms=terms) for name in graphs
    ]
    (folder / "flowscale.yaml").write_text("---\n".join([*others, *documents]))
    for name, graph in graphs.items():
        (folder / f"{name}.json").write_text(json.dumps(graph))


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[Process]:
    """A process that ends with the block, and everything that it started with it."""
    with tempfile.NamedTemporaryFile("wb", suffix=".log") as log:
        handle = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(environment or {}),
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  benchmarks have one thread
        )
        process = Process(handle, Path(log.name))
        try:
            yield process
        finally:
            end(handle)


@contextmanager
def flowscale(
    folder: Path,
    data: Path | None = None,
    *,
    workers: int = 0,
    engine: str = "inprocess",
    comfyui_port: int | None = None,
) -> Iterator[FlowScale]:
    """`flowscale serve` on a free port, ready for runs; with a data folder of its own where none is given, and with
    ComfyUI's protocol on a port of its own where one is (0: a free one)."""
    with tempfile.TemporaryDirectory(prefix="flowscale-") as own:
        data = data or Path(own) / "data"
        command = [str(Path(sys.executable).with_name("flowscale")), "serve", str(folder), "--port", "0"]
        command += ["--data", str(data), "--workers", str(workers), "--engine", engine]
        command += [] if comfyui_port is None else ["--comfyui-port", str(comfyui_port)]
        with running(command) as process:
            url = announced(process, data)
            answering(process, f"{url}/readyz")
            yield FlowScale(process, url, (data / "owner.key").read_text().strip(), data)


def announced(process: Process, data: Path) -> str:
    """The address that a FlowScale server says it listens on."""
    for _ in _until(process):
        with suppress(FileNotFoundError, json.JSONDecodeError):
            said = json.loads((data / "server.json").read_text())
            if said["pid"] == process.handle.pid:  # not what a server that was killed has left
                return said["url"]
    raise NotStarted(f"the server didn't start:\n{process.tail()}")


def answering(process: Process, url: str) -> None:
    """Returns when a URL answers 2xx."""
    for _ in _until(process):
        with suppress(OSError), urllib.request.urlopen(url, timeout=10) as answer:
            if answer.status < 300:
                return
    raise NotStarted(f"{url} doesn't answer:\n{process.tail()}")


def die_with_parent() -> None:
    """In a process that starts: Linux ends it when the benchmark is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port() -> int:
    """A TCP port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def end(handle: subprocess.Popen[bytes]) -> None:
    """Kills a process and its descendants: nothing of a benchmark outlives it."""
    with suppress(psutil.Error):
        one = psutil.Process(handle.pid)
        family = [*one.children(recursive=True), one]
        for each in family:
            with suppress(psutil.Error):
                each.kill()
        psutil.wait_procs(family[:-1], timeout=10)
    handle.wait()


def _until(process: Process) -> Iterator[None]:
    """Comes every few milliseconds for as long as it is worth waiting for a process."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.handle.poll() is None:
        yield
        time.sleep(STEP)


def _cpu(process: psutil.Process) -> float:
    """Seconds on a core: to the nanosecond where Linux counts so, else in ticks of ten milliseconds."""
    with suppress(psutil.Error, OSError):
        times = [path.read_text() for path in Path(f"/proc/{process.pid}/task").glob("*/schedstat")]
        if times:
            return sum(int(one.split()[0]) for one in times) / 1e9
        ticks = process.cpu_times()
        return ticks.user + ticks.system
    return 0.0


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return process.memory_info().rss
    return 0
