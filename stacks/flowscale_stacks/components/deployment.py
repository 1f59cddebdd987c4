"""`flowscale:stack:WorkflowDeployment`: one deployment's custom resource, executors and what goes with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowscale_stacks.components.applying import Applier
    from flowscale_stacks.components.objects import Object


class WorkflowDeployment(pulumi.ComponentResource):
    """A workflow that answers over REST. `Project` makes one for each deployment of its specs."""

    url: pulumi.Output[str]
    """Where runs are submitted."""
    releases: pulumi.Output[dict[str, str]]
    """Version -> digest of the release that serves it."""
    resources: dict[str, pulumi.CustomResource]
    """The resources beneath it, by `Kind/name`."""

    def __init__(
        self,
        name: str,
        objects: Sequence[Object],
        releases: Mapping[str, str],
        address: str,
        applier: Applier,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("flowscale:stack:WorkflowDeployment", name, None, opts)
        self.resources = applier.apply(objects, self)
        self.url = pulumi.Output.from_input(f"{address}/api/v1/runs?deployment={name}")
        self.releases = pulumi.Output.from_input(dict(releases))
        self.register_outputs({"url": self.url, "releases": self.releases})
