"""The objects of a namespace that controllers look at, kept true by a list and a watch of each kind."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import httpx2
from lightkube import ApiError, AsyncClient
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Node, Pod

from flowscale_controllers.observe.pods import pod_of
from flowscale_specs.resources import BUDGETS, GROUP, VERSION, WORKFLOW_DEPLOYMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flowscale_controllers.observe.pods import Trouble

log = logging.getLogger(__name__)
REST = 1.0
"""Seconds before a broken watch begins again."""
EXECUTORS = {"app.kubernetes.io/component": "executor"}

WorkflowDeployments = create_namespaced_resource(
    GROUP, VERSION, WORKFLOW_DEPLOYMENTS.kind, WORKFLOW_DEPLOYMENTS.plural
)
Budgets = create_namespaced_resource(GROUP, VERSION, BUDGETS.kind, BUDGETS.plural)


class Store:
    """The objects of one kind by name, as the API server had them last; of each, `keep` says what is kept."""

    def __init__(
        self,
        client: AsyncClient,
        kind: Any,
        changed: Callable[[str], None],
        keep: Callable[[Any], Any] = lambda found: found,
        **choice: Any,
    ) -> None:
        self.objects: dict[str, Any] = {}
        self.synced = asyncio.Event()
        self._client, self._kind, self._changed, self._choice = client, kind, changed, choice
        self._keep = keep

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
        found = {each.metadata.name: self._keep(each) async for each in listing}
        gone, self.objects = set(self.objects) - set(found), found
        for name in (*found, *gone):
            self._changed(name)
        return str(listing.resourceVersion)

    async def _follow(self, since: str) -> None:
        async for change, found in self._client.watch(self._kind, resource_version=since, **self._choice):
            name, kept = found.metadata.name, self._keep(found)
            if change == "DELETED":
                self.objects.pop(name, None)
            elif self.objects.get(name) == kept:
                continue
            else:
                self.objects[name] = kept
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
        self.pods = Store(client, Pod, self._pod_changed, pod_of, namespace=namespace, labels=EXECUTORS)
        self.nodes = Store(client, Node, lambda _: changed("")) if nodes else None
        self._of: dict[str, str] = {}
        self._pods: dict[str, str] = {}
        self._changed = changed

    @property
    def stores(self) -> list[Store]:
        """All stores that run."""
        nodes = [self.nodes] if self.nodes else []
        return [self.deployments, self.budgets, self.executors, self.pods, *nodes]

    def executors_of(self, deployment: str) -> list[Any]:
        """The executor Deployments of a deployment, by name."""
        found = (
            each for each in self.executors.objects.values() if owner(each.metadata.labels) == deployment
        )
        return sorted(found, key=lambda each: str(each.metadata.name))

    def troubles_of(self, deployment: str) -> tuple[Trouble, ...]:
        """What keeps pods of a deployment from coming up, in the order of their names."""
        found = sorted(self.pods.objects.items())
        return tuple(pod.trouble for _, pod in found if pod.deployment == deployment and pod.trouble)

    def _pod_changed(self, name: str) -> None:
        pod = self.pods.objects.get(name)
        owned_by = self._pods.pop(name, "") if pod is None else pod.deployment
        if pod is not None:
            self._pods[name] = owned_by
        if owned_by:
            self._changed(owned_by)

    def _executor_changed(self, name: str) -> None:
        executor = self.executors.objects.get(name)
        if executor is not None:
            self._of[name] = owner(executor.metadata.labels)
        self._changed(self._of.get(name, ""))


def owner(labels: Mapping[str, str] | None) -> str:
    """The deployment that an object belongs to."""
    return (labels or {}).get("flowscale.ai/deployment", "")
