"""The spans of a run that is over: its wait in the queue, its nodes, and their calls of networks."""

from collections.abc import Mapping
from typing import Any

from flowscale_runtime.stores.values import SECOND, Claimed
from flowscale_runtime.tracing.spans import Span, Tracer


def begin(tracer: Tracer, run: Claimed, worker: str, now: int) -> Span:
    """A run as it begins here, after its wait."""
    if tracer.on:
        tracer.begin("queue", run.traceparent, at=run.created_at, flowscale_run__id=run.run_id).end(at=now)
    return tracer.begin(
        f"run {run.deployment}",
        run.traceparent,
        "consumer",
        at=now,
        flowscale_run__id=run.run_id,
        flowscale_deployment=run.deployment,
        flowscale_release=run.release,
        flowscale_attempt=run.fence,
        flowscale_worker=worker,
    )


def nodes(tracer: Tracer, parent: str | None, spent: Mapping[str, Any]) -> None:
    """What a host says of its nodes and of their calls: each with when it began, in seconds since the epoch, and how
    long it took."""
    calls = list(spent.get("calls", ()))
    for node_id, class_type, start, seconds in spent.get("nodes", ()):
        span = tracer.begin(
            class_type,
            parent,
            at=int(start * SECOND),
            flowscale_node__id=node_id,
            flowscale_node__class=class_type,
        )
        inside = [call for call in calls if start <= call[1] <= start + seconds]
        for network, at, took in inside:
            call = tracer.begin(
                f"model {network}", span.context, "client", at=int(at * SECOND), flowscale_model=network
            )
            call.end(at=int((at + took) * SECOND))
        calls = [call for call in calls if call not in inside]
        span.end(at=int((start + seconds) * SECOND))
