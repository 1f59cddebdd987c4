"""Where a gateway learns what to serve: a folder of specs, or the resources of a cluster."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.gateway.catalog import Catalog
from flowscale_runtime.gateway.folder import SpecFolder
from flowscale_runtime.gateway.resources import ResourceWatch
from flowscale_runtime.models.opening import open_models
from flowscale_runtime.packs.provision import Provision
from flowscale_runtime.processes.worker import SHARED
from flowscale_runtime.stores.objects import Objects
from flowscale_runtime.wiring import describe
from flowscale_runtime.worker.pool import Pool
from flowscale_specs import SpecErrors

log = logging.getLogger(__name__)


class Watch(Protocol):
    """Gives a catalog at once, and another one after each change."""

    def catalogs(self) -> AsyncIterator[Catalog]: ...

    async def close(self) -> None: ...


class FolderWatch:
    """A folder of specs. Releases that aren't pinned are built with the help of a host of this machine."""

    def __init__(self, specs: SpecFolder, pool: Pool) -> None:
        self._specs, self._pool, self._last = specs, pool, Catalog()

    async def catalogs(self) -> AsyncIterator[Catalog]:
        yield await self._load()
        async for _ in self._specs.changes():
            yield await self._load()

    async def close(self) -> None:
        await self._pool.close()

    async def _load(self) -> Catalog:
        """The folder as it is; specs that are wrong leave what is served."""
        try:
            self._last = in_shared_environment(await self._specs.load())
        except SpecErrors as errors:
            self._last = replace(self._last, problems=tuple(str(error) for error in errors.errors))
        return self._last


def folder_watch(folder: Path, environment: str | None, objects: Objects, data: Path) -> FolderWatch:
    """A watch of a spec folder."""
    pool = Pool(data / "hosts", data / "inputs", size=1)
    models = open_models(data)
    specs = SpecFolder(
        folder,
        environment,
        objects,
        lambda wanted: describe(wanted, pool, data),
        models,
        Provision(data / "packs"),
    )
    return FolderWatch(specs, pool)


def resource_watch(namespace: str, objects: Objects) -> ResourceWatch:
    """A watch of the resources in a namespace of the cluster that this process runs in, or kubeconfig names."""
    return ResourceWatch(namespace, objects, Environment(SHARED))


def in_shared_environment(catalog: Catalog) -> Catalog:
    """The same catalog with releases that any worker of their deployment computes."""
    environment = Environment(SHARED)
    deployments = {
        name: replace(
            one, versions=tuple(replace(version, environment=environment) for version in one.versions)
        )
        for name, one in catalog.deployments.items()
    }
    return replace(catalog, deployments=deployments)
