"""A folder of specs as a catalog: loaded, resolved, its releases found by digest or built, watched for changes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
from watchfiles import awatch

from flowscale_runtime.engines.errors import HostDied
from flowscale_runtime.engines.networks.values import Network
from flowscale_runtime.engines.values import Environment
from flowscale_runtime.gateway import packs, weights
from flowscale_runtime.gateway.catalog import Catalog, Deployment, Version
from flowscale_runtime.gateway.environments import of_folder, on_servers
from flowscale_runtime.gateway.networks import of_project
from flowscale_runtime.models.errors import ModelError
from flowscale_runtime.models.store import ModelStore
from flowscale_runtime.packs.provision import Provision
from flowscale_runtime.stores.objects import Objects
from flowscale_specs import (
    ResolvedDeployment,
    ResolvedProject,
    ResolvedWorkflow,
    load,
    resolve,
)
from flowscale_specs.releases import LOCK_NAME, Lock, Release, read_lock
from flowscale_specs.rights import grants
from flowscale_workflows import saved as definitions
from flowscale_workflows.errors import WorkflowError
from flowscale_workflows.interface import Interface
from flowscale_workflows.releases import ADD_PACK, build, repeatable

log = logging.getLogger(__name__)
LOOK_AGAIN = 5000  # milliseconds
SAVE_AGAIN = (
    "Install the pack that has them in ComfyUI, and save its nodes again where they are kept beside the spec."
)


@dataclass(frozen=True, slots=True)
class Description:
    """What a host says of the nodes that it has loaded."""

    definitions: Mapping[str, Any]
    packs: Mapping[str, str]
    """The digest of the pack that each class comes from."""
    failures: tuple[str, ...] = ()
    web: Mapping[str, str] = field(default_factory=dict)
    """The folder of scripts for browsers that each pack brings, if it brings one."""
    remedy: str = ADD_PACK
    """What to do where a class is missing."""


Describe = Callable[[Environment], Awaitable[Description]]


@dataclass(slots=True)
class SpecFolder:
    """Makes catalogs of a folder. `describe` asks a host for the nodes of an environment, `models` has weights here,
    `provision` packs.
    """

    folder: Path
    environment: str | None
    objects: Objects
    describe: Describe
    models: ModelStore | None = None
    provision: Provision | None = None
    _described: dict[str, Description] = field(default_factory=dict)
    _again: bool = False
    """Whether another look may find what was away."""

    async def load(self) -> Catalog:
        """The catalog of the folder as it is now; what can't be served is among its problems.

        Raises SpecErrors where the specs themselves are wrong.
        """
        self._again = False
        project = await asyncio.to_thread(self._resolved)
        lock = await asyncio.to_thread(read_lock, self.folder / LOCK_NAME)
        if project.target is not None:
            lock = lock.overlaid(project.target.releases)
        networks, problems = await asyncio.to_thread(of_project, project)
        deployments = {}
        for name, spec in project.deployments.items():
            workflow = project.workflows[spec.workflow]
            try:
                environment = await self.environment_of(workflow, spec.comfyui, networks)
                versions = await self._versions(spec, workflow, environment, lock)
            except (WorkflowError, ModelError) as error:
                problems.append(f"{name}: {error}")
                continue
            budgets = tuple(
                budget
                for budget in project.budgets.values()
                if name in budget.deployments or budget.scope == "key"
            )
            deployments[name] = Deployment(spec, project.name, project.team, versions, budgets)
        members = grants(project.members, project.roles)
        return Catalog(
            project.name,
            deployments,
            tuple(problems),
            members,
            project.roles,
            networks,
            project.retention,
            project.prices,
        )

    async def changes(self) -> AsyncIterator[None]:
        """Comes once for every burst of changes in the folder, and now and then while a server that it names is away."""
        async for changes in awatch(
            self.folder,
            recursive=True,
            debounce=300,
            ignore_permission_denied=True,
            watch_filter=_matters,
            rust_timeout=LOOK_AGAIN,
            yield_on_timeout=True,
        ):
            if changes or self._again:
                yield None

    async def environment_of(
        self, workflow: ResolvedWorkflow, servers: tuple[str, ...] = (), networks: tuple[Network, ...] = ()
    ) -> Environment:
        """What the hosts of a workflow are made of, its weights among it. Raises a ModelError."""
        plain = on_servers(
            await asyncio.to_thread(of_folder, workflow.folder, self.folder, networks), servers
        )
        if self.models is None:
            return plain
        return await asyncio.to_thread(weights.ready, self.models, workflow, plain)

    def _resolved(self) -> ResolvedProject:
        return resolve(load(self.folder), self.environment)

    async def _versions(
        self, spec: ResolvedDeployment, workflow: ResolvedWorkflow, environment: Environment, lock: Lock
    ) -> tuple[Version, ...]:
        return tuple(
            [
                await self._version(workflow, version, float(percent), environment, lock)
                for version, percent in spec.traffic
            ]
        )

    async def _version(
        self, workflow: ResolvedWorkflow, version: str, percent: float, environment: Environment, lock: Lock
    ) -> Version:
        digest = lock.releases.get(workflow.name, {}).get(version)
        if digest is None or not await asyncio.to_thread(self.objects.exists, digest.removeprefix("sha256:")):
            if version != workflow.version:
                known = "its bundle is not in the store" if digest else "flowscale.lock doesn't pin it"
                raise WorkflowError(
                    f"version {version} of workflow {workflow.name!r} can't be served: {known}, and the file is at "
                    f"{workflow.version}. Check that version out and run `flowscale pin`."
                )
            digest = await self.build(workflow, environment)
        bundle = await asyncio.to_thread(self._bundle, digest)
        locks = bundle.get("environments", ())
        environment = await asyncio.to_thread(packs.ready, self.provision, workflow, environment, locks)
        interface = Interface.from_json(bundle["interface"])
        same = repeatable(bundle["graph"], bundle["definitions"])
        return Version(version, percent, digest, interface, environment, same)

    async def build(
        self, workflow: ResolvedWorkflow, environment: Environment, before: str | None = None
    ) -> str:
        """Builds the release of the workflow's file and stores it; answers with its digest.

        Packs stay as the release `before` has them, as long as the spec asks for no others. Raises WorkflowError.
        """
        locks: packs.Locked = ()
        if not environment.comfyui:
            locks = await asyncio.to_thread(self._locked, workflow, before)
            environment = await asyncio.to_thread(packs.ready, self.provision, workflow, environment, locks)
        described = await (
            self._of_servers(workflow, environment) if environment.comfyui else self._here(environment)
        )
        return await asyncio.to_thread(self._build, workflow, described, environment, locks)

    def _locked(self, workflow: ResolvedWorkflow, before: str | None) -> packs.Locked:
        there = before is not None and self.objects.exists(before.removeprefix("sha256:"))
        earlier = self._bundle(before).get("environments", ()) if before and there else ()
        return packs.locked(self.provision, workflow, earlier)

    def _bundle(self, digest: str) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.objects.get(digest.removeprefix("sha256:")))
        return found

    async def _here(self, environment: Environment) -> Description:
        if environment.name not in self._described:
            self._described[environment.name] = await self.describe(environment)
            for failure in self._described[environment.name].failures:
                log.warning("a pack failed to load: %s", failure)
        return self._described[environment.name]

    async def _of_servers(self, workflow: ResolvedWorkflow, environment: Environment) -> Description:
        """The nodes of ComfyUI servers: as saved beside the spec, else as one of them tells."""
        saved = await asyncio.to_thread(definitions.read, workflow.folder)
        if saved is not None:
            return Description(saved, definitions.digests(saved), remedy=SAVE_AGAIN)
        try:
            return replace(await self.describe(environment), remedy=SAVE_AGAIN)
        except HostDied as error:
            self._again = True
            raise WorkflowError(
                f"{error}. Start it, or keep its nodes beside the spec: flowscale nodes import URL"
            ) from error

    def _build(
        self,
        workflow: ResolvedWorkflow,
        described: Description,
        environment: Environment,
        locks: packs.Locked,
    ) -> str:
        path = workflow.folder / workflow.source
        try:
            data = path.read_bytes()
        except OSError as error:
            raise WorkflowError(f"the workflow file {path} can't be read: {error.strerror}") from error
        try:
            release = build(
                workflow,
                data,
                workflow.source,
                described.definitions,
                described.packs,
                described.remedy,
                locks,
            )
        except WorkflowError as error:
            hint = "".join(f" A pack failed to load: {failure}." for failure in described.failures)
            raise WorkflowError(f"{error}{hint}") from error
        if self.models is not None:
            release = weights.pinned(self.models, workflow, environment, release)
        return f"sha256:{self.objects.put(self._with_files(release, workflow.folder).bundle())}"

    def _with_files(self, release: Release, folder: Path) -> Release:
        """Example files that the graph names become objects of the release."""
        graph = {key: {**node, "inputs": dict(node["inputs"])} for key, node in release.graph.items()}
        for item in Interface.from_json(release.interface).inputs:
            literal = graph[item.node_id]["inputs"].get(item.widget)
            if item.is_file and isinstance(literal, str):
                for path in (folder / "input" / literal, folder / literal):
                    if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
                        name = self.objects.put(path.read_bytes()) + PurePosixPath(literal).suffix
                        graph[item.node_id]["inputs"][item.widget] = name
                        break
        return replace(release, graph=graph)


def _matters(change: Any, path: str) -> bool:
    parts = PurePosixPath(path).parts
    return not any(part.startswith(".") or part in ("__pycache__", "node_modules") for part in parts[1:])
