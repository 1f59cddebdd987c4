"""Who may reach whom: what network policies leave open between the workloads of a namespace, and to the outside. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flowscale_stacks.compile import Object

OUTSIDE = "outside"
"""Whoever isn't a workload of the namespace: callers, other namespaces, the internet."""


@dataclass(frozen=True, slots=True)
class Way:
    """A connection that is open: from a workload (or OUTSIDE) to a port of another (or of OUTSIDE)."""

    source: str
    target: str
    port: int
    protocol: str = "TCP"
    peer: str = ""
    """Which part of the outside is meant, where a policy names one: a range of addresses, a namespace."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Pods that are alike: their labels, and the ports that they listen on."""

    name: str
    labels: Mapping[str, str]
    ports: tuple[int, ...]


def workloads(objects: Iterable[Object]) -> list[Workload]:
    """The workloads among objects, by name."""
    found = []
    for each in objects:
        template = each.get("spec", {}).get("template", {}) if each["kind"] in _WITH_PODS else {}
        if not template:
            continue
        ports = [
            port["containerPort"]
            for container in template["spec"]["containers"]
            for port in container.get("ports", ())
        ]
        labels = template.get("metadata", {}).get("labels", {})
        found.append(Workload(each["metadata"]["name"], labels, tuple(sorted(ports))))
    return sorted(found, key=lambda each: each.name)


def ways(objects: Sequence[Object]) -> list[Way]:
    """Every way that is open: out of the source by its policies, and into the target by those of the target."""
    pods = workloads(objects)
    policies = [each["spec"] for each in objects if each["kind"] == "NetworkPolicy"]
    inside = [
        Way(source.name, target.name, port)
        for source in pods
        for target in pods
        for port in target.ports
        if source is not target
        and _open(policies, "egress", source, target.labels, port)
        and _open(policies, "ingress", target, source.labels, port)
    ]
    outward = [way for source in pods for way in _outward(policies, source)]
    inward = [way for target in pods for way in _inward(policies, target)]
    return [*inside, *dict.fromkeys(outward), *dict.fromkeys(inward)]


_WITH_PODS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job"})
Rule = dict[str, Any]


def _open(policies: list[Rule], direction: str, own: Workload, other: Mapping[str, str], port: int) -> bool:
    """Whether a direction of a workload is open to pods with these labels; without a policy everything is."""
    rules = _rules(policies, direction, own)
    return rules is None or any(
        _has_port(rule, port) and any(_is_pod(peer, other) for peer in _peers(rule, direction))
        for rule in rules
    )


def _rules(policies: list[Rule], direction: str, own: Workload) -> list[Rule] | None:
    """The rules for a direction of a workload; None where no policy restricts it."""
    mine = [
        policy
        for policy in policies
        if direction.capitalize() in policy["policyTypes"] and _selects(policy["podSelector"], own.labels)
    ]
    return [rule for policy in mine for rule in policy.get(direction, ())] if mine else None


def _peers(rule: Rule, direction: str) -> list[Rule]:
    """Those that a rule names; one that names nobody means everybody, inside and outside."""
    return rule.get("to" if direction == "egress" else "from") or [{"podSelector": {}}, {}]


def _is_pod(peer: Rule, labels: Mapping[str, str]) -> bool:
    return "podSelector" in peer and "namespaceSelector" not in peer and _selects(peer["podSelector"], labels)


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels", {})
    exists = [each["key"] for each in selector.get("matchExpressions", ()) if each["operator"] == "Exists"]
    return all(labels.get(name) == value for name, value in wanted.items()) and all(
        key in labels for key in exists
    )


def _has_port(rule: Rule, port: int) -> bool:
    return "ports" not in rule or any(each["port"] == port for each in rule["ports"])


def _outward(policies: list[Rule], own: Workload) -> Iterator[Way]:
    for rule in _rules(policies, "egress", own) or ():
        for peer in _peers(rule, "egress"):
            if (meant := _outside(peer)) is not None:
                for port in rule.get("ports", ()):
                    yield Way(own.name, OUTSIDE, port["port"], port.get("protocol", "TCP"), meant)


def _inward(policies: list[Rule], own: Workload) -> Iterator[Way]:
    for rule in _rules(policies, "ingress", own) or ():
        for peer in _peers(rule, "ingress"):
            if (meant := _outside(peer)) is not None:
                for port in rule.get("ports", ()):
                    yield Way(OUTSIDE, own.name, port["port"], port.get("protocol", "TCP"), meant)


def _outside(peer: Rule) -> str | None:
    """What a peer means of the outside; None where it means pods of the namespace."""
    if not peer:
        return "everybody"
    if block := peer.get("ipBlock"):
        return "the internet" if block.get("except") else str(block["cidr"])
    if space := peer.get("namespaceSelector"):
        return f"namespace {next(iter(space.get('matchLabels', {}).values()), 'any')}"
    return None
