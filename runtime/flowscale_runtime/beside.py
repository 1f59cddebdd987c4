"""Other servers in a process that has an HTTP server already: for ComfyUI's clients, and for those of gRPC."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pkgutil import resolve_name
from socket import socket
from typing import Any

import uvicorn

PATIENCE = 1  # seconds that open requests get when the process ends


class Beside(uvicorn.Server):
    """A server that leaves signals to the first one."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes none."""
        yield


def listener(host: str, port: int) -> socket:
    """A socket to serve on. Raises OSError."""
    return _config(None, host, port).bind_socket()


async def serve(app: Any, on: socket) -> None:
    """Serves until cancelled."""
    server = Beside(_config(app, *on.getsockname()[:2]))
    task = asyncio.create_task(server.serve(sockets=[on]))
    try:
        await asyncio.shield(task)
    finally:
        server.should_exit = True
        await task


def reserved(host: str, port: int | None) -> socket | None:
    """An address of this machine that a server of gRPC can listen on; port 0 takes a free one. Raises OSError."""
    if port is None:
        return None
    place = socket(sockets.AF_INET6 if ":" in host else sockets.AF_INET)
    place.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEPORT, 1)
    place.bind((host, port))
    return place


def address(place: socket) -> str:
    """HOST:PORT."""
    host, port = place.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@asynccontextmanager
async def answering(state: Any, place: socket | None) -> AsyncIterator[None]:
    """The Open Inference Protocol over gRPC at a reserved address, for as long as the block lasts; None serves nothing.

    gRPC is imported only where it serves.
    """
    if place is None:
        yield
        return
    serving = resolve_name("flowscale_runtime.gateway.inference.rpc:serving")
    async with serving(state, address(place)):
        place.close()
        yield


def _config(app: Any, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
    )
