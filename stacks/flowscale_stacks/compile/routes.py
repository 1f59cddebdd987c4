"""The way in from outside: an Ingress, or an HTTPRoute of the Gateway API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile import settings
from flowscale_stacks.compile.objects import made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object

NAME = "gateway"
_ISSUER = "cert-manager.io/cluster-issuer"


def routes(context: Context) -> Iterator[Object]:
    """What leads calls for the domain to the gateway; nothing where there is no domain."""
    route, domain = context.hosting.route, context.target.domain
    if domain is None:
        return
    if route.gateway is None and route.gateway_class is None:
        yield _ingress(context, domain)
        return
    if route.gateway_class is not None:
        yield _own_gateway(context, domain, route.gateway_class)
    yield _http_route(context, domain, route.gateway or NAME)


def certificate(context: Context) -> str | None:
    """The secret with the certificate, made by cert-manager or given."""
    route = context.hosting.route
    return route.certificate or ("gateway-tls" if route.issuer else None)


def _ingress(context: Context, domain: str) -> Object:
    route, secret = context.hosting.route, certificate(context)
    backend = {"service": {"name": NAME, "port": {"name": "http"}}}
    spec: dict[str, Any] = {
        "rules": [
            {"host": domain, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
        ]
    }
    if route.ingress_class:
        spec["ingressClassName"] = route.ingress_class
    if secret:
        spec["tls"] = [{"hosts": [domain], "secretName": secret}]
    found = made("networking.k8s.io/v1/Ingress", NAME, context, NAME, spec=spec)
    if route.issuer:
        found["metadata"]["annotations"] = {_ISSUER: route.issuer}
    return found


def _own_gateway(context: Context, domain: str, gateway_class: str) -> Object:
    secret = certificate(context)
    listeners: list[dict[str, Any]] = [_listener("http", 80, "HTTP", domain)]
    if secret:
        tls = {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": secret}]}
        listeners.append({**_listener("https", 443, "HTTPS", domain), "tls": tls})
    spec = {"gatewayClassName": gateway_class, "listeners": listeners}
    found = made("gateway.networking.k8s.io/v1/Gateway", NAME, context, NAME, spec=spec)
    if context.hosting.route.issuer:
        found["metadata"]["annotations"] = {_ISSUER: context.hosting.route.issuer}
    return found


def _listener(name: str, port: int, protocol: str, domain: str) -> dict[str, Any]:
    routes = {"namespaces": {"from": "Same"}}
    return {"name": name, "port": port, "protocol": protocol, "hostname": domain, "allowedRoutes": routes}


def _http_route(context: Context, domain: str, gateway: str) -> Object:
    namespace, _, name = gateway.rpartition("/")
    parent = {"name": name, **({"namespace": namespace} if namespace else {})}
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "backendRefs": [{"name": NAME, "port": settings.HTTP}],
        # Streams of events stay open; the gateway ends calls by its own limits.
        "timeouts": {"request": "0s"},
    }
    spec = {"parentRefs": [parent], "hostnames": [domain], "rules": [rule]}
    return made("gateway.networking.k8s.io/v1/HTTPRoute", NAME, context, NAME, spec=spec)
