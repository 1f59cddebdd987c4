"""What deployments cost an hour: from the price of their GPU type and how many instances may run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowscale_specs import ResolvedDeployment

HOURS = {"day": 24, "week": 168, "month": 730}
"""Hours of a budget's period."""
MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Hourly:
    """Micro-dollars an hour: what is paid without any run, and what can be reached at most."""

    floor: int = 0
    ceiling: int = 0

    def __add__(self, other: Hourly) -> Hourly:
        return Hourly(self.floor + other.floor, self.ceiling + other.ceiling)


def hourly(deployment: ResolvedDeployment) -> Hourly:
    """What one deployment costs. A limit of its own on scaling lowers the ceiling, never below what always runs."""
    scaling, price = deployment.scaling, deployment.gpu.price
    floor = price * (scaling.min + min(scaling.warm, scaling.max - scaling.min))
    most = price * scaling.max
    return Hourly(floor, most if scaling.cost is None else max(price * scaling.min, min(most, scaling.cost)))


def total(costs: Iterable[Hourly]) -> Hourly:
    """What several cost together."""
    return sum(costs, Hourly())


def dollars(micro: int) -> str:
    """An amount as people read it; small amounts keep their digits."""
    text = f"{abs(micro) / MICRO:,.4f}".rstrip("0")
    whole, _, fraction = text.partition(".")
    return f"{'-' if micro < 0 else ''}${whole}.{fraction.ljust(2, '0')}"
