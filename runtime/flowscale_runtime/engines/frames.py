"""Messages between a worker and its host: a JSON head and bytes beside it, each with its length in front."""

import socket
import struct
from asyncio import StreamReader
from threading import Lock
from typing import Any

import orjson

_LENGTHS = struct.Struct(">II")


def pack(head: dict[str, Any], blob: bytes = b"") -> bytes:
    """The bytes of one message."""
    data = orjson.dumps(head)
    return _LENGTHS.pack(len(data), len(blob)) + data + blob


async def receive(reader: StreamReader) -> tuple[dict[str, Any], bytes]:
    """The next message; raises asyncio.IncompleteReadError at the end of the stream."""
    head, blob = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    data = await reader.readexactly(head)
    return orjson.loads(data), await reader.readexactly(blob) if blob else b""


class Channel:
    """The host's blocking side: any thread may send, one reads."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._reader = connection.makefile("rb")
        self._lock = Lock()

    def send(self, head: dict[str, Any], blob: bytes = b"") -> None:
        with self._lock:
            self._socket.sendall(pack(head, blob))

    def receive(self) -> tuple[dict[str, Any], bytes] | None:
        """The next message, or None when the worker has gone."""
        lengths = self._reader.read(_LENGTHS.size)
        if len(lengths) < _LENGTHS.size:
            return None
        head, blob = _LENGTHS.unpack(lengths)
        data = self._reader.read(head + blob)
        return orjson.loads(data[:head]), data[head:]
