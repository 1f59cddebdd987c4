"""What a program may ask of the outside world: one small value for each kind of I/O."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from flowscale._core.requests import Request

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """Send a request and read the whole answer; resumed with a `Reply`."""

    request: Request
    into: Path | None = None
    """Where the body of a successful answer goes instead of into memory."""


@dataclass(frozen=True)
class Listen:
    """Open a stream of server-sent events; resumed with a `Reply`, its `stream` None where there are none."""

    request: Request
    deadline: float | None


@dataclass(frozen=True)
class Hear:
    """Resumed with the next `Event` of a stream, or None when it ended or the deadline passed."""

    stream: Any


@dataclass(frozen=True)
class Pause:
    """Let time pass."""

    seconds: float


@dataclass(frozen=True)
class Notify:
    """Call back the user's code, which may be a coroutine function for the asynchronous client."""

    callback: Callable[[Any], Any]
    value: Any


@dataclass(frozen=True)
class Block:
    """Call something that may block: read a file, ask a cache. Resumed with what it returns."""

    function: Callable[[], Any]


Effect: TypeAlias = Send | Listen | Hear | Pause | Notify | Block
Program: TypeAlias = Generator[Effect, Any, T]
