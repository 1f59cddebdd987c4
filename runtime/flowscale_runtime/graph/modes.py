"""Cache modes by name, as settings have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cache import ClassicCache, LruCache, NoCache
from .errors import GraphError
from .pressure import PressureCache, Thresholds

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cache import ResultCache


def cache_of(
    mode: str, *, free_memory: Callable[[], int] | None = None, total_memory: int = 0
) -> ResultCache:
    """The cache for `classic`, `none`, `lru:100`, or `ram` (which wants `free_memory` and `total_memory` in bytes)."""
    name, _, argument = mode.partition(":")
    if name == "classic" and not argument:
        return ClassicCache()
    if name == "none" and not argument:
        return NoCache()
    if name == "lru" and argument.isdecimal():
        return LruCache(int(argument))
    if name == "ram" and free_memory is not None:
        return PressureCache(free_memory, Thresholds.of(total_memory))
    raise GraphError(f"there is no cache mode {mode!r}", hint="use classic, none, lru:100 or ram")
