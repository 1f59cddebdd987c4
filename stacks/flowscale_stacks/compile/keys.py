"""Secrets that nobody gives: made in the cluster by a Job, so that no value is ever in git, a state file or a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_specs.releases import canonical, digest_of
from flowscale_stacks.compile import settings
from flowscale_stacks.compile.executor import short
from flowscale_stacks.compile.objects import made
from flowscale_stacks.compile.pods import resources, template
from flowscale_stacks.compile.settings import is_bundled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object

NAME = "keys"


def keys(context: Context) -> Iterator[Object]:
    """A Job that adds the secrets which aren't there yet. A Job can't be changed: its name tells what is in it."""
    container = {
        "name": NAME,
        "image": context.images.controllers,
        "command": ["python", "-m", "flowscale_controllers.keys"],
        "args": list(_wanted(context)),
        "env": [settings.value("HOME", "/tmp"), settings.value("FLOWSCALE_NAMESPACE", context.namespace)],  # noqa: S108
        "resources": resources("50m", "128Mi"),
    }
    pods = template(context, NAME, container, restartPolicy="OnFailure")
    pods["spec"]["automountServiceAccountToken"] = True
    spec: dict[str, Any] = {"backoffLimit": 20, "completions": 1, "parallelism": 1, "template": pods}
    yield made("batch/v1/Job", f"{NAME}-{short(digest_of(canonical(spec)))}", context, NAME, spec=spec)


def _wanted(context: Context) -> Iterator[str]:
    yield settings.INTERNAL
    if is_bundled(context.target.database):
        yield settings.DATABASE
    if is_bundled(context.target.objects):
        yield settings.OBJECTS
