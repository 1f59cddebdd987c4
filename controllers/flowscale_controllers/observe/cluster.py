"""The objects of a namespace that controllers look at, kept true by a list and a watch of each kind."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import httpx2
from lightkube import ApiError, AsyncClient
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Node

from flowscale_specs.resources import BUDGETS, GROUP, VERSION, WORKFLOW_DEPLOYMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)
REST = 1.0
"""Seconds before a broken watch begins again."""
EXECUTORS = {"app.kubernetes.io/component": "executor"}

WorkflowDeployments = create_namespaced_resource(
    GROUP, VERSION, WORKFLOW_DEPLOYMENTS.kind, WORKFLOW_DEPLOYMENTS.plural
)
Budgets = create_namespaced_resource(GROUP, VERSION, BUDGETS.kind, BUDGETS.plural)


class Store:
    """The objects of one kind by name, as the API server had them last."""

    def __init__(self, client: AsyncClient, kind: Any, changed: Callable[[str], None], **choice: Any) -> None:
        self.objects: dict[str, Any] = {}
        self.synced = asyncio.Event()
        self._client, self._kind, self._changed, self._choice = client, kind, changed, choice

    async def run(self) -> None:
        """Keeps the objects true, over whatever breaks between here and the API server."""
        while True:
            try:
                since = await self._list()
                self.synced.set()
                await self._follow(since)
            except (ApiError, httpx2.HTTPError) as error:
                log.warning("watching again", extra={"kind": self._kind.__name__, "error": str(error)})
                await asyncio.sleep(REST)

    async def _list(self) -> str:
        listing = self._client.list(self._kind, **self._choice)
        found = {each.metadata.name: each async for each in listing}
        gone, self.objects = set(self.objects) - set(found), found
        for name in (*found, *gone):
            self._changed(name)
        return str(listing.resourceVersion)

    async def _follow(self, since: str) -> None:
        async for change, found in self._client.watch(self._kind, resource_version=since, **self._choice):
            name = found.metadata.name
            if change == "DELETED":
                self.objects.pop(name, None)
            else:
                self.objects[name] = found
            self._changed(name)


class Cluster:
    """The stores of a namespace; `changed` is called with the name of each deployment or budget that may need a look."""

    def __init__(
        self, client: AsyncClient, namespace: str, changed: Callable[[str], None], *, nodes: bool
    ) -> None:
        self.deployments = Store(client, WorkflowDeployments, changed, namespace=namespace)
        self.budgets = Store(client, Budgets, changed, namespace=namespace)
        self.executors = Store(
            client, Deployment, self._executor_changed, namespace=namespace, labels=EXECUTORS
        )
        self.nodes = Store(client, Node, lambda _: changed("")) if nodes else None
        self._of: dict[str, str] = {}
        self._changed = changed

    @property
    def stores(self) -> list[Store]:
        """All stores that run."""
        return [self.deployments, self.budgets, self.executors, *([self.nodes] if self.nodes else [])]

    def executors_of(self, deployment: str) -> list[Any]:
        """The executor Deployments of a deployment, by name."""
        found = (
            each for each in self.executors.objects.values() if owner(each.metadata.labels) == deployment
        )
        return sorted(found, key=lambda each: str(each.metadata.name))

    def _executor_changed(self, name: str) -> None:
        executor = self.executors.objects.get(name)
        if executor is not None:
            self._of[name] = owner(executor.metadata.labels)
        self._changed(self._of.get(name, ""))


def owner(labels: Mapping[str, str] | None) -> str:
    """The deployment that an object belongs to."""
    return (labels or {}).get("flowscale.ai/deployment", "")
