"""When each node of a job ran and which networks it called, for a trace: noted where a job asks for it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flowscale_runtime.engines.teller import Teller
from flowscale_runtime.nodes import forward


@contextmanager
def watched(
    teller: Teller, graph: Mapping[str, Any], clock: Callable[[], float] = time.time
) -> Iterator[dict[str, list[list[Any]]]]:
    """Notes nodes that end, and passes of networks, until the block ends: each with its begin in seconds since the
    epoch, and its seconds."""
    spent: dict[str, list[list[Any]]] = {"nodes": [], "calls": []}

    def finished(node_id: str, seconds: float) -> None:
        if seconds:
            class_type = graph.get(node_id, {}).get("class_type", node_id)
            spent["nodes"].append([node_id, class_type, clock() - seconds, seconds])

    def called(network: str, seconds: float) -> None:
        spent["calls"].append([network, clock() - seconds, seconds])

    teller.finished = finished
    with forward.watched(called):
        yield spent
