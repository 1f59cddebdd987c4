"""Where results stay between runs: by signature, in one of ComfyUI's modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .results import NodeResult


class ResultCache(Protocol):
    """Results by signature. A run calls `begin`, then `get` and `put`, then `end`."""

    keeps: bool
    """Whether a result put during a run can be had again in the same run."""

    def begin(self, signatures: Mapping[str, bytes]) -> None:
        """A run starts, whose graph has these signatures by node id."""

    def get(self, signature: bytes) -> NodeResult | None:
        """The result, when it is still here."""

    def put(self, signature: bytes, result: NodeResult, owner: str | None = None) -> None:
        """Keep a result; `owner` is the node of the graph that expanded to this one, if it did."""

    def end(self) -> None:
        """The run is over."""


class NoCache:
    """Keeps nothing: values live until their last consumer is done."""

    keeps = False

    def begin(self, signatures: Mapping[str, bytes]) -> None:
        """Nothing to prepare."""

    def get(self, signature: bytes) -> NodeResult | None:
        """Never here."""
        return None

    def put(self, signature: bytes, result: NodeResult, owner: str | None = None) -> None:
        """Not kept."""

    def end(self) -> None:
        """Nothing to drop."""


class ClassicCache:
    """Keeps what the last graph needs, dropping the rest as the next run begins.

    What a node expanded to has no signature in the graph: it stays while that node is known, or runs use it.
    """

    keeps = True

    def __init__(self) -> None:
        self._results: dict[bytes, tuple[NodeResult, str | None]] = {}
        self._used: set[bytes] = set()
        self._expanded: set[str] = set()

    def begin(self, signatures: Mapping[str, bytes]) -> None:
        """Drop what neither this graph nor a node of it wants."""
        wanted = set(signatures.values())
        idle = signatures.keys() - self._expanded
        for signature, (_, owner) in list(self._results.items()):
            used = signature in self._used if owner in self._expanded else owner in idle
            if signature not in wanted and not used:
                del self._results[signature]
        self._used.clear()
        self._expanded.clear()

    def get(self, signature: bytes) -> NodeResult | None:
        """The result of this or the last graph."""
        entry = self._results.get(signature)
        if entry is None:
            return None
        self._used.add(signature)
        return entry[0]

    def put(self, signature: bytes, result: NodeResult, owner: str | None = None) -> None:
        """Keep until a graph without it runs."""
        self._results[signature] = (result, owner)
        self._used.add(signature)
        if owner is not None:
            self._expanded.add(owner)

    def end(self) -> None:
        """Everything stays until the next run begins."""


class LruCache:
    """Keeps the last used results: above `size` of them, those go that the oldest runs used last."""

    keeps = True

    def __init__(self, size: int) -> None:
        self._size = size
        self._run = 0
        self._results: dict[bytes, tuple[NodeResult, int]] = {}

    def begin(self, signatures: Mapping[str, bytes]) -> None:
        """What the graph names counts as used now."""
        self._run += 1
        for signature in signatures.values():
            self.get(signature)

    def get(self, signature: bytes) -> NodeResult | None:
        """The result, which is now the last used."""
        entry = self._results.pop(signature, None)
        if entry is None:
            return None
        self._results[signature] = (entry[0], self._run)
        return entry[0]

    def put(self, signature: bytes, result: NodeResult, owner: str | None = None) -> None:
        """Keep as the last used."""
        self._results.pop(signature, None)
        self._results[signature] = (result, self._run)

    def end(self) -> None:
        """Drop the longest unused beyond the size, never those of this run."""
        while len(self._results) > self._size:
            signature, (_, used) = next(iter(self._results.items()))
            if used == self._run:
                return
            del self._results[signature]
