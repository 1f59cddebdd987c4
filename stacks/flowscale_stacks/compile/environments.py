"""Which releases can share pods: those that need the same image, node packs and wheels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowscale_specs import Unpinned
from flowscale_specs.releases import canonical, digest_of

if TYPE_CHECKING:
    from flowscale_specs import ResolvedDeployment
    from flowscale_stacks.compile.context import Context


@dataclass(frozen=True, slots=True)
class Group:
    """Releases of a deployment that are loaded side by side."""

    environment: str
    """The digest of what they share."""
    image: str
    releases: tuple[tuple[str, str], ...]
    """(version, digest), newest version first."""


def groups(context: Context, deployment: ResolvedDeployment) -> tuple[Group, ...]:
    """The groups of a deployment, the one with its newest version first. Raises Unpinned."""
    image = context.images.environments.get(deployment.workflow, context.images.executor)
    found: dict[str, list[tuple[str, str]]] = {}
    for version, _ in deployment.traffic:
        release = context.releases.get(deployment.workflow, {}).get(version)
        if release is None:
            raise Unpinned(deployment.workflow, version)
        found.setdefault(_environment(context, deployment, release, image), []).append((version, release))
    return tuple(Group(environment, image, tuple(of)) for environment, of in found.items())


def _environment(context: Context, deployment: ResolvedDeployment, digest: str, image: str) -> str:
    return digest_of(canonical({"image": image, **_installed(context, deployment, digest)}))


def _installed(context: Context, deployment: ResolvedDeployment, digest: str) -> dict[str, Any]:
    """What a release needs installed: as its bundle says, or as its workflow declares where the bundle isn't at hand."""
    bundle = context.bundles.get(digest)
    if bundle is not None:
        installed = {"packs": dict(bundle.packs), "wheels": dict(bundle.wheels)}
        return {**installed, "environments": list(bundle.environments)} if bundle.environments else installed
    workflow = context.project.workflows.get(deployment.workflow)
    packs = workflow.packs if workflow else ()
    return {"packs": {pack.source: pack.commit or str(pack.version or "*") for pack in packs}, "wheels": {}}
