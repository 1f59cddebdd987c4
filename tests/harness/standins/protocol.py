"""What the stand-ins of Pulumi's plugins share: secrets, and a server on a free port."""

import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

Inputs = dict[str, Any]
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_LARGEST = 400 * 1024 * 1024


def serve(add: Callable[[grpc.Server], object]) -> None:
    """Serves until the engine ends this process; the first line of the output is the port, as plugins do."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    options = [("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)]
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=options)
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def opened(value: Any) -> Any:
    """A value without the envelopes around its secrets."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return opened(value["value"])
        return {key: opened(item) for key, item in value.items()}
    return [opened(item) for item in value] if isinstance(value, list) else value


def sealed(value: Any) -> Any:
    """A value that the engine encrypts and never shows."""
    return {SIGNATURE: SECRET, "value": value}


def resealed(value: Any, like: Any) -> Any:
    """A value with envelopes where another one has them."""
    if isinstance(like, dict) and like.get(SIGNATURE) == SECRET:
        return sealed(value)
    if isinstance(like, dict) and isinstance(value, dict):
        return {key: resealed(item, like.get(key)) for key, item in value.items()}
    if isinstance(like, list) and isinstance(value, list) and len(like) == len(value):
        return [resealed(item, other) for item, other in zip(value, like, strict=True)]
    return value
