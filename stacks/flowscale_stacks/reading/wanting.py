"""What a target should have: what a folder of specs says, and the rollbacks that stand over it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flowscale_stacks.reading.folders import Specs, objects_of, read_specs
from flowscale_stacks.reading.records import Record, held, marked, standing, wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_stacks.compile import Object
    from flowscale_stacks.reading.folders import Source
    from flowscale_stacks.reading.records import Hold, Served


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a target should have."""

    specs: Specs
    """What git asks for, with rollbacks that stand in its place."""
    objects: tuple[Object, ...]
    record: Record
    asked: Mapping[str, Served]
    """What git asks each deployment to serve, without rollbacks."""


def read(source: Source, holds: Mapping[str, Hold] | None = None) -> Wanted:
    """What a folder of specs wants of a target. Raises SpecErrors and NotDeployable."""
    return wanted_of(read_specs(source), holds)


def wanted_of(specs: Specs, holds: Mapping[str, Hold] | None = None) -> Wanted:
    """What specs that were read want. Raises NotDeployable."""
    asked = wanted(specs.project, specs.lock.releases)
    kept = standing(holds or {}, asked)
    project, releases = held(specs.project, specs.lock.releases, kept)
    both = replace(specs, project=project, lock=replace(specs.lock, releases=releases))
    return Wanted(
        specs=both,
        objects=tuple(marked(each, kept) for each in objects_of(both)),
        record=Record(wanted(project, releases), kept),
        asked=asked,
    )
