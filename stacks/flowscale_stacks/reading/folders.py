"""From a folder of specs and its lock to the objects that one target is to have: where stacks and plans read from disk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flowscale_specs import load, resolve
from flowscale_specs.releases import LOCK_NAME, Lock, read_lock, unpinned
from flowscale_stacks.compile import CompileError, compile_project
from flowscale_stacks.reading.errors import NotDeployable, NotPinned
from flowscale_stacks.reading.images import images_of
from flowscale_stacks.reading.jobs import job_objects
from flowscale_stacks.reading.targets import for_target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flowscale_specs import ResolvedProject
    from flowscale_stacks.compile import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a stack is made from."""

    folder: Path
    environment: str | None = None
    target: str | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    """Image references by name, over those of flowscale.lock."""


@dataclass(frozen=True, slots=True)
class Specs:
    """What a folder says, as one target sees it."""

    source: Source
    project: ResolvedProject
    lock: Lock
    """With what promotions wrote over it."""

    @property
    def cluster(self) -> str | None:
        """The context of the kubeconfig; None for the current one."""
        return self.project.target.cluster if self.project.target else None


def read_specs(source: Source) -> Specs:
    """What stands in a folder. Raises SpecErrors and UnknownTarget."""
    project = for_target(resolve(load(source.folder), source.environment), source.target)
    lock = read_lock(source.folder / LOCK_NAME)
    merged = {name: dict(of) for name, of in lock.releases.items()}
    for workflow, of in (project.target.releases if project.target else {}).items():
        merged.setdefault(workflow, {}).update(of)
    return Specs(source, project, replace(lock, releases=merged))


def objects_of(specs: Specs) -> tuple[Object, ...]:
    """The objects of a target, in an order in which they can be applied. Raises NotDeployable."""
    if missing := unpinned(specs.project, specs.lock):
        listed = ", ".join(f"{workflow} {version}" for workflow, version in missing)
        lock = specs.source.folder / LOCK_NAME
        raise NotPinned(f"{lock} doesn't name {listed}: run `flowscale pin` and commit it")
    images = images_of(specs.lock, specs.source.images)
    try:
        objects = compile_project(specs.project, specs.lock.releases, images)
    except CompileError as error:
        raise NotDeployable(str(error)) from error
    return (*objects, *job_objects(specs.project, images))
