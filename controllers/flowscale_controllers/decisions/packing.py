"""Who gets the GPUs of a cluster where there aren't enough: by priority, then fairly, onto nodes that they fit on."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What a node offers: labels, and devices by the resource that pods ask for."""

    labels: Mapping[str, str]
    devices: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a deployment needs: instances, and the devices of a node that each of them takes."""

    deployment: str
    priority: int
    resource: str
    count: int
    selector: tuple[tuple[str, str], ...]
    needed: int
    current: int


class _Room:
    """Free devices, counted by what kinds of claims a node takes and how many devices it has left."""

    def __init__(
        self, nodes: Iterable[Node], kinds: Iterable[tuple[str, tuple[tuple[str, str], ...]]]
    ) -> None:
        self._groups: dict[str, Counter[tuple[frozenset[tuple[tuple[str, str], ...]], int]]] = {}
        by_resource: dict[str, set[tuple[tuple[str, str], ...]]] = {}
        for resource, selector in kinds:
            by_resource.setdefault(resource, set()).add(selector)
        for node in nodes:
            for resource, selectors in by_resource.items():
                taken = frozenset(each for each in selectors if _matches(node.labels, each))
                free = node.devices.get(resource, 0)
                self._groups.setdefault(resource, Counter())[taken, free] += 1

    def take(self, claim: Claim) -> bool:
        """Takes an instance's devices off the fullest node that still has them; False where none has."""
        groups = self._groups.get(claim.resource, Counter())
        fitting = [
            (free, len(taken), taken)
            for (taken, free), nodes in groups.items()
            if nodes and free >= claim.count and claim.selector in taken
        ]
        if not fitting:
            return False
        free, _, taken = min(fitting, key=lambda group: group[:2])
        groups[taken, free] -= 1
        groups[taken, free - claim.count] += 1
        return True


def share(claims: Iterable[Claim], nodes: Iterable[Node]) -> dict[str, int]:
    """The instances that each deployment may have. Nobody gets more than they need.

    A higher priority is served first and takes from lower ones. Among equals everyone with a need gets a first instance,
    then keeps what they have, and the rest goes to whoever has the smallest part of their need.
    """
    ordered = sorted(claims, key=lambda claim: (-claim.priority, claim.deployment))
    room = _Room(nodes, [(claim.resource, claim.selector) for claim in ordered])
    granted: Counter[str] = Counter({claim.deployment: 0 for claim in ordered})
    for _, equals in groupby(ordered, key=lambda claim: claim.priority):
        for claim in _turns(list(equals)):
            if granted[claim.deployment] < claim.needed and room.take(claim):
                granted[claim.deployment] += 1
    return dict(granted)


def _turns(equals: list[Claim]) -> Iterator[Claim]:
    """Whose turn it is, one instance at a time."""
    yield from (claim for claim in equals if claim.needed)
    given = {claim.deployment: min(1, claim.needed) for claim in equals}
    for claim in equals:
        kept = max(0, min(claim.current, claim.needed) - given[claim.deployment])
        given[claim.deployment] += kept
        for _ in range(kept):
            yield claim
    waiting = [(given[c.deployment] / c.needed, i) for i, c in enumerate(equals) if c.needed]
    heapq.heapify(waiting)
    while waiting:
        _, index = heapq.heappop(waiting)
        claim = equals[index]
        if given[claim.deployment] < claim.needed:
            yield claim
            given[claim.deployment] += 1
            heapq.heappush(waiting, (given[claim.deployment] / claim.needed, index))


def _matches(labels: Mapping[str, str], selector: tuple[tuple[str, str], ...]) -> bool:
    return all(labels.get(key) == value for key, value in selector)
