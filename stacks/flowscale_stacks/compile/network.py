"""Who may talk to whom: nobody, but for what stands here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from flowscale_stacks.compile import settings
from flowscale_stacks.compile.objects import made, selector
from flowscale_stacks.compile.settings import is_bundled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object

_INSIDE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
"""Addresses that aren't the internet's: of the cluster, of its neighbours, and of the cloud's metadata."""
_API_PORTS = (443, 6443)
_WEB_PORTS = (80, 443)
_OF_ARGO = {"matchExpressions": [{"key": "workflows.argoproj.io/workflow", "operator": "Exists"}]}
"""The pods that Argo makes, whatever they do."""


def network(context: Context) -> Iterator[Object]:
    """The policies of the namespace: nothing in or out, names for all, and one for each process."""
    yield _policy(context, "deny-all", {}, ingress=[], egress=[])
    yield _policy(context, "names", {}, egress=[_names()])
    shared = [_database(context), _objects(context), _web(), *_collector(context)]
    yield _process(context, "gateway", _gateway_in(context), [*shared, _api()])
    yield _process(context, "executor", [], [*shared, *_comfyui(context)])
    yield _process(context, "controllers", _watched(context), [_gateway(), _api()])
    yield _process(context, "keys", [], [_api()])
    if context.has_jobs:
        egress = [_gateway(), _objects(context), *_sources(context), _web(), _api()]
        yield _policy(context, "jobs", _OF_ARGO, ingress=[], egress=egress)
    yield from _bundled(context)


def _bundled(context: Context) -> Iterator[Object]:
    """The stores that came along: who may call them."""
    servers = [_pods("gateway"), _pods("executor")]
    # KEDA asks the database how long the queue is, from a namespace of its own.
    keda = [_namespace("keda")] if context.hosting.scaler == "keda" else []
    jobs = [{"podSelector": _OF_ARGO}] if context.has_jobs else []
    for name, store, port, callers in (
        ("database", context.target.database, settings.DATABASE_PORT, [*servers, *keda]),
        ("objects", context.target.objects, settings.OBJECTS_PORT, [*servers, *jobs]),
    ):
        if is_bundled(store):
            yield _process(context, name, [{"from": callers, "ports": [_tcp(port)]}], [])


def _process(
    context: Context, name: str, ingress: list[dict[str, Any]], egress: list[dict[str, Any]]
) -> Object:
    return _policy(context, name, {"matchLabels": selector(name)}, ingress=ingress, egress=egress)


def _policy(
    context: Context, name: str, chosen: dict[str, Any], **directions: list[dict[str, Any]]
) -> Object:
    types = [direction.capitalize() for direction in directions]
    rules = {direction: found for direction, found in directions.items() if found}
    spec = {"podSelector": chosen, "policyTypes": types, **rules}
    return made("networking.k8s.io/v1/NetworkPolicy", name, context, "network", spec=spec)


def _gateway_in(context: Context) -> list[dict[str, Any]]:
    """Callers come through whatever the cluster has as a way in, whose addresses nobody knows here."""
    return [{"ports": [_tcp(settings.HTTP), _tcp(settings.GRPC)]}]


def _watched(context: Context) -> list[dict[str, Any]]:
    """Prometheus may ask for metrics, where it is told to."""
    monitoring = context.hosting.monitoring
    if monitoring is None or not monitoring.enabled:
        return []
    return [{"from": [_namespace(monitoring.namespace)], "ports": [_tcp(settings.HTTP)]}]


def _gateway() -> dict[str, Any]:
    return _out(_pods("gateway"), _tcp(settings.HTTP))


def _database(context: Context) -> dict[str, Any]:
    return _store("database", context.target.database, settings.DATABASE_PORT)


def _objects(context: Context) -> dict[str, Any]:
    return _store("objects", context.target.objects, settings.OBJECTS_PORT, 443)


def _sources(context: Context) -> list[dict[str, Any]]:
    """The databases that batches read their rows from, at addresses that only secrets know."""
    sources = (batch.spec.from_ for batch in context.project.batches)
    if any(source is not None and source.format == "sql" for source in sources):
        return [_out(_anywhere(), _tcp(settings.DATABASE_PORT))]
    return []


def _comfyui(context: Context) -> list[dict[str, Any]]:
    """The ComfyUI servers that deployments name, wherever these are."""
    servers = {urlsplit(server) for one in context.project.deployments.values() for server in one.comfyui}
    ports = {_port(server) for server in servers}
    return [_out(_anywhere(), *map(_tcp, sorted(ports)))] if ports else []


def _collector(context: Context) -> list[dict[str, Any]]:
    """Whoever takes traces, in the cluster or outside."""
    if context.hosting.tracing is None:
        return []
    return [_out(_anywhere(), _tcp(_port(urlsplit(context.hosting.tracing.endpoint))))]


def _port(address: SplitResult) -> int:
    return address.port or {"https": 443}.get(address.scheme, 80)


def _store(name: str, store: str, own: int, usual: int | None = None) -> dict[str, Any]:
    """To a store that came along, or to an address that only its secret may know."""
    if is_bundled(store):
        return _out(_pods(name), _tcp(own))
    told = None if store.startswith("secret:") else urlsplit(store).port
    return _out(_anywhere(), _tcp(told or usual or own))


def _web() -> dict[str, Any]:
    """Webhooks, models and addresses that callers name: on the internet, never in the cluster."""
    return _out({"ipBlock": {"cidr": "0.0.0.0/0", "except": list(_INSIDE)}}, *map(_tcp, _WEB_PORTS))


def _api() -> dict[str, Any]:
    """The API server, which no selector can name."""
    return _out(_anywhere(), *map(_tcp, _API_PORTS))


def _out(peer: dict[str, Any], *ports: dict[str, Any]) -> dict[str, Any]:
    return {"to": [peer], "ports": list(ports)}


def _anywhere() -> dict[str, Any]:
    return {"ipBlock": {"cidr": "0.0.0.0/0"}}


def _pods(component: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": selector(component)}}


def _namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _tcp(port: int) -> dict[str, Any]:
    return {"protocol": "TCP", "port": port}


def _names() -> dict[str, Any]:
    """The name server of the cluster, and the one that caches on each node."""
    peers = [_namespace("kube-system"), {"ipBlock": {"cidr": "169.254.20.10/32"}}]
    return {"to": peers, "ports": [{"protocol": "UDP", "port": 53}, _tcp(53)]}
