"""Other ways to declare a deployment, one change each, and what each would have brought."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flowscale_controllers.rehearsal.simulation import Assumptions, Simulation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flowscale_controllers.rehearsal.results import Outcome
    from flowscale_controllers.rehearsal.traces import Arrival
    from flowscale_specs import ResolvedBudget, ResolvedDeployment, ResolvedGpu

IDLE = (30.0, 60.0, 300.0, 900.0, 1800.0)
LEAST = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Variant:
    """A deployment under a name that says what is changed; "" is the spec as it stands."""

    change: str
    deployment: ResolvedDeployment
    speed: float = 1.0


def variants(
    deployment: ResolvedDeployment, gpus: Mapping[str, ResolvedGpu], speeds: Mapping[str, float]
) -> Iterator[Variant]:
    """The spec as it stands, then other GPU types that are large enough, least numbers and idle timeouts."""
    scaling, here = deployment.scaling, speeds.get(deployment.gpu.name, 1.0)
    yield Variant("", deployment)
    for gpu in gpus.values():
        if gpu.name != deployment.gpu.name and gpu.price and gpu.memory >= deployment.gpu.memory:
            yield Variant(f"gpu: {gpu.name}", replace(deployment, gpu=gpu), speeds.get(gpu.name, 1.0) / here)
    if scaling.mode == "fixed":
        return
    for least in LEAST:
        if least != scaling.min and least <= scaling.max:
            yield Variant(f"min: {least}", replace(deployment, scaling=replace(scaling, min=least)))
    for idle in IDLE if scaling.mode != "on-demand" else ():
        if idle != scaling.idle_timeout:
            yield Variant(
                f"idleTimeout: {_short(idle)}",
                replace(deployment, scaling=replace(scaling, idle_timeout=idle)),
            )


def rehearse(
    variant: Variant,
    arrivals: Sequence[Arrival],
    assumptions: Assumptions,
    budgets: tuple[ResolvedBudget, ...] = (),
) -> Outcome:
    """What a variant brings on a trace."""
    assumed = replace(assumptions, speed=assumptions.speed * variant.speed)
    return Simulation(variant.deployment, assumed, budgets).run(arrivals)


def _short(seconds: float) -> str:
    return f"{seconds / 60:g}m" if seconds % 60 == 0 else f"{seconds:g}s"
