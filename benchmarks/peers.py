"""The servers that FlowScale is measured beside: pinned, installed apart from it, started with a request to repeat.

Each lives in an environment of its own in `$XDG_CACHE_HOME/flowscale/peers/NAME`, made at the first use.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import client
from servers import HERE, SERVED, Process, answering, free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PINS = {
    "comfy-api-proxy": ("comfy-api-proxy==0.1.6", "aiohttp==3.13.3"),
    "kserve": ("kserve==0.21.0",),
    "bentoml": ("bentoml==1.4.39",),
    "ray": ("ray[serve]==2.60.0",),
}
RIGS = HERE / "rigs"
PATIENCE = 600.0  # seconds for one installation
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TEXT = {"text": "hello"}


class Missing(Exception):
    """A peer that can't be had here, and why."""


@dataclass(frozen=True)
class Rig:
    """A server that runs, and the request that asks it for nothing."""

    name: str
    process: Process
    url: str
    request: bytes


def installed(name: str) -> Path:
    """The `bin` folder of a peer's environment. Raises Missing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "flowscale" / "peers" / name
    noted, pins = home / "pins.txt", "\n".join((*PINS[name], sys.version))
    if not noted.is_file() or noted.read_text() != pins:
        shutil.rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        _call("uv", "venv", "--quiet", "--python", sys.executable, str(home))
        _call("uv", "pip", "install", "--quiet", "--python", str(home / "bin" / "python"), *PINS[name])
        noted.write_text(pins)
    return home / "bin"


def _call(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{command[0]} {command[1]} failed: {error}") from error
    if done.returncode:
        raise Missing(" ".join(done.stderr.split())[:300])


@contextmanager
def comfy_stub() -> Iterator[Rig]:
    """The stub that stands for ComfyUI behind comfy-api-proxy."""
    python, port = installed("comfy-api-proxy") / "python", free_port()
    url = f"http://127.0.0.1:{port}"
    with running([str(python), str(RIGS / "comfy_stub.py"), str(port)]) as process:
        answering(process, f"{url}/queue")
        body = json.dumps({"prompt": graph()}).encode()
        yield Rig("aiohttp stub of ComfyUI's /prompt", process, url, _post(f"{url}/prompt", body))


@contextmanager
def comfy_api_proxy(*, durable: bool) -> Iterator[Rig]:
    """POST /api/v2/jobs over the stub; durable: with its SQLite state. CPU is the proxy's alone."""
    program, port = installed("comfy-api-proxy") / "comfy-api-proxy", free_port()
    url = f"http://127.0.0.1:{port}"
    with comfy_stub() as stub, tempfile.TemporaryDirectory() as state:
        command = [str(program), "run", "--comfyui", stub.url, "--port", str(port)]
        with running([*command, "--state-dir", state] if durable else command) as process:
            answering(process, f"{url}/api/v2/health")
            body = json.dumps({"workflow": graph()}).encode()
            name = "comfy-api-proxy, jobs in SQLite" if durable else "comfy-api-proxy, jobs in memory"
            yield Rig(name, process, url, _post(f"{url}/api/v2/jobs", body))


@contextmanager
def kserve(*, protocol: int) -> Iterator[Rig]:
    """KServe's Python server, a request of its protocol 1 or 2."""
    python, port, grpc = installed("kserve") / "python", free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(python), str(RIGS / "kserve_noop.py"), "--http_port", str(port), "--grpc_port", str(grpc)]
    with running(command) as process:
        answering(process, f"{url}/v2/health/ready")
        if protocol == 1:
            request = _post(f"{url}/v1/models/noop:predict", json.dumps({"instances": ["hello"]}).encode())
        else:
            given = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["hello"]}
            request = _post(f"{url}/v2/models/noop/infer", json.dumps({"inputs": [given]}).encode())
        yield Rig(f"KServe Python server, protocol {protocol}", process, url, request)


@contextmanager
def bentoml() -> Iterator[Rig]:
    """BentoML with its defaults."""
    program, port = installed("bentoml") / "bentoml", free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as home:
        command = [str(program), "serve", "bentoml_noop:Noop", "--port", str(port)]
        environment = {"BENTOML_HOME": home, "BENTOML_DO_NOT_TRACK": "1", "PATH": _path(program)}
        with running([*command, "--working-dir", str(RIGS)], environment) as process:
            answering(process, f"{url}/readyz")
            yield Rig("BentoML", process, url, _post(f"{url}/echo", json.dumps(TEXT).encode()))


@contextmanager
def ray() -> Iterator[Rig]:
    """Ray Serve with its defaults."""
    python, port = installed("ray") / "python", free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {"RAY_USAGE_STATS_ENABLED": "0", "PATH": _path(python)}
    with running([str(python), str(RIGS / "ray_noop.py"), str(port)], environment) as process:
        answering(process, f"{url}/-/healthz")
        answering(process, f"{url}/")
        yield Rig("Ray Serve", process, url, _post(f"{url}/", json.dumps(TEXT).encode()))


@contextmanager
def floor(script: str, name: str) -> Iterator[Rig]:
    """A form POST with one insert, in FlowScale's own environment."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(RIGS / script), str(port), str(Path(folder) / "floor.db")]
        with running(command) as process:
            answering(process, f"{url}/")
            request = client.request(f"{url}/runs", urlencode(TEXT).encode(), headers=FORM)
            yield Rig(name, process, url, request)


FLOORS: dict[str, Callable[[], object]] = {
    "starlette": lambda: floor("floor_form.py", "floor: Starlette form, sqlite3 insert"),
    "fastapi": lambda: floor("floor_fastapi.py", "floor: FastAPI form, SQLAlchemy insert"),
}
PEERS: dict[str, Callable[[], object]] = {
    "comfy-stub": comfy_stub,
    "comfy-api-proxy": lambda: comfy_api_proxy(durable=False),
    "comfy-api-proxy-sqlite": lambda: comfy_api_proxy(durable=True),
    "kserve-1": lambda: kserve(protocol=1),
    "kserve-2": lambda: kserve(protocol=2),
    "bentoml": bentoml,
    "ray": ray,
}


def graph() -> dict:
    """The graph that FlowScale serves in the same benchmark."""
    return json.loads((SERVED / "text" / "echo.json").read_text())


def _post(url: str, body: bytes) -> bytes:
    return client.request(url, body, headers=JSON)


def _path(program: Path) -> str:
    return f"{program.parent}{os.pathsep}{os.environ['PATH']}"
