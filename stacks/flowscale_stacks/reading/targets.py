"""Environments in several clusters: a project as one of them sees it, and what its stack is called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flowscale_stacks.reading.errors import UnknownTarget

if TYPE_CHECKING:
    from flowscale_specs import ResolvedProject

DEFAULT = "default"


def target_names(project: ResolvedProject) -> tuple[str | None, ...]:
    """The targets of the project's environment; None alone where it is in one cluster."""
    targets = project.target.targets if project.target else ()
    return tuple(target.name for target in targets) or (None,)


def for_target(project: ResolvedProject, name: str | None) -> ResolvedProject:
    """The project with the cluster, namespace and domain of a target. Raises UnknownTarget."""
    known = target_names(project)
    if name not in known:
        listed = ", ".join(filter(None, known))
        said = f"its targets are {listed}: name one of them" if listed else "it has no targets: leave it out"
        raise UnknownTarget(f"environment {project.environment}: there is no target {name!r}; {said}")
    environment = project.target
    if environment is None or name is None:
        return project
    found = next(target for target in environment.targets if target.name == name)
    narrowed = replace(
        environment, cluster=found.cluster, namespace=found.namespace, domain=found.domain, targets=()
    )
    return replace(project, target=narrowed)


def stack_name(environment: str | None, target: str | None) -> str:
    """What the stack of a target is called: `production`, `production.eu`."""
    return ".".join(filter(None, (environment or DEFAULT, target)))
