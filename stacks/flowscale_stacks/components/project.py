"""`flowscale:stack:Project`: everything that a project is in a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi

from flowscale_stacks.components.addresses import addresses
from flowscale_stacks.components.applying import Applier
from flowscale_stacks.components.deployment import WorkflowDeployment
from flowscale_stacks.components.objects import laid_out, namespace_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowscale_stacks.components.applying import Transform
    from flowscale_stacks.components.objects import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectArgs:
    """What a project is made of: what `flowscale_stacks.program.project_args` reads from a folder of specs."""

    objects: Sequence[Object]
    """Plain Kubernetes objects, in an order in which they can be applied."""
    releases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Deployment -> version -> digest."""
    transform: Transform | None = None
    """Changes an object before it becomes a resource, or leaves it out by returning None."""
    shared: pulumi.ProviderResource | None = None
    """The provider for custom resource definitions: they may exist already, made by another stack."""


class Project(pulumi.ComponentResource):
    """A project in one cluster. Third parties put it into their own programs, and add to it by `transform`,
    by Pulumi's own `transforms`, or by resources that take its outputs."""

    namespace: pulumi.Output[str]
    urls: pulumi.Output[list[str]]
    """Where the gateway answers, the outermost first."""
    releases: pulumi.Output[dict[str, dict[str, str]]]
    deployments: dict[str, WorkflowDeployment]
    resources: dict[str, pulumi.CustomResource]
    """The resources that deployments share, by `Kind/name`."""

    def __init__(self, name: str, args: ProjectArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("flowscale:stack:Project", name, None, opts)
        namespace = namespace_of(args.objects)
        found = addresses(args.objects, namespace)
        layout = laid_out(args.objects)
        applier = Applier(namespace, args.transform, args.shared)
        first = (*layout.definitions, *layout.namespaces, *layout.policies, *layout.shared)
        self.resources = applier.apply(first, self)
        self.deployments = {
            each: WorkflowDeployment(
                each,
                objects,
                args.releases.get(each, {}),
                found[0],
                applier,
                pulumi.ResourceOptions(parent=self),
            )
            for each, objects in layout.deployments.items()
        }
        self.namespace = pulumi.Output.from_input(namespace)
        self.urls = pulumi.Output.from_input(list(found))
        self.releases = pulumi.Output.from_input({key: dict(of) for key, of in args.releases.items()})
        self.register_outputs({"namespace": self.namespace, "urls": self.urls, "releases": self.releases})
