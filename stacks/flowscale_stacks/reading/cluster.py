"""The objects of an environment as they are in its cluster: plain JSON, as the API server tells it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx2
from lightkube import KubeConfig
from lightkube.config.client_adapter import Client, ConnectionParams
from lightkube.core.exceptions import ConfigError

from flowscale_stacks.compile.objects import MANAGED_BY
from flowscale_stacks.reading.errors import ClusterUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightkube.config.kubeconfig import SingleConfig

    from flowscale_stacks.compile import Object

_MISSING, _BUSY = 404, 429
_TRIES = 5
_FOREIGN = frozenset({401, 403})
_SELECTOR = ",".join(f"{name}={value}" for name, value in MANAGED_BY.items())


def read_cluster(wanted: Iterable[Object], context: str | None = None) -> tuple[Object, ...]:
    """What there is of the kinds that are wanted, as far as FlowScale manages it there. Raises ClusterUnreachable.

    Objects in a namespace are told by their labels; those in none also by their names, as environments share clusters.
    """
    listed = tuple(wanted)
    kinds = dict.fromkeys(
        (item["apiVersion"], item["kind"], item["metadata"].get("namespace")) for item in listed
    )
    named = {(item["kind"], item["metadata"]["name"]) for item in listed}
    try:
        with Client(_config(context), ConnectionParams()) as client:
            found = [item for kind in kinds for item in _list(client, *kind)]
    except ConfigError as error:
        raise ClusterUnreachable(f"the kubeconfig doesn't lead to a cluster: {error}") from error
    except httpx2.HTTPStatusError as error:
        raise ClusterUnreachable(_refusal(error.response)) from error
    except httpx2.HTTPError as error:
        raise ClusterUnreachable(f"no API server answers: {error}") from error
    return tuple(
        item
        for item in found
        if item["metadata"].get("namespace") or (item["kind"], item["metadata"]["name"]) in named
    )


def _config(context: str | None) -> SingleConfig:
    config = KubeConfig.from_env().get(context)
    if config is None:
        raise ConfigError("it names no current context")
    return config


def _list(client: httpx2.Client, version: str, kind: str, namespace: str | None) -> list[Object]:
    reply = _asked(client, _path(version, kind, namespace))
    if reply.status_code == _MISSING:  # the cluster has no definition of this kind yet
        return []
    reply.raise_for_status()
    return [{**item, "apiVersion": version, "kind": kind} for item in reply.json()["items"]]


def _asked(client: httpx2.Client, path: str) -> httpx2.Response:
    """The reply to a question; a server that is busy is asked again when it says so."""
    for _ in range(_TRIES):
        reply = client.get(path, params={"labelSelector": _SELECTOR})
        if reply.status_code != _BUSY:
            break
        time.sleep(float(reply.headers.get("retry-after", 1)))
    return reply


def _path(version: str, kind: str, namespace: str | None) -> str:
    group = f"/apis/{version}" if "/" in version else f"/api/{version}"
    where = f"/namespaces/{namespace}" if namespace else ""
    return f"{group}{where}/{plural(kind)}"


def plural(kind: str) -> str:
    """A kind as paths of the API name it."""
    word = kind.lower()
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith("s") else f"{word}s"


def _refusal(reply: httpx2.Response) -> str:
    told = reply.json().get("message", "") if "json" in reply.headers.get("content-type", "") else reply.text
    if reply.status_code in _FOREIGN:
        return f"the API server refuses the credentials: {told}"
    return f"the API server answers with an error: {told}"
