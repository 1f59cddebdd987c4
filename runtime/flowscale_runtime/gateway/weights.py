"""The weights of a workflow: those that its spec declares and those that its graph names, here before its nodes are
described, and pinned in its release."""

import logging
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.gateway.environments import with_models
from flowscale_runtime.models.store import ModelStore, Place
from flowscale_runtime.models.values import Wanted, declared
from flowscale_specs import ResolvedWorkflow
from flowscale_specs.releases import Release

log = logging.getLogger(__name__)
TELL_EVERY = 5.0  # seconds


def ready(models: ModelStore, workflow: ResolvedWorkflow, environment: Environment) -> Environment:
    """The environment of a workflow once every model that its spec declares is here. Raises a ModelError."""
    wanted = [declared(model) for model in workflow.models]
    if not wanted or environment.comfyui:
        return environment
    laid = models.lay(wanted, Place(workflow.folder, environment.models), _logging())
    return with_models(environment, laid.root) if laid.beyond(environment.models) else environment


def pinned(
    models: ModelStore, workflow: ResolvedWorkflow, environment: Environment, release: Release
) -> Release:
    """The release with its models. Raises a ModelError."""
    if environment.comfyui:
        return release
    wanted = {one.key: one for one in named(release, environment.models)}
    wanted |= {one.key: one for one in map(declared, workflow.models)}
    found = {}
    for key in sorted(wanted):
        path, pin = models.have(wanted[key], Place(workflow.folder, environment.models))
        if pin.source is None:
            pin = replace(pin, source=Path(os.path.relpath(path, workflow.folder)).as_posix())
        found[key] = pin.to_json()
    return replace(release, models=found)


def named(release: Release, roots: Iterable[Path]) -> Iterator[Wanted]:
    """The files of these folders of models that the graph names."""
    kinds = [kind for root in roots if root.is_dir() for kind in sorted(root.iterdir()) if kind.is_dir()]
    literals = {
        value
        for node in release.graph.values()
        for value in node["inputs"].values()
        if isinstance(value, str) and 0 < len(value) < 256 and ".." not in value and not value.startswith("/")
    }
    for kind in kinds:
        for name in sorted(literals):
            if "\0" not in name and (kind / name).is_file():
                yield Wanted(kind.name, name)


def _logging() -> "_Progress":
    return _Progress()


class _Progress:
    """Logs now and then how far a download is."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, model: str, done: int, size: int | None) -> None:
        if (now := time.monotonic()) - self._last >= TELL_EVERY:
            self._last = now
            part = f"{100 * done / size:.0f} %" if size else f"{done / 2**20:,.0f} MiB"
            log.warning("fetching model %s: %s", model, part)
