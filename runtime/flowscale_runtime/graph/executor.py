"""The executor: runs graphs one at a time, keeping results and instances between them."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from .cache import ClassicCache
from .catalog import Catalog
from .errors import Interrupted, NodeFailed
from .hints import is_out_of_memory
from .instances import Instances
from .interrupt import Interrupt
from .listener import SilentListener
from .nodes import Nodes
from .outcome import Outcome
from .run import Run, Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from .cache import ResultCache
    from .listener import Listener

NODES = 1_000_000
"""How many nodes a graph may have, with all that it expands to."""


class Executor:
    """Runs graphs on the classes of `registry`.

    `around` is entered for each run on the thread that calls nodes (say, to switch gradients off); `out_of_memory` is
    called when a node ran out of it, so that others may let go of theirs. `repeat_outputs` runs output nodes each
    time, also where their result is known: for those whose files are taken away after each run; a run may say otherwise.
    """

    def __init__(
        self,
        registry: Mapping[str, Any],
        cache: ResultCache | None = None,
        *,
        max_nodes: int = NODES,
        clock: Callable[[], float] = time.perf_counter,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
        out_of_memory: Callable[[], object] | None = None,
        repeat_outputs: bool = False,
    ) -> None:
        self.registry = registry
        self.cache: ResultCache = ClassicCache() if cache is None else cache
        self._instances = Instances()
        self._max_nodes = max_nodes
        self._clock = clock
        self._entered = around
        self._out_of_memory = out_of_memory
        self._repeat_outputs = repeat_outputs

    def run(
        self,
        graph: Mapping[str, dict[str, Any]],
        *,
        targets: Sequence[str] | None = None,
        listener: Listener | None = None,
        interrupt: Interrupt | None = None,
        extra: Mapping[str, Any] | None = None,
        repeat_outputs: bool | None = None,
    ) -> Outcome:
        """Run what `targets` need (all output nodes when None), on this thread. Never raises for what a graph does."""
        return asyncio.run(
            self.arun(
                graph,
                targets=targets,
                listener=listener,
                interrupt=interrupt,
                extra=extra,
                repeat_outputs=repeat_outputs,
            )
        )

    def forget(self, cache: ResultCache) -> None:
        """Let go of what is kept between runs and go on with this cache; not while one runs."""
        self.cache = cache
        self._instances = Instances()

    async def arun(
        self,
        graph: Mapping[str, dict[str, Any]],
        *,
        targets: Sequence[str] | None = None,
        listener: Listener | None = None,
        interrupt: Interrupt | None = None,
        extra: Mapping[str, Any] | None = None,
        repeat_outputs: bool | None = None,
    ) -> Outcome:
        """As `run`, on the running loop; plain nodes block it while they work."""
        nodes = Nodes(graph, Catalog(self.registry), self._max_nodes)
        surroundings = Surroundings(
            self.cache,
            self._instances,
            listener or SilentListener(),
            interrupt or Interrupt(),
            extra or {},
            self._clock,
            self._repeat_outputs if repeat_outputs is None else repeat_outputs,
        )
        run = Run(nodes, surroundings)
        try:
            with self._entered():
                await run.go(targets)
        except Interrupted:
            return _outcome(run, nodes, "interrupted")
        except NodeFailed as failed:
            self._relieve(failed)
            return _outcome(run, nodes, "failed", failed)
        finally:
            self.cache.end()
            self._instances.keep(graph)
        return _outcome(run, nodes, "completed")

    def _relieve(self, failed: NodeFailed) -> None:
        if self._out_of_memory is not None and failed.__cause__ and is_out_of_memory(failed.__cause__):
            self._out_of_memory()


def _outcome(run: Run, nodes: Nodes, status: Any, failed: NodeFailed | None = None) -> Outcome:
    record, prompt = run.record, nodes.prompt
    return Outcome(
        status=status,
        ui=record.ui,
        error=failed.failure if failed else None,
        seconds=record.seconds,
        cached=tuple(record.cached),
        shown_as={
            node_id: prompt.get_display_node_id(node_id)
            for node_id in record.ui
            if prompt.get_parent_node_id(node_id) is not None
        },
        blocked=record.blocked,
        interrupted_at=record.current if status == "interrupted" else None,
    )
