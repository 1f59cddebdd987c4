"""What the Prometheus operator and Grafana are told, only where asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile.dashboard import dashboard
from flowscale_stacks.compile.objects import made, selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object


def monitoring(context: Context) -> Iterator[Object]:
    """A ServiceMonitor of the gateway, a PodMonitor of the controllers, which have no Service, and a dashboard."""
    wanted = context.hosting.monitoring
    if wanted is not None and wanted.enabled:
        yield _monitor(context, "ServiceMonitor", "gateway", "endpoints")
        yield _monitor(context, "PodMonitor", "controllers", "podMetricsEndpoints")
    if wanted is not None and wanted.dashboard:
        yield _dashboard(context)


def _monitor(context: Context, kind: str, component: str, endpoints: str) -> Object:
    spec: dict[str, Any] = {
        "selector": {"matchLabels": selector(component)},
        endpoints: [{"port": "http", "path": "/metrics", "interval": "30s"}],
    }
    found = made(f"monitoring.coreos.com/v1/{kind}", component, context, component, spec=spec)
    if context.hosting.monitoring:
        found["metadata"]["labels"] |= context.hosting.monitoring.labels
    return found


def _dashboard(context: Context) -> Object:
    text = json.dumps(dashboard(context.project.name, context.namespace), indent=2, sort_keys=True)
    found = made("v1/ConfigMap", "dashboard", context, "monitoring", data={"flowscale.json": text + "\n"})
    found["metadata"]["labels"] |= {"grafana_dashboard": "1"}
    return found
