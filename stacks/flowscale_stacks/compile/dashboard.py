"""The Grafana dashboard: what an operator looks at first, from the metrics that gateways tell."""

from __future__ import annotations

from typing import Any

_PANELS = (
    ("Runs that wait", "sum by (deployment) (flowscale_queue_depth{{{0}}})", "short"),
    ("Runs that compute", "sum by (deployment) (flowscale_runs_running{{{0}}})", "short"),
    ("Runs that end a minute", "sum by (deployment, status) (rate(flowscale_runs_total{{{0}}}[5m])) * 60", "short"),
    (
        "Time of a run, 95th percentile",
        "histogram_quantile(0.95, sum by (deployment, le) (rate(flowscale_run_seconds_bucket{{{0}}}[5m])))",
        "s",
    ),
    ("Dollars an hour", "sum by (deployment) (rate(flowscale_run_cost_dollars_total{{{0}}}[15m])) * 3600", "currencyUSD"),
    ("Failed replies", 'sum by (route) (rate(flowscale_http_requests_total{{{0}, status=~"5.."}}[5m]))', "reqps"),
    (
        "Time to the reply, 95th percentile",
        "histogram_quantile(0.95, sum by (le) (rate(flowscale_http_request_seconds_bucket{{{0}}}[5m])))",
        "s",
    ),
    (
        "Instances that answer",
        "sum by (deployment) (kube_deployment_status_replicas_ready{{{0}, deployment=~\"executor-.*\"}})",
        "short",
    ),
)  # fmt: skip


def dashboard(project: str, namespace: str) -> dict[str, Any]:
    """The dashboard of an environment, as Grafana reads it."""
    return {
        "title": f"FlowScale {project} ({namespace})",
        "uid": f"flowscale-{namespace}"[:40],
        "tags": ["flowscale"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(index, namespace, *panel) for index, panel in enumerate(_PANELS)],
    }


def _panel(index: int, namespace: str, title: str, query: str, unit: str) -> dict[str, Any]:
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": title,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {"x": index % 2 * 12, "y": index // 2 * 8, "w": 12, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "expr": query.format(f'namespace="{namespace}"')}],
    }
