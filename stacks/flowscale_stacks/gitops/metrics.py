"""What Prometheus is told of git sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from flowscale_stacks.gitops.status import Status

_BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)


class Metrics:
    """Listens, and counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._ended = Counter(
            "flowscale_gitops_reconciliations",
            "Reconciliations that ended.",
            ["result"],
            registry=self.registry,
        )
        self._healed = Counter(
            "flowscale_gitops_healed_objects", "Objects that others had changed.", registry=self.registry
        )
        self._ready = Gauge(
            "flowscale_gitops_ready", "1 where the cluster is what git says.", registry=self.registry
        )
        self._good_at = Gauge(
            "flowscale_gitops_last_success_timestamp_seconds",
            "When a reconciliation last worked out.",
            registry=self.registry,
        )
        self._seconds = Histogram(
            "flowscale_gitops_reconciliation_seconds",
            "How long reconciliations took.",
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def hear(self, status: Status) -> None:
        """Counts what ended."""
        if status.state == "reconciling":
            return
        ready = status.state == "ready"
        self._ended.labels("succeeded" if ready else "failed").inc()
        self._healed.inc(status.healed)
        self._ready.set(int(ready))
        if ready:
            self._good_at.set(status.at)
        if status.seconds is not None:
            self._seconds.observe(status.seconds)
