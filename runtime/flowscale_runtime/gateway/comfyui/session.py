"""One client of the WebSocket, and what waits to be sent to it."""

import asyncio
from collections import deque
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from flowscale_runtime.gateway.comfyui import messages

MOST = 20_000  # frames that wait for a client that doesn't read; then it is let go
TOO_SLOW = 1013
LONGEST_SEND = 30.0  # seconds


class Session:
    """Frames are kept in order and sent by one task."""

    def __init__(self, sid: str) -> None:
        self.sid = sid
        self.flags: dict[str, Any] = {}
        self._frames: deque[str | bytes] = deque()
        self._ready = asyncio.Event()
        self._over = False

    def send(self, kind: str, data: dict[str, Any]) -> None:
        """A message."""
        self.put(messages.text(kind, data))

    def put(self, frame: str | bytes) -> None:
        """A frame; a client that has fallen too far behind gets no more."""
        if len(self._frames) >= MOST:
            self._over = True
        else:
            self._frames.append(frame)
        self._ready.set()

    async def deliver(self, websocket: WebSocket) -> None:
        """Sends what waits until the client goes, or is too slow."""
        try:
            while not self._over:
                await self._ready.wait()
                self._ready.clear()
                while self._frames:
                    async with asyncio.timeout(LONGEST_SEND):
                        await self._send(websocket, self._frames.popleft())
            await websocket.close(TOO_SLOW, "too slow")
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return

    @staticmethod
    async def _send(websocket: WebSocket, frame: str | bytes) -> None:
        if isinstance(frame, str):
            await websocket.send_text(frame)
        else:
            await websocket.send_bytes(frame)
