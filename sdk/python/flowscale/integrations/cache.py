"""Caches for results: `client.set_cache(MemoryCache())`.

`execute` with equal inputs then answers from the cache without asking the server; only completed runs are kept.
The URLs of outputs expire, so `ttl` must stay below the time that they are valid for. Any object with `get(key)`
and `set(key, value)` over bytes will do.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from importlib import import_module
from typing import Any

DEFAULT_TTL = 600.0


class MemoryCache:
    """Results in this process; the longest unused go first."""

    def __init__(
        self, *, ttl: float = DEFAULT_TTL, size: int = 1000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl, self._size, self._clock = ttl, size, clock
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            expiry, value = self._kept.get(key, (0.0, b""))
            if expiry <= self._clock():
                self._kept.pop(key, None)
                return None
            self._kept.move_to_end(key)
            return value

    def set(self, key: str, value: bytes) -> None:
        with self._lock:
            self._kept[key] = (self._clock() + self._ttl, value)
            self._kept.move_to_end(key)
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)


class RedisCache:
    """Results in Redis. Needs the extra `flowscale-sdk[redis]`, unless a connection is given."""

    def __init__(
        self,
        host: str = "localhost",
        port: int = 6379,
        *,
        ttl: float = DEFAULT_TTL,
        connection: Any = None,
        **options: Any,
    ) -> None:
        self._ttl = ttl
        self._redis = _connect(host, port, options) if connection is None else connection

    def get(self, key: str) -> bytes | None:
        value: bytes | None = self._redis.get(key)
        return value

    def set(self, key: str, value: bytes) -> None:
        self._redis.set(key, value, px=max(1, int(self._ttl * 1000)))


def _connect(host: str, port: int, options: dict[str, Any]) -> Any:
    try:
        redis = import_module("redis")  # only here: the cache in memory does not need it
    except ImportError as error:
        raise ImportError("RedisCache needs a further package: pip install 'flowscale-sdk[redis]'") from error
    return redis.Redis(host=host, port=port, **options)
