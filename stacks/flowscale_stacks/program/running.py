"""The program that Pulumi runs: a folder of specs as components in one cluster."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

from flowscale_stacks.components import Project, ProjectArgs
from flowscale_stacks.components.objects import DEFINITION
from flowscale_stacks.reading.folders import Source
from flowscale_stacks.reading.wanting import Wanted, read

CONFIG = "flowscale"


def project_program(
    folder: str | Path | None = None, environment: str | None = None, target: str | None = None
) -> Project:
    """Declares everything that a folder of specs wants. What isn't said is read from the stack's config:
    `flowscale:specs`, `flowscale:environment` and `flowscale:target`."""
    config = pulumi.Config(CONFIG)
    home = Path(folder or config.get("specs") or ".")
    source = Source(
        folder=home if home.is_absolute() else Path(pulumi.get_root_directory()) / home,
        environment=environment or config.get("environment"),
        target=target or config.get("target"),
        images=config.get_object("images") or {},
    )
    return deploy(read(source))


def deploy(wanted: Wanted) -> Project:
    """Declares what is wanted, in the cluster of its environment, and exports where it answers.

    Git owns the fields that it names: who edited one by hand loses it. An object that others made is never taken over.
    """
    context = wanted.specs.cluster
    cluster = kubernetes.Provider("cluster", context=context, enable_patch_force=True)
    project = Project(
        wanted.specs.project.name, project_args(wanted, context), pulumi.ResourceOptions(provider=cluster)
    )
    pulumi.export("namespace", project.namespace)
    pulumi.export("urls", project.urls)
    pulumi.export("releases", project.releases)
    pulumi.export("deployments", {name: each.url for name, each in project.deployments.items()})
    return project


def project_args(wanted: Wanted, context: str | None = None) -> ProjectArgs:
    """The arguments of the `Project` component for what is wanted."""
    shared = None
    if any(each["kind"] == DEFINITION for each in wanted.objects):
        shared = kubernetes.Provider(
            "definitions", context=context, enable_patch_force=True, upsert_existing_objects=True
        )
    releases = {name: dict(served.releases) for name, served in wanted.record.served.items()}
    return ProjectArgs(objects=wanted.objects, releases=releases, shared=shared)
