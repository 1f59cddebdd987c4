"""What controllers tell Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from flowscale_controllers.loops.reconcile import Actions

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Metrics:
    """Counters of one controllers process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.leader = Gauge(
            "flowscale_controllers_leader", "Whether this process leads", registry=self.registry
        )
        self.wanted = Gauge(
            "flowscale_wanted_instances", "Instances that should run", ["deployment"], registry=self.registry
        )
        self.scalings = Counter(
            "flowscale_scalings",
            "Changes of the number of instances",
            ["deployment", "reason"],
            registry=self.registry,
        )
        self.failures = Counter(
            "flowscale_reconcile_failures", "Looks that failed", ["deployment"], registry=self.registry
        )
        self.seconds = Histogram(
            "flowscale_reconcile_seconds", "Time of a look", buckets=_SECONDS, registry=self.registry
        )

    def looked(self, deployment: str, actions: Actions, seconds: float) -> None:
        """Counts a look at a deployment."""
        self.seconds.observe(seconds)
        if actions.scale:
            self.scalings.labels(deployment, actions.reason).inc()
        self.wanted.labels(deployment).set(actions.wanted)
