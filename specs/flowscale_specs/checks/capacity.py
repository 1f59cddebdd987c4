"""What is declared must fit: models into a GPU, a run into its budget, weights into 100 %."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from flowscale_specs import suggestions
from flowscale_specs.values import Memory, Money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowscale_specs.documents import Entry
    from flowscale_specs.errors import SpecError
    from flowscale_specs.kinds import Budget, Model, Workflow, WorkflowDeployment
    from flowscale_specs.resolved import ResolvedGpu

HOUR = 3600


def wrong_weights(deployment: Entry[WorkflowDeployment]) -> Iterator[SpecError]:
    """Traffic weights add up to 100 %."""
    traffic = deployment.document.spec.traffic
    if traffic is not None and len(traffic) < len(_written_traffic(deployment)):
        yield deployment.fault(("spec", "traffic"), "a version stands here twice, written in two ways")
        return
    total = sum((Decimal(weight) for weight in (traffic or {}).values()), Decimal(0))
    if traffic is not None and total != 100:
        yield deployment.fault(("spec", "traffic"), f"the weights add up to {total.normalize():f}%, not 100%")


def _written_traffic(deployment: Entry[WorkflowDeployment]) -> dict[str, object]:
    spec = deployment.written.get("spec")
    traffic = spec.get("traffic") if isinstance(spec, dict) else None
    return traffic if isinstance(traffic, dict) else {}


def too_small_gpu(
    deployment: Entry[WorkflowDeployment], workflow: Entry[Workflow], gpus: Mapping[str, ResolvedGpu]
) -> Iterator[SpecError]:
    """The declared models of a workflow fit together into the GPU's memory."""
    gpu = gpus.get(deployment.document.spec.gpu)
    needed = sum(model.memory or model.size or 0 for model in workflow.document.spec.models)
    if gpu is not None and 0 < gpu.memory < needed:
        sizes = f"{_gi(gpu.memory)} of memory, the models of {workflow.name} need {_gi(needed)}"
        fitting = [name for name, other in gpus.items() if other.memory >= needed]
        best = min(fitting, key=lambda name: (gpus[name].price, gpus[name].memory), default=None)
        hint = f"{best} is large enough" if best else "set memory on models that aren't loaded together"
        yield deployment.fault(("spec", "gpu"), f"{gpu.name} has {sizes}", hint)


def too_small_for_network(entry: Entry[Model], gpus: Mapping[str, ResolvedGpu]) -> Iterator[SpecError]:
    """The copies of a network fit into the GPU's memory."""
    instances, memory = entry.document.spec.instances, entry.document.spec.memory or 0
    gpu = gpus.get(instances.gpu)
    if gpu is not None and 0 < gpu.memory < memory * instances.count:
        needed = f"{instances.count} of {_gi(memory)} need {_gi(memory * instances.count)}"
        yield entry.fault(("spec", "instances"), f"{gpu.name} has {_gi(gpu.memory)} of memory, {needed}")


def too_small_budget(
    budget: Entry[Budget], costliest: Entry[WorkflowDeployment] | None, gpus: Mapping[str, ResolvedGpu]
) -> Iterator[SpecError]:
    """A budget holds at least one run, as long as it may take, of the costliest deployment that it is for."""
    limit = budget.document.spec.limit.amount
    if costliest is not None and (cost := run_cost(costliest, gpus)) > limit:
        spec = costliest.document.spec
        message = f"{limit} can't hold one run of {costliest.name}, which may cost {Money(cost)}"
        limits = spec.limits
        hint = f"its timeout is {limits.timeout} on {spec.gpu}, and it may be tried {limits.attempts} times"
        yield budget.fault(("spec", "limit"), message, hint)


def run_cost(deployment: Entry[WorkflowDeployment], gpus: Mapping[str, ResolvedGpu]) -> int:
    """Micro-dollars that one run of a deployment may cost, every attempt of it; 0 on a GPU that doesn't exist."""
    spec = deployment.document.spec
    gpu = gpus.get(spec.gpu)
    return int(spec.limits.timeout * gpu.price // HOUR) * spec.limits.attempts if gpu else 0


def unknown_fuzzy(deployment: Entry[WorkflowDeployment], workflow: Entry[Workflow]) -> Iterator[SpecError]:
    """Inputs that the cache compares loosely are inputs of the workflow, where it declares them."""
    cache, inputs = deployment.document.spec.cache, workflow.document.spec.inputs
    for index, name in enumerate(cache.fuzzy if cache and inputs is not None else ()):
        if inputs is not None and name not in inputs:
            message = f"{workflow.name} has no input {name}"
            yield deployment.fault(
                ("spec", "cache", "fuzzy", index), message, suggestions.hint(name, inputs.keys())
            )


def _gi(memory: int) -> str:
    """Memory for people: in GiB, with one digit where it isn't whole."""
    return str(Memory(memory)) if memory % 2**30 == 0 else f"{memory / 2**30:.1f}Gi"
