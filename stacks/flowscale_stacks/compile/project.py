"""All objects of a project in an environment."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from flowscale_stacks.compile.admission import admission
from flowscale_stacks.compile.context import NOWHERE, Context
from flowscale_stacks.compile.controllers import controllers
from flowscale_stacks.compile.executor import executors
from flowscale_stacks.compile.gateway import gateway
from flowscale_stacks.compile.identity import identity
from flowscale_stacks.compile.keys import keys
from flowscale_stacks.compile.monitoring import monitoring
from flowscale_stacks.compile.namespace import namespace
from flowscale_stacks.compile.network import network
from flowscale_stacks.compile.ordering import ordered
from flowscale_stacks.compile.quotas import quotas
from flowscale_stacks.compile.resources import crds, resources
from flowscale_stacks.compile.routes import routes
from flowscale_stacks.compile.scaling import scaled_objects
from flowscale_stacks.compile.storage import storage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_specs import ResolvedProject
    from flowscale_specs.releases import Release
    from flowscale_stacks.compile.context import Images
    from flowscale_stacks.compile.objects import Object

_CONCERNS = (
    namespace, identity, network, quotas, admission, keys, storage, resources, gateway, controllers, executors, scaled_objects,
    routes, monitoring,
)  # fmt: skip


def compile_project(
    project: ResolvedProject,
    releases: Mapping[str, Mapping[str, str]],
    images: Images,
    *,
    bundles: Mapping[str, Release] | None = None,
    definitions: bool = True,
) -> tuple[Object, ...]:
    """The objects of a project, in an order in which applying them works; the same for the same arguments.

    `releases` is workflow -> version -> digest, `bundles` digest -> release as far as they are at hand (they tell which
    releases share pods). Without `definitions` the definitions of custom resources are left out, for a cluster that has
    them. Raises Unpinned and CompileError.
    """
    context = Context(
        project=project,
        target=project.target or NOWHERE,
        images=images,
        releases=releases,
        bundles=bundles or {},
    )
    found = chain.from_iterable(concern(context) for concern in _CONCERNS)
    return ordered(chain(crds() if definitions else (), found))
