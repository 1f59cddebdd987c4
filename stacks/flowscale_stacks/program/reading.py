"""From a folder of specs to the objects of one target: the place where a stack reads from disk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flowscale_specs import load, resolve
from flowscale_specs.releases import LOCK_NAME, Lock, read_lock, unpinned
from flowscale_stacks.compile import CompileError, compile_project
from flowscale_stacks.program.errors import NotPinned, ProgramError
from flowscale_stacks.program.images import images_of
from flowscale_stacks.program.records import Record, held, standing, wanted
from flowscale_stacks.program.targets import for_target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flowscale_specs import ResolvedProject
    from flowscale_stacks.components.objects import Object
    from flowscale_stacks.program.records import Hold, Releases, Served


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a stack is made from."""

    folder: Path
    environment: str | None = None
    target: str | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    """Image references by name, over those of flowscale.lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a stack should be."""

    source: Source
    project: ResolvedProject
    """As its target sees it, with rollbacks that stand."""
    releases: Releases
    objects: tuple[Object, ...]
    record: Record
    asked: Mapping[str, Served]
    """What git asks each deployment to serve, without rollbacks."""


def read(source: Source, holds: Mapping[str, Hold] | None = None) -> Wanted:
    """What a folder of specs wants of a target. Raises SpecErrors or ProgramError."""
    project, lock = specs(source)
    asked = wanted(project, lock.releases)
    kept = standing(holds or {}, asked)
    project, releases = held(project, lock.releases, kept)
    missing = unpinned(project, Lock(releases))
    if missing:
        listed = ", ".join(f"{workflow} {version}" for workflow, version in missing)
        raise NotPinned(
            f"{source.folder / LOCK_NAME} doesn't name {listed}: run `flowscale pin` and commit it"
        )
    try:
        objects = compile_project(project, releases, images_of(lock, source.images))
    except CompileError as error:
        raise ProgramError(str(error)) from error
    return Wanted(
        source=source,
        project=project,
        releases=releases,
        objects=tuple(objects),
        record=Record(wanted(project, releases), kept),
        asked=asked,
    )


def specs(source: Source) -> tuple[ResolvedProject, Lock]:
    """The project as a target sees it, and the lock with what a promotion wrote over it."""
    project = for_target(resolve(load(source.folder), source.environment), source.target)
    lock = read_lock(source.folder / LOCK_NAME)
    promoted = project.target.releases if project.target else {}
    merged = {name: dict(of) for name, of in lock.releases.items()}
    for workflow, of in promoted.items():
        merged.setdefault(workflow, {}).update(of)
    return project, replace(lock, releases=merged)
