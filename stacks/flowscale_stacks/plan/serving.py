"""What callers will notice: releases that change, and how long the first of them waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowscale_stacks.compile import Object

_QUICK = 8 * 2**30
"""Bytes of models that are fetched and loaded in less than a minute."""


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """A version of a deployment whose release is new, another, or gone."""

    deployment: str
    version: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Rollback:
    """A rollback that stands: a deployment goes on serving other releases than git asks for, both as (version, digest)."""

    deployment: str
    asked: tuple[tuple[str, str], ...]
    served: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ColdStart:
    """How the first call after a quiet time is answered: `none` as an instance always runs, or in `seconds`, `minutes`,
    or a time that is `unknown` as the sizes of models aren't said."""

    deployment: str
    grade: str


def releases(current: Iterable[Object], wanted: Iterable[Object]) -> tuple[ReleaseChange, ...]:
    """Releases that change, by deployment and version."""
    before, after = _releases(current), _releases(wanted)
    changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    return tuple(ReleaseChange(*key, before.get(key), after.get(key)) for key in changed)


def _releases(objects: Iterable[Object]) -> dict[tuple[str, str], str]:
    return {
        (item["metadata"]["name"], version): digest
        for item in objects
        if item["kind"] == "WorkflowDeployment"
        for version, digest in item["spec"]["releases"].items()
    }


def cold_starts(wanted: Iterable[Object]) -> tuple[ColdStart, ...]:
    """How each deployment starts from nothing."""
    deployments = (item for item in wanted if item["kind"] == "WorkflowDeployment")
    return tuple(ColdStart(item["metadata"]["name"], _grade(item)) for item in deployments)


def _grade(resource: Object) -> str:
    spec = resource["spec"]
    if spec["scaling"]["min"] or spec["scaling"]["warm"]:
        return "none"
    sizes = [model.get("size") for model in spec.get("workflowDetails", {}).get("models", ())]
    if None in sizes:
        return "unknown"
    return "seconds" if sum(sizes) <= _QUICK else "minutes"
