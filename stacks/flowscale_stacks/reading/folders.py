"""From a folder of specs and its lock to the objects that are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from flowscale_specs import load, resolve
from flowscale_specs.releases import LOCK_NAME, read_lock
from flowscale_stacks.compile import Images, compile_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flowscale_specs import ResolvedProject
    from flowscale_specs.releases import Lock
    from flowscale_stacks.compile import Object

_PUBLISHED = "ghcr.io/flowscale"
_NAMES = ("gateway", "executor", "controllers")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a folder wants of an environment."""

    project: ResolvedProject
    objects: tuple[Object, ...]


def read_folder(folder: Path, environment: str | None) -> Wanted:
    """What the specs in a folder want. Raises SpecErrors, Unpinned and CompileError."""
    project, lock = resolve(load(folder), environment), read_lock(folder / LOCK_NAME)
    return Wanted(project, compile_project(project, releases_of(project, lock), images_of(lock)))


def releases_of(project: ResolvedProject, lock: Lock) -> dict[str, Mapping[str, str]]:
    """workflow -> version -> digest: the lock's, and what promotions wrote over it."""
    promoted = project.target.releases if project.target else {}
    return {
        workflow: {**lock.releases.get(workflow, {}), **promoted.get(workflow, {})}
        for workflow in sorted({*lock.releases, *promoted})
    }


def images_of(lock: Lock) -> Images:
    """The images that the lock names, else those that were published with this version."""
    tag = version("flowscale-platform")
    gateway, executor, controllers = (lock.images.get(name, f"{_PUBLISHED}/{name}:{tag}") for name in _NAMES)
    return Images(gateway=gateway, executor=executor, controllers=controllers)
