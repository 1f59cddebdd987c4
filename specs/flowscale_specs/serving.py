"""One deployment with nothing left to default."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from flowscale_specs.resolved import (
    ResolvedAuth,
    ResolvedCache,
    ResolvedCors,
    ResolvedDeployment,
    ResolvedJwt,
    ResolvedLimits,
    ResolvedMetric,
    ResolvedRollout,
    ResolvedScaling,
    ResolvedWebhook,
    ResolvedWindow,
)
from flowscale_specs.values import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_specs.documents import Entry
    from flowscale_specs.kinds import WorkflowDeployment
    from flowscale_specs.kinds.access import Auth, Cors, Jwt, Webhook
    from flowscale_specs.kinds.deployment import Cache, Limits, Scaling
    from flowscale_specs.kinds.promotion import Metric
    from flowscale_specs.kinds.rollout import Rollout
    from flowscale_specs.resolved import ResolvedGpu


def resolve_deployment(
    entry: Entry[WorkflowDeployment],
    version: str,
    gpus: Mapping[str, ResolvedGpu],
    variables: Mapping[str, str],
    secrets: Mapping[str, str],
) -> ResolvedDeployment:
    """A deployment as it is served; `version` is what its workflow holds now."""
    spec = entry.document.spec
    servers = tuple(dict.fromkeys(address.rstrip("/") for address in spec.comfyui))
    return ResolvedDeployment(
        name=entry.name,
        workflow=spec.workflow or "",
        description=spec.description,
        traffic=_traffic(spec.traffic or {Version(version): Decimal(100)}),
        gpu=gpus[spec.gpu],
        scaling=_scaling(spec.scaling),
        limits=_limits(spec.limits, max(1, len(servers) or spec.scaling.bounds[1])),
        cache=_cache(spec.cache),
        auth=_auth(spec.auth),
        cors=_cors(spec.cors),
        webhooks=tuple(_webhook(hook) for hook in spec.webhooks),
        budget=spec.budget,
        variables={**variables, **spec.variables},
        secrets={**secrets, **{name: reference.secret for name, reference in spec.secrets.items()}},
        tags=spec.tags,
        rollout=None if spec.rollout is None else _rollout(spec.rollout),
        labels=entry.document.metadata.labels,
        comfyui=servers,
    )


def _traffic(weights: Mapping[Version, Decimal]) -> tuple[tuple[str, Decimal], ...]:
    newest_first = sorted(weights.items(), key=lambda item: item[0].order, reverse=True)
    return tuple((str(version), Decimal(weight)) for version, weight in newest_first)


def _scaling(scaling: Scaling) -> ResolvedScaling:
    least, most = scaling.bounds
    return ResolvedScaling(
        mode=scaling.mode,
        min=least,
        max=most,
        warm=scaling.warm,
        queue_depth=scaling.queue_depth,
        latency=_seconds(scaling.latency),
        cost=None if scaling.cost is None else int(scaling.cost),
        predictive=scaling.predictive,
        idle_timeout=float(scaling.idle_timeout),
        cooldown=float(scaling.cooldown),
        schedule=tuple(
            ResolvedWindow(
                cron=str(window.cron),
                duration=float(window.duration),
                time_zone=str(window.time_zone),
                min=window.min,
            )
            for window in scaling.schedule
        ),
        priority=scaling.priority,
    )


def _rollout(rollout: Rollout) -> ResolvedRollout:
    return ResolvedRollout(
        mode=rollout.mode,
        steps=tuple(float(step) for step in rollout.steps),
        interval=float(rollout.interval),
        runs=rollout.runs,
        metrics=tuple(_metric(metric) for metric in rollout.metrics),
        error_rate=float(rollout.error_rate) / 100,
        confidence=float(rollout.confidence) / 100,
        automatic=rollout.automatic,
    )


def _metric(metric: Metric) -> ResolvedMetric:
    change = None if metric.change is None else float(metric.change) / 100
    return ResolvedMetric(name=metric.name, maximum=metric.maximum, minimum=metric.minimum, change=change)


def _limits(limits: Limits, instances: int) -> ResolvedLimits:
    rate = limits.rate
    return ResolvedLimits(
        timeout=float(limits.timeout),
        queue=limits.queue,
        concurrency=instances if limits.concurrency is None else limits.concurrency,
        body=int(limits.body),
        rate=None if rate is None else (rate.count, float(rate.seconds)),
        memory=None if limits.memory is None else int(limits.memory),
        attempts=limits.attempts,
        idempotency_window=_seconds(limits.idempotency_window),
    )


def _cache(cache: Cache | None) -> ResolvedCache:
    if cache is None:
        return ResolvedCache(enabled=False, ttl=None, fuzzy=())
    return ResolvedCache(enabled=cache.enabled, ttl=_seconds(cache.ttl), fuzzy=cache.fuzzy)


def _auth(auth: Auth) -> ResolvedAuth:
    jwt = auth.jwt
    return ResolvedAuth(
        required=auth.required,
        allowed_addresses=auth.allowed_addresses,
        signed=auth.signed,
        jwt=None if jwt is None else _jwt(jwt),
    )


def _jwt(jwt: Jwt) -> ResolvedJwt:
    return ResolvedJwt(
        issuer=jwt.issuer,
        audience=jwt.audience,
        keys=jwt.keys,
        user=jwt.user,
        groups=jwt.groups,
        role=jwt.role,
        leeway=float(jwt.leeway),
    )


def _cors(cors: Cors) -> ResolvedCors:
    return ResolvedCors(
        origins=cors.origins, headers=cors.headers, credentials=cors.credentials, max_age=float(cors.max_age)
    )


def _webhook(hook: Webhook) -> ResolvedWebhook:
    return ResolvedWebhook(
        url=hook.url, events=hook.events, secret=hook.secret.secret if hook.secret else None
    )


def _seconds(duration: float | None) -> float | None:
    return None if duration is None else float(duration)
