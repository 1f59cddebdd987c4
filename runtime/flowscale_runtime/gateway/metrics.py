"""What Prometheus scrapes."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from flowscale_runtime.stores.values import TERMINAL, Event

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """Counters of one gateway process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._replies: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.requests = Counter(
            "flowscale_http_requests",
            "Requests by route and status",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.latency = Histogram(
            "flowscale_http_request_seconds",
            "Time to the reply",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.runs = Counter(
            "flowscale_runs", "Runs that ended, by how", ["deployment", "status"], registry=self.registry
        )
        self.run_seconds = Histogram(
            "flowscale_run_seconds",
            "Seconds that runs computed",
            ["deployment"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.cost = Counter(
            "flowscale_run_cost_dollars", "Dollars that runs cost", ["deployment"], registry=self.registry
        )
        self.queued = Gauge("flowscale_queue_depth", "Runs that wait", ["deployment"], registry=self.registry)
        self.running = Gauge(
            "flowscale_runs_running", "Runs that compute", ["deployment"], registry=self.registry
        )
        self.passes = Counter(
            "flowscale_model_requests",
            "Requests to Models, by how they ended",
            ["model", "status"],
            registry=self.registry,
        )
        self.pass_seconds = Histogram(
            "flowscale_model_seconds",
            "Time that a Model took to answer",
            ["model"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.hosts = Gauge("flowscale_hosts", "Host processes, by state", ["state"], registry=self.registry)

    def replied(self, route: str, method: str, status: int, seconds: float) -> None:
        """Counts a reply."""
        method = method if method in _METHODS else "OTHER"  # callers can make methods up without end
        known = self._replies.get((route, method, status))
        if known is None:
            known = (self.requests.labels(route, method, status), self.latency.labels(route))
            self._replies[route, method, status] = known
        known[0].inc()
        known[1].observe(seconds)

    def ended(self, event: Event) -> None:
        """Counts a run, where the event is its end."""
        if event.type in TERMINAL:
            deployment = event.data["workflow_id"]
            self.runs.labels(deployment, event.type).inc()
            self.run_seconds.labels(deployment).observe(event.data["execution_time"])
            self.cost.labels(deployment).inc(event.data["cost"])

    def passed(self, model: str, status: str, seconds: float) -> None:
        """Counts a request to a Model."""
        self.passes.labels(model, status).inc()
        self.pass_seconds.labels(model).observe(seconds)

    def page(self) -> bytes:
        """The exposition text."""
        return generate_latest(self.registry)
