"""The WorkflowDeployment and Budget resources of a namespace as a catalog: listed, watched, read by digest."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson
from lightkube import AsyncClient
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from pydantic import ValidationError

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.gateway.catalog import Catalog, Deployment, Mirror, Version
from flowscale_runtime.stores.errors import StoreError
from flowscale_runtime.stores.objects import Objects
from flowscale_specs.resolved import ResolvedBudget
from flowscale_specs.resources import (
    BUDGETS,
    GROUP,
    VERSION,
    WORKFLOW_DEPLOYMENTS,
    ResourceDeployment,
    ResourceProject,
    read_budget_resource,
    read_resource,
)
from flowscale_workflows.interface import Interface
from flowscale_workflows.releases import repeatable

log = logging.getLogger(__name__)
REST = 0.5  # seconds before the API is asked again where it failed
LOOK_AGAIN, SELDOM = (
    1.0,
    60.0,
)  # seconds before a bundle is looked for again that wasn't in the store, at first and at most
KINDS = {
    names.kind: create_namespaced_resource(GROUP, VERSION, names.kind, names.plural)
    for names in (WORKFLOW_DEPLOYMENTS, BUDGETS)
}


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a gateway needs of a release."""

    interface: Interface
    repeatable: bool


@dataclass(slots=True)
class ResourceWatch:
    """Watches a namespace. Every catalog is made anew of all resources; bundles are read once."""

    namespace: str
    objects: Objects
    environment: Environment
    client: AsyncClient | None = None
    _known: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    _bundles: dict[str, Bundle] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _missing: bool = False
    """Whether another look may find a bundle that the last one missed."""

    async def catalogs(self) -> AsyncIterator[Catalog]:
        """A catalog at once, one after each change of a resource or its status, and now and then one while bundles are
        missing: they may come later than the resources that name them."""
        self.client = self.client or AsyncClient(namespace=self.namespace)
        listed = [asyncio.Event() for _ in KINDS]
        watching = [
            asyncio.create_task(self._watch(kind, first)) for kind, first in zip(KINDS, listed, strict=True)
        ]
        for task in watching:
            task.add_done_callback(lambda _: self._changed.set())
        try:
            await asyncio.gather(*(first.wait() for first in listed))
            pause = LOOK_AGAIN
            while True:
                self._changed.clear()
                yield await self.catalog()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), pause if self._missing else None)
                pause = min(2 * pause, SELDOM) if self._missing and not self._changed.is_set() else LOOK_AGAIN
                for task in watching:
                    if task.done():
                        task.result()
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    async def close(self) -> None:
        """Closes connections."""
        if self.client:
            await self.client.close()

    async def catalog(self) -> Catalog:
        """The catalog of the resources as they are known now."""
        self._missing = False
        budgets, problems = read_budgets(self._known[BUDGETS.kind].values())
        deployments, whose = {}, ResourceProject(name="default", organization="", team="", environment=None)
        for name, resource in sorted(self._known[WORKFLOW_DEPLOYMENTS.kind].items()):
            try:
                read = read_resource(resource)
                whose = read.project
                deployments[name] = await self._deployment(read, resource, budgets)
            except (ValidationError, StoreError, Unservable) as error:
                self._missing |= isinstance(error, StoreError)
                problems.append(f"{name}: {' '.join(str(error).split())}")
        kept, prices = whose.retention, whose.prices
        return Catalog(whose.name, deployments, tuple(problems), retention=kept, prices=prices)

    async def _deployment(
        self, read: ResourceDeployment, resource: Mapping[str, Any], budgets: Mapping[str, ResolvedBudget]
    ) -> Deployment:
        status = resource.get("status") or {}
        versions = [await self._version(read, version, percent) for version, percent in weights(read, status)]
        mirror = None
        if tried := mirrored(read, status):
            mirror = Mirror(await self._version(read, tried[0], 0.0), tried[1])
        counted = tuple(budgets[name] for name in read.budgets if name in budgets)
        project = read.project
        return Deployment(read.deployment, project.name, project.team, tuple(versions), counted, mirror)

    async def _version(self, read: ResourceDeployment, version: str, percent: float) -> Version:
        digest = read.releases[version]
        bundle = await self._bundle(digest)
        return Version(version, percent, digest, bundle.interface, self.environment, bundle.repeatable)

    async def _bundle(self, digest: str) -> Bundle:
        if digest not in self._bundles:
            bundle = orjson.loads(await asyncio.to_thread(self.objects.get, digest.removeprefix("sha256:")))
            same = repeatable(bundle["graph"], bundle["definitions"])
            self._bundles[digest] = Bundle(Interface.from_json(bundle["interface"]), same)
        return self._bundles[digest]

    async def _watch(self, kind: str, first: asyncio.Event) -> None:
        """Keeps what is known of a kind true, over whatever breaks between here and the API."""
        while True:
            try:
                since = await self._list(kind)
                first.set()
                await self._follow(kind, since)
            except (ApiError, httpx2.HTTPError) as error:
                log.warning("watching %s again: %s", kind, error)
                await asyncio.sleep(REST)

    async def _list(self, kind: str) -> str:
        assert self.client
        listing = self.client.list(KINDS[kind], namespace=self.namespace)
        found = {}
        async for resource in listing:
            plain = dict(resource)
            found[plain["metadata"]["name"]] = plain
        if found != self._known[kind]:
            self._known[kind] = found
            self._changed.set()
        return str(listing.resourceVersion)

    async def _follow(self, kind: str, since: str) -> None:
        assert self.client
        changes = self.client.watch(KINDS[kind], namespace=self.namespace, resource_version=since)
        async for change, resource in changes:
            plain = dict(resource)
            name = plain["metadata"]["name"]
            if change == "DELETED":
                self._known[kind].pop(name, None)
            else:
                self._known[kind][name] = plain
            self._changed.set()


class Unservable(Exception):
    """A deployment has no release that may be served."""


def weights(read: ResourceDeployment, status: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The live share of each version, newest first; a release that was rolled back gets none.

    Controllers set the shares in the status; until they have, those of the spec hold. Raises Unservable.
    """
    wanted = {version: float(percent) for version, percent in read.deployment.traffic}
    live = {
        version: float(percent)
        for version, percent in (status.get("weights") or {}).items()
        if version in read.releases
    }
    back = {entry["digest"] for entry in status.get("rolledBack") or ()}
    shares = [
        (version, (live or wanted).get(version, 0.0))
        for version in wanted
        if read.releases[version] not in back
    ]
    if not shares:
        raise Unservable("every release of it was rolled back: name another one in its traffic")
    total = sum(percent for _, percent in shares)
    if not total:
        return [(shares[-1][0], 100.0)]
    return [(version, 100 * percent / total) for version, percent in shares if percent]


def mirrored(read: ResourceDeployment, status: Mapping[str, Any]) -> tuple[str, float] | None:
    """The version that is tried with copies of runs, and of how many per cent of them."""
    tried = status.get("rollout") or {}
    percent = float((tried.get("evidence") or {}).get("mirror") or 0)
    version = str(tried.get("candidate", ""))
    back = {entry["digest"] for entry in status.get("rolledBack") or ()}
    if not percent or version not in read.releases or read.releases[version] in back:
        return None
    return version, percent


def read_budgets(resources: Iterable[Mapping[str, Any]]) -> tuple[dict[str, ResolvedBudget], list[str]]:
    """The budgets of these resources, and what is wrong with some."""
    budgets, problems = {}, []
    for resource in resources:
        name = resource["metadata"]["name"]
        try:
            budgets[name] = read_budget_resource(resource).budget
        except ValidationError as error:
            problems.append(f"budget {name}: {' '.join(str(error).split())}")
    return budgets, problems
