"""The API server of a context: does it answer, does it know us, which kinds and objects are there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx2 as httpx
from lightkube.config.client_adapter import Client, ConnectionParams
from lightkube.config.kubeconfig import KubeConfig
from lightkube.core.exceptions import ConfigError

from flowscale_stacks.reading.errors import ClusterUnreachable, CredentialsRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_NAMES = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_APPLIED = {"Content-Type": "application/apply-patch+yaml"}
_SECONDS = 20.0
_REFUSALS = frozenset({401, 403})
_GONE = frozenset({404, 405})
_BUSY = 429
_TRIES = 10
"""How often a server is asked that says when to come back, as it does while it learns a new definition."""

Kinds = dict[tuple[str, str], tuple[str, bool]]
"""(apiVersion, kind) -> (plural, whether it is in namespaces)."""


class Cluster:
    """One API server, by a context of the kubeconfig. Use it in a `with`."""

    def __init__(self, context: str | None = None) -> None:
        try:
            config = KubeConfig.from_env().get(context)
        except ConfigError as error:
            raise ClusterUnreachable(_unconfigured(context, str(error))) from error
        if config is None:
            raise ClusterUnreachable(_unconfigured(context, "there is none"))
        self.server = config.cluster.server
        self._client = Client(config, ConnectionParams(timeout=httpx.Timeout(_SECONDS), trust_env=False))

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def kinds(self) -> Kinds:
        """All kinds that the server has now."""
        found: Kinds = {}
        for root in ("/api", "/apis"):
            answer = self.get(root, accept=_DISCOVERY) or {}
            for group in answer.get("items") or ():
                _collect(group, found)
        return found

    def names(self, path: str) -> dict[str, Mapping[str, str]]:
        """The objects of a kind in a place: name -> labels."""
        answer = self.get(path, accept=_NAMES) or {}
        metadata = (item["metadata"] for item in answer.get("items") or ())
        return {each["name"]: each.get("labels") or {} for each in metadata}

    def namespaces(self, path: str) -> frozenset[str]:
        """The namespaces that have objects of a kind."""
        answer = self.get(path, accept=_NAMES) or {}
        return frozenset(item["metadata"].get("namespace", "") for item in answer.get("items") or ())

    def get(self, path: str, *, accept: str = "application/json", **query: str) -> dict[str, Any] | None:
        """What the server answers; None where there is nothing. Raises ClusterUnreachable or CredentialsRefused."""
        return self.send("GET", path, accept=accept, **query)

    def send(
        self, method: str, path: str, body: Any = None, *, accept: str = "application/json", **query: str
    ) -> dict[str, Any] | None:
        """One request; a body is applied on the server's side."""
        headers = {"Accept": accept, **(_APPLIED if body is not None else {})}
        reply = self._patiently(method, path, json=body, params=query, headers=headers)
        if reply.status_code in _GONE:
            return None
        if reply.status_code in _REFUSALS:
            raise CredentialsRefused(_refused(self.server, reply))
        if not reply.is_success:
            raise ClusterUnreachable(f"{self.server}{path} answered {reply.status_code}: {reply.text[:300]}")
        return dict(reply.json())

    def _patiently(self, method: str, path: str, **rest: Any) -> httpx.Response:
        for _ in range(_TRIES):
            try:
                reply = self._client.request(method, path, **rest)
            except (httpx.HTTPError, OSError) as error:
                raise ClusterUnreachable(
                    f"no API server answers at {self.server} ({error}): check KUBECONFIG, the context that the "
                    "environment names, and `kubectl cluster-info`"
                ) from error
            if reply.status_code != _BUSY:
                break
            time.sleep(float(reply.headers.get("retry-after", 1)))
        return reply


def collection(version: str, plural: str, namespace: str | None) -> str:
    """The path of all objects of a kind, in one namespace or everywhere."""
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


def _collect(group: Mapping[str, Any], found: Kinds) -> None:
    name = group["metadata"].get("name", "")
    for version in group.get("versions") or ():
        called = f"{name}/{version['version']}" if name else version["version"]
        for each in version.get("resources") or ():
            kind = each["responseKind"]["kind"]
            found[called, kind] = each["resource"], each["scope"] == "Namespaced"


def _refused(server: str, reply: httpx.Response) -> str:
    if reply.status_code == httpx.codes.UNAUTHORIZED:
        return (
            f"{server} refuses the credentials, which may have expired: log in to the cluster again, and check with "
            "`kubectl auth whoami`"
        )
    try:
        said = reply.json()["message"]
    except (ValueError, KeyError):
        said = reply.text[:300]
    return f"{server} lets this account do too little: {said}"


def _unconfigured(context: str | None, reason: str) -> str:
    what = f"context {context!r}" if context else "current context"
    return f"the kubeconfig has no {what} ({reason}): set KUBECONFIG, or name a context in the environment's `cluster`"
