"""Another HTTP server in a process that has one already."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
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
