"""Packs of workflows, for releases: which are wanted, as they are locked, and on this machine."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.packs.errors import PackError
from flowscale_runtime.packs.provision import Provision
from flowscale_runtime.packs.sources import is_address
from flowscale_runtime.packs.values import Group, Wanted
from flowscale_specs import ResolvedWorkflow
from flowscale_specs.releases import canonical
from flowscale_workflows.errors import WorkflowError

Locked = Sequence[Mapping[str, Any]]
"""The `environments` of a release."""


def wanted_by(workflow: ResolvedWorkflow) -> list[Wanted]:
    """The packs of a workflow that are fetched; others are in `custom_nodes`."""
    return [
        Wanted(pack.source, pack.commit or "", str(pack.version or ""))
        for pack in workflow.packs
        if is_address(pack.source)
    ]


def locked(provision: Provision | None, workflow: ResolvedWorkflow, earlier: Locked) -> Locked:
    """What a workflow's packs are locked at: as in an earlier release, as long as the spec asks for no others.

    Raises WorkflowError.
    """
    if provision is None:
        return ()
    try:
        groups = provision.lock(wanted_by(workflow), workflow.folder, map(Group.from_json, earlier))
    except PackError as error:
        raise WorkflowError(str(error)) from error
    return [group.to_json() for group in groups]


def ready(
    provision: Provision | None, workflow: ResolvedWorkflow, environment: Environment, locks: Locked
) -> Environment:
    """The environment with packs that are installed here; the same one where there are none. Raises WorkflowError."""
    if provision is None or not locks:
        return environment
    try:
        installed = provision.install([Group.from_json(lock) for lock in locks], workflow.folder)
    except PackError as error:
        raise WorkflowError(str(error)) from error
    return replace(environment, name=named(environment.name, locks), packs=installed)


def named(name: str, locks: Iterable[Mapping[str, Any]]) -> str:
    """The name of an environment with these packs."""
    return f"env-{hashlib.sha256(name.encode() + canonical(list(locks))).hexdigest()[:16]}"
