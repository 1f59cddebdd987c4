"""Builders of what decisions take, with one field said and the rest left to default."""

from collections.abc import Callable
from typing import Any

import pytest

from flowscale_controllers.decisions.values import Fleet, Load, Observed, Past, Policy
from flowscale_specs import ResolvedScaling

Build = Callable[..., Any]


@pytest.fixture
def scaling() -> Callable[..., ResolvedScaling]:
    def build(**fields: Any) -> ResolvedScaling:
        usual: dict[str, Any] = {
            "mode": "auto",
            "min": 0,
            "max": 8,
            "warm": 0,
            "queue_depth": 4,
            "latency": None,
            "cost": None,
            "predictive": False,
            "idle_timeout": 300.0,
            "cooldown": 60.0,
        }
        return ResolvedScaling(**{**usual, **fields})

    return build


@pytest.fixture
def policy(scaling: Callable[..., ResolvedScaling]) -> Callable[..., Policy]:
    def build(price: int = 500_000, **fields: Any) -> Policy:
        return Policy(scaling=scaling(**fields), price=price)

    return build


@pytest.fixture
def observed() -> Callable[..., Observed]:
    def build(
        queued: int = 0, running: int = 0, replicas: int = 0, ready: int | None = None, **fields: Any
    ) -> Observed:
        load = Load(
            queued=queued,
            running=running,
            service=fields.pop("service", None),
            latency_p95=fields.pop("latency_p95", None),
        )
        fleet = Fleet(replicas=replicas, ready=replicas if ready is None else ready)
        return Observed(**{"load": load, "fleet": fleet, "past": Past(), **fields})

    return build
