"""What every concern looks at: the project, where it goes, and what it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowscale_specs import ResolvedEnvironment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_specs import ResolvedHosting, ResolvedProject
    from flowscale_specs.releases import Release

NOWHERE = ResolvedEnvironment(name="default", namespace="flowscale")
"""Where a project goes when no Environment is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Image references, best by digest."""

    gateway: str
    executor: str
    controllers: str
    jobs: str
    """For batches, schedules, pipelines and promotions."""
    database: str = "docker.io/library/postgres:17.6"
    """For a bundled database."""
    objects: str = "ghcr.io/versity/versitygw:v1.8.0"
    """For a bundled object store."""
    environments: Mapping[str, str] = field(default_factory=dict)
    """Executor images of their own, by workflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every concern looks at."""

    project: ResolvedProject
    target: ResolvedEnvironment
    images: Images
    releases: Mapping[str, Mapping[str, str]]
    """workflow -> version -> digest."""
    bundles: Mapping[str, Release] = field(default_factory=dict)
    """digest -> what the release is made of, as far as it is known."""

    @property
    def namespace(self) -> str:
        return self.target.namespace

    @property
    def hosting(self) -> ResolvedHosting:
        return self.target.hosting

    @property
    def has_jobs(self) -> bool:
        """Whether Argo runs something of the project here."""
        project = self.project
        declared = (*project.batches, *project.pipelines, *project.schedules, *project.promotions)
        return self.hosting.jobs.runner == "argo" and bool(declared)
