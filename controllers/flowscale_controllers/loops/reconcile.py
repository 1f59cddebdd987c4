"""One look at one deployment: from everything that is known of it to what has to be written. Does nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flowscale_controllers.decisions import budgets, rollout, scaling
from flowscale_controllers.decisions.values import Fleet, Limit, Observed, Policy, Wanted
from flowscale_controllers.loops import status as statuses
from flowscale_controllers.loops.sharing import releases_of, spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_controllers.decisions.budgets import Ledger, Rule
    from flowscale_controllers.observe.demand import Demand
    from flowscale_controllers.observe.pods import Trouble
    from flowscale_specs.resources import ResourceDeployment

OWN_SCALER = "flowscale.ai/scaler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Executor:
    """An executor Deployment: what it was asked for, what is ready, which releases it holds, and who scales it."""

    name: str
    replicas: int
    ready: int
    releases: frozenset[str]
    scaled: bool = True
    """Whether these controllers scale it, and not another scaler."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that is known of a deployment."""

    resource: ResourceDeployment
    generation: int
    status: Mapping[str, Any]
    executors: tuple[Executor, ...]
    demand: Demand | None
    """None while the gateway isn't heard."""
    ledgers: tuple[tuple[Ledger, Rule], ...] = ()
    expected: float | None = None
    limits: tuple[Limit, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    """Of pods that don't come up."""


@dataclass(frozen=True, slots=True)
class Telling:
    """An Event to write."""

    reason: str
    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What has to be written, and when to look again at the latest."""

    status: Mapping[str, Any] | None
    scale: Mapping[str, int]
    tellings: tuple[Telling, ...]
    again_at: float | None
    wanted: int
    needed: int
    """What would be wanted if there were GPUs for everybody."""
    reason: str


def reconcile(view: View, now: float) -> Actions:
    """What has to be done about a deployment."""
    step = _rollout(view, now)
    wanted = _scaling(view, now)
    needed = _scaling(replace(view, limits=()), now) if view.limits else wanted
    scale = _scale(view, step.live, wanted.replicas)
    status = _status(view, step.live, wanted, now)
    moments = [moment for moment in (step.again_at, wanted.again_at) if moment is not None]
    return Actions(
        status=None if _same(status, view.status) else status,
        scale=scale,
        tellings=tuple(_tellings(view, step, wanted, scale)),
        again_at=min(moments, default=None),
        wanted=wanted.replicas,
        needed=needed.replicas,
        reason=wanted.reason,
    )


def _rollout(view: View, now: float) -> rollout.Step:
    deployment, demand = view.resource.deployment, view.demand
    wish = rollout.Wish(
        traffic={version: float(share) for version, share in deployment.traffic},
        releases=view.resource.releases,
        rollout=deployment.rollout,
        price=deployment.gpu.price,
    )
    live = statuses.live_of(view.status)
    if demand is None:
        quiet = live.trial is not None and live.trial.running
        return rollout.Step(live=live) if quiet else rollout.decide(wish, live, rollout.Seen(), now)
    return rollout.decide(wish, live, rollout.Seen(totals=demand.totals, latency=demand.latency), now)


def _scaling(view: View, now: float) -> Wanted:
    deployment = view.resource.deployment
    ours = [each for each in view.executors if each.scaled]
    observed = Observed(
        load=None if view.demand is None else view.demand.load,
        fleet=Fleet(replicas=sum(e.replicas for e in ours), ready=sum(e.ready for e in ours)),
        past=statuses.past_of(view.status),
        expected=view.expected,
        limits=(
            *budgets.bounds(view.ledgers, deployment.gpu.price, deployment.scaling.idle_timeout),
            *view.limits,
        ),
    )
    return scaling.decide(observed, Policy(scaling=deployment.scaling, price=deployment.gpu.price), now)


def _scale(view: View, live: rollout.Live, replicas: int) -> dict[str, int]:
    """The executors whose number has to change."""
    shares = dict(live.weights)
    if live.trial is not None and live.trial.mirror:
        shares[live.trial.candidate] = max(shares.get(live.trial.candidate, 0.0), live.trial.mirror)
    by_digest: dict[str, float] = {}
    for version, digest in view.resource.releases.items():
        by_digest[digest] = by_digest.get(digest, 0.0) + shares.get(version, 0.0)
    ours = [each for each in view.executors if each.scaled]
    weights = {each.name: sum(by_digest.get(digest, 0.0) for digest in each.releases) for each in ours}
    given = spread(replicas, weights)
    return {each.name: given[each.name] for each in ours if given[each.name] != each.replicas}


def _status(view: View, live: rollout.Live, wanted: Wanted, now: float) -> dict[str, Any]:
    before = view.status
    ready = sum(each.ready for each in view.executors)
    found = {
        "observedGeneration": view.generation,
        "replicas": sum(each.replicas for each in view.executors),
        "readyReplicas": ready,
        **statuses.live_status(live),
        "scaling": statuses.scaling_status(wanted, before.get("scaling") or {}, now),
        "conditions": _conditions(view, wanted, ready, now),
    }
    if view.ledgers:
        found["budget"] = _budget(view)
    return found


def _budget(view: View) -> dict[str, Any]:
    spent = [ledger for ledger, _ in view.ledgers if ledger.spent >= ledger.limit]
    ends = [ledger.period_end for ledger in spent if ledger.period_end is not None]
    until = {"until": statuses.text(max(ends))} if ends else {}
    return {"exceeded": bool(spent), **until}


def _conditions(view: View, wanted: Wanted, ready: int, now: float) -> list[dict[str, Any]]:
    serves = ready > 0 or wanted.replicas == 0
    reason = "Serving" if ready else "Idle" if serves else "Starting"
    message = f"{ready} of {wanted.replicas} instances are ready"
    if trouble := _trouble(view, wanted, ready):
        reason = reason if ready else trouble.reason
        message = f"{message}; {len(view.troubles)} can't start: {trouble.reason}, {trouble.message}"
    heard = view.demand is not None
    return [
        _condition(view, "Ready", serves, reason, message, now),
        _condition(view, "GatewayHeard", heard, "Heard" if heard else "NotHeard", "", now),
    ]


def _trouble(view: View, wanted: Wanted, ready: int) -> Trouble | None:
    """Why instances that should run don't; what one of them lacks stands for all."""
    return next(iter(view.troubles), None) if ready < wanted.replicas else None


def _told(view: View, trouble: Trouble) -> bool:
    """Whether the status says already that instances lack this."""
    known: list[dict[str, Any]] = view.status.get("conditions") or []
    return any(f"can't start: {trouble.reason}," in each.get("message", "") for each in known)


def _condition(view: View, kind: str, holds: bool, reason: str, message: str, now: float) -> dict[str, Any]:
    """A condition; its time is when it last turned."""
    status = "True" if holds else "False"
    known: list[dict[str, Any]] = view.status.get("conditions") or []
    before = next((each for each in known if each["type"] == kind), {})
    since = before["lastTransitionTime"] if before.get("status") == status else statuses.text(now)
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since}


def _tellings(view: View, step: rollout.Step, wanted: Wanted, scale: Mapping[str, int]) -> list[Telling]:
    found = []
    if step.reason:
        found.append(Telling(step.reason, step.message, step.reason in {"RolledBack", "WouldRollBack"}))
    before = sum(each.replicas for each in view.executors if each.scaled)
    if scale and wanted.replicas != before:
        reason = "ScaledUp" if wanted.replicas > before else "ScaledDown"
        message = f"from {before} to {wanted.replicas}: {wanted.reason}, {wanted.message}"
        found.append(Telling(reason, message, wanted.reason == "BudgetExceeded"))
    trouble = _trouble(view, wanted, sum(each.ready for each in view.executors))
    if trouble is not None and not _told(view, trouble):
        found.append(Telling(trouble.reason, f"an instance can't start: {trouble.message}", warning=True))
    return found


def _same(status: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether nothing is to be written; what others may have added doesn't count."""
    return all(before.get(name) == value for name, value in status.items()) and set(before) <= set(status)


def executor_of(found: Any) -> Executor:
    """An executor as the cluster has it."""
    annotations = found.metadata.annotations or {}
    return Executor(
        name=found.metadata.name,
        replicas=(found.spec.replicas if found.spec.replicas is not None else 1),
        ready=(found.status.readyReplicas or 0) if found.status else 0,
        releases=frozenset(releases_of(annotations)),
        scaled=annotations.get(OWN_SCALER, "flowscale") != "keda",
    )
