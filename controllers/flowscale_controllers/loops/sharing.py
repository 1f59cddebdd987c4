"""How the instances of a deployment are spread over its executors, which hold different releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def spread(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """So many for each executor: one for each that gets runs, the most wanted first, then by their parts of the traffic.

    They add up to `total`, but for executors that get no runs at all: where there is nobody else they get everything.
    """
    if not weights:
        return {}
    taking = {name: weight for name, weight in weights.items() if weight > 0} or dict.fromkeys(weights, 1.0)
    order = sorted(taking, key=lambda name: (-taking[name], name))
    given = {**dict.fromkeys(weights, 0), **dict.fromkeys(order[:total], 1)}
    whole = sum(taking.values())
    for _ in range(total - min(total, len(order))):
        neediest = max(order, key=lambda name: taking[name] / whole * total - given[name])
        given[neediest] += 1
    return given


def releases_of(annotations: Mapping[str, str] | None) -> set[str]:
    """The digests that an executor holds, by its annotation `version=digest,…`."""
    written = (annotations or {}).get("flowscale.ai/releases", "")
    return {each.partition("=")[2] for each in written.split(",") if "=" in each}
