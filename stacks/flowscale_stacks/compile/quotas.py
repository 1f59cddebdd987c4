"""How many GPUs the namespace may hold: what all deployments may reach, and one more for each while it is updated."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from flowscale_stacks.compile import gpus
from flowscale_stacks.compile.environments import groups
from flowscale_stacks.compile.objects import made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object

_SURGE = 1


def quotas(context: Context) -> Iterator[Object]:
    """The quota; none where nothing runs on a GPU."""
    hard = _ceiling(context)
    if hard:
        limits = {f"requests.{resource}": str(count) for resource, count in sorted(hard.items())}
        yield made("v1/ResourceQuota", "gpus", context, "quota", spec={"hard": limits})


def _ceiling(context: Context) -> Counter[str]:
    total: Counter[str] = Counter()
    for deployment in context.project.deployments.values():
        instances = deployment.scaling.max + _SURGE * len(groups(context, deployment))
        for resource, count in gpus.devices(gpus.here(deployment)).items():
            total[resource] += count * instances
    return total
