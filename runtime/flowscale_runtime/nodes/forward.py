"""A forward pass of a network, wherever it is computed: the small API by which node packs share batches.

    from flowscale_runtime.nodes.forward import forward
    (scores,) = forward("classifier", pixels)        # tensors [B, ...], as the Model spec declares them

On the engine `triton` the pass is a request to the Model of that name, whose batches hold requests of all concurrent
runs. On the in-process engine it is computed here. Where a pack brings a network of its own, it names what to do
without a Model: `forward("classifier", pixels, otherwise=self.model)`.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Protocol

from flowscale_runtime.nodes.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class UnknownNetwork(NodeError):
    """No `Model` has this name."""


class Networks(Protocol):
    """Where passes are computed."""

    @property
    def names(self) -> tuple[str, ...]:
        """The networks that there are."""

    def forward(self, name: str, tensors: Sequence[Any]) -> list[Any]:
        """One pass; tensors in the order in which the spec declares them. Raises UnknownNetwork."""


class NoNetworks:
    """An engine that was told of none."""

    names: tuple[str, ...] = ()

    def forward(self, name: str, tensors: Sequence[Any]) -> list[Any]:
        """Nothing can be computed."""
        raise unknown(name, self.names)


_current: Networks = NoNetworks()
_called: Callable[[str, float], None] | None = None


def use(networks: Networks) -> None:
    """Say where passes are computed; the engine calls this before a run."""
    global _current
    _current = networks


def names() -> tuple[str, ...]:
    """The networks that a node can call."""
    return _current.names


def forward(name: str, *tensors: Any, otherwise: Callable[..., Any] | None = None) -> tuple[Any, ...]:
    """One pass of the Model of this name; without such a Model, of `otherwise` where it is given."""
    if otherwise is not None and name not in _current.names:
        found = otherwise(*tensors)
        return tuple(found) if isinstance(found, tuple | list) else (found,)
    if _called is None:
        return tuple(_current.forward(name, tensors))
    started = time.perf_counter()
    try:
        return tuple(_current.forward(name, tensors))
    finally:
        _called(name, time.perf_counter() - started)


@contextmanager
def watched(called: Callable[[str, float], None]) -> Iterator[None]:
    """Until the block ends, `called` is told of each pass and its seconds."""
    global _called
    _called = called
    try:
        yield
    finally:
        _called = None


def unknown(name: str, known: Sequence[str]) -> UnknownNetwork:
    """The error for a name that no Model has."""
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else "declare it: `kind: Model`, with this name"
    return UnknownNetwork(f"there is no Model {name!r}", hint)
