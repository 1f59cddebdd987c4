"""Where a project answers, read from the routes among its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowscale_stacks.components.objects import Object

GATEWAY, PORT = "gateway", 8000


def addresses(objects: Iterable[Object], namespace: str) -> tuple[str, ...]:
    """The addresses of the gateway, outer ones first; the one inside the cluster is always the last."""
    outer = dict.fromkeys(url for each in objects for url in _outer(each))
    return (*outer, f"http://{GATEWAY}.{namespace}.svc:{PORT}")


def _outer(wanted: Object) -> Iterator[str]:
    spec = wanted.get("spec") or {}
    if wanted["kind"] == "HTTPRoute":
        yield from (f"https://{host}" for host in spec.get("hostnames") or ())
    elif wanted["kind"] == "Ingress":
        secured = {host for entry in spec.get("tls") or () for host in entry.get("hosts") or ()}
        for rule in spec.get("rules") or ():
            if host := rule.get("host"):
                yield f"{'https' if host in secured else 'http'}://{host}"
