"""What an update served, as it is recorded with it, and going back to it: pure decisions on plain values.

A rollback holds: while git still names the releases that were left, later updates keep what the rollback chose.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flowscale_specs import ResolvedProject
    from flowscale_stacks.compile import Object

HELD = "flowscale.ai/rolled-back"
"""The annotation of a deployment that a rollback stands for: the hold, as JSON."""
Releases = dict[str, dict[str, str]]
"""Workflow -> version -> digest."""


@dataclass(frozen=True, slots=True)
class Served:
    """What one deployment served: shares by version, and the digest of each version."""

    workflow: str
    traffic: tuple[tuple[str, Decimal], ...]
    releases: tuple[tuple[str, str], ...]

    @property
    def digests(self) -> frozenset[str]:
        return frozenset(digest for _, digest in self.releases)

    def to_json(self) -> dict[str, Any]:
        traffic = {version: str(share) for version, share in self.traffic}
        return {"workflow": self.workflow, "traffic": traffic, "releases": dict(self.releases)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Served:
        traffic = tuple((version, Decimal(share)) for version, share in value["traffic"].items())
        return cls(value["workflow"], traffic, tuple(value["releases"].items()))


@dataclass(frozen=True, slots=True)
class Hold:
    """A rollback that stands: `serve` instead of the releases that git named when it was made."""

    instead_of: Served
    serve: Served

    def to_json(self) -> dict[str, Any]:
        return {"insteadOf": self.instead_of.to_json(), "serve": self.serve.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Hold:
        return cls(Served.from_json(value["insteadOf"]), Served.from_json(value["serve"]))


@dataclass(frozen=True, slots=True)
class Record:
    """What an update served, by deployment, and the rollbacks that stood."""

    served: Mapping[str, Served]
    holds: Mapping[str, Hold]

    def to_json(self) -> dict[str, Any]:
        return {
            "served": {name: each.to_json() for name, each in sorted(self.served.items())},
            "holds": {name: each.to_json() for name, each in sorted(self.holds.items())},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Record:
        served = {name: Served.from_json(each) for name, each in value["served"].items()}
        return cls(served, {name: Hold.from_json(each) for name, each in value["holds"].items()})


def wanted(project: ResolvedProject, releases: Mapping[str, Mapping[str, str]]) -> dict[str, Served]:
    """What the specs ask each deployment to serve."""
    found = {}
    for name, deployment in project.deployments.items():
        of = releases.get(deployment.workflow, {})
        digests = tuple((version, of[version]) for version, _ in deployment.traffic if version in of)
        found[name] = Served(deployment.workflow, deployment.traffic, digests)
    return found


def standing(holds: Mapping[str, Hold], asked: Mapping[str, Served]) -> dict[str, Hold]:
    """The rollbacks that still stand: those whose deployment is asked for just what was left."""
    return {name: hold for name, hold in holds.items() if asked.get(name) == hold.instead_of}


def held(
    project: ResolvedProject, releases: Mapping[str, Mapping[str, str]], holds: Mapping[str, Hold]
) -> tuple[ResolvedProject, Releases]:
    """The project and releases with the traffic and digests of holds in their place."""
    deployments = dict(project.deployments)
    merged = {workflow: dict(of) for workflow, of in releases.items()}
    for name, hold in holds.items():
        deployments[name] = replace(deployments[name], traffic=hold.serve.traffic)
        merged.setdefault(hold.serve.workflow, {}).update(hold.serve.releases)
    return replace(project, deployments=deployments), merged


def marked(item: Object, holds: Mapping[str, Hold]) -> Object:
    """An object, with the annotation that tells of a rollback where it is a deployment that one stands for."""
    meta = item["metadata"]
    if item["kind"] != "WorkflowDeployment" or meta["name"] not in holds:
        return item
    text = json.dumps(holds[meta["name"]].to_json(), separators=(",", ":"))
    return {**item, "metadata": {**meta, "annotations": {**meta.get("annotations", {}), HELD: text}}}


def marks(objects: Iterable[Object]) -> dict[str, Hold]:
    """The rollbacks that objects tell of."""
    return {
        item["metadata"]["name"]: Hold.from_json(json.loads(text))
        for item in objects
        if (text := (item["metadata"].get("annotations") or {}).get(HELD))
    }


def earlier(records: Sequence[Record], name: str, now: Served, digest: str | None = None) -> Served | None:
    """What a deployment served before `now`, the newest record first; `digest` may be the start of one."""
    for record in records:
        found = record.served.get(name)
        if found is not None and found != now and (digest is None or _has(found.digests, digest)):
            return found
    return None


def _has(digests: Iterable[str], start: str) -> bool:
    wanted_start = start if start.startswith("sha256:") else f"sha256:{start}"
    return any(digest.startswith(wanted_start) for digest in digests)
