"""What the routes of the protocol work with, and who calls them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import HTTPConnection

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.catalog import Deployment
from flowscale_runtime.gateway.comfyui.hub import Hub
from flowscale_runtime.gateway.comfyui.people import People
from flowscale_runtime.gateway.comfyui.shelf import Shelf
from flowscale_runtime.gateway.comfyui.tree import Tree
from flowscale_runtime.gateway.errors import NotFound, NotReady
from flowscale_runtime.gateway.folder import Description
from flowscale_runtime.gateway.state import State
from flowscale_runtime.repository.workflows import Workflows

DEPLOYMENT = "comfyui"
"""The deployment that prompts run under; where the specs declare one of this name, its limits hold."""


HOW = f"declare a WorkflowDeployment of this name and start a worker, flowscale worker --deployment {DEPLOYMENT}"


class Hosts(Protocol):
    """The processes that know node classes."""

    async def check(self, environment: Environment, question: dict[str, Any]) -> dict[str, Any]: ...

    def forget(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Comfy:
    """The protocol's parts. `private` holds what prompts get beyond what is stored, by run; `several`: users apart."""

    state: State
    shelf: Shelf
    tree: Tree
    hub: Hub
    hosts: Hosts
    describe: Callable[[Environment], Awaitable[Description]]
    workflows: Workflows
    private: dict[str, dict[str, Any]] = field(default_factory=dict)
    several: bool = False

    @property
    def people(self) -> People:
        """The users of settings and files."""
        return People(self.tree.root / "user", self.several)

    shared: bool = False
    """Whether other machines compute: those that work for the deployment `comfyui`."""

    @property
    def project(self) -> str:
        """Whose prompts these are."""
        return self.state.served.catalog.project

    @property
    def host(self) -> Deployment:
        """The deployment whose GPU, limits and environment prompts get: `comfyui`, else the first, where this machine
        computes. Raises NotReady, and NotFound where no worker could compute a prompt."""
        deployments = self.state.served.catalog.deployments
        found = deployments.get(DEPLOYMENT)
        if self.shared and found is None and self.state.served.ready:
            raise NotFound(f"No deployment is called {DEPLOYMENT!r}: {HOW}.", deployment=DEPLOYMENT)
        found = found or next(iter(deployments.values()), None)
        if found is None:
            raise NotReady("Nothing is served yet: there is no deployment.", retry_after=1)
        return found

    @property
    def environment(self) -> Environment:
        """Where prompts run. Raises NotReady."""
        return self.host.versions[0].environment

    async def definitions(self) -> Mapping[str, Any]:
        """All node classes. Raises NotReady."""
        return (await self.describe(self.environment)).definitions


async def caller(request: HTTPConnection, scope: str = "runs:read") -> tuple[Comfy, Principal]:
    """The protocol's parts, and a caller who may do this. Raises Unauthenticated, Forbidden or NotFound."""
    comfy: Comfy = request.app.state.find()
    project = comfy.state.served.catalog.project
    if comfy.shared:
        _ = comfy.host  # without one there is nothing that any route could do
    if not request.app.state.keyed:
        return comfy, Principal(project, frozenset({"admin"}), name="local")
    principal = await comfy.state.gate.principal(request)
    principal.require(scope)
    principal.check_deployment(DEPLOYMENT)
    if principal.project != project:
        raise NotFound("This project has no ComfyUI here.", project=principal.project)
    return comfy, principal
