"""One environment with nothing left to default: where a project goes, and how it stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_specs.resolved import (
    ResolvedEnvironment,
    ResolvedHosting,
    ResolvedJobHosting,
    ResolvedModelCache,
    ResolvedMonitoring,
    ResolvedRoute,
    ResolvedTarget,
    ResolvedTracing,
)

if TYPE_CHECKING:
    from flowscale_specs.documents import Entry
    from flowscale_specs.kinds import Environment
    from flowscale_specs.kinds.environment import EnvironmentSpec, Target
    from flowscale_specs.kinds.hosting import Hosting, ModelCache, Monitoring, Route, Tracing


def resolve_environment(entry: Entry[Environment]) -> ResolvedEnvironment:
    """An environment as a project is compiled for it."""
    spec = entry.document.spec
    namespace = spec.namespace or f"flowscale-{entry.name}".lower()
    return ResolvedEnvironment(
        name=entry.name,
        cluster=spec.cluster.context if spec.cluster else None,
        namespace=namespace,
        domain=spec.domain,
        database=spec.stores.database.reference,
        objects=spec.stores.objects.reference,
        direct=spec.stores.direct if isinstance(spec.stores.direct, str) else "yes" * spec.stores.direct,
        releases={
            workflow: {str(v): digest for v, digest in of.items()} for workflow, of in spec.releases.items()
        },
        logging=spec.logging,
        hosting=_hosting(spec.hosting),
        targets=tuple(_target(target, spec, namespace) for target in spec.targets),
        backend=spec.state.backend,
        secrets_provider=spec.state.secrets,
    )


def _target(target: Target, environment: EnvironmentSpec, namespace: str) -> ResolvedTarget:
    cluster = target.cluster or environment.cluster
    return ResolvedTarget(
        name=target.name,
        cluster=cluster.context if cluster else None,
        namespace=target.namespace or namespace,
        domain=target.domain or environment.domain,
        region=target.region,
    )


def _hosting(hosting: Hosting) -> ResolvedHosting:
    return ResolvedHosting(
        route=_route(hosting.route),
        monitoring=None if hosting.monitoring is None else _monitoring(hosting.monitoring),
        tracing=None if hosting.tracing is None else _tracing(hosting.tracing),
        scaler=hosting.scaler,
        gateways=(hosting.gateways.min, hosting.gateways.max),
        image_pull_secrets=hosting.image_pull_secrets,
        identity=hosting.identity,
        storage_class=hosting.storage_class,
        storage=int(hosting.storage),
        model_cache=_model_cache(hosting.model_cache),
        jobs=ResolvedJobHosting(runner=hosting.jobs.runner, repository=hosting.jobs.repository),
        priority=hosting.priority,
        pod_security=hosting.pod_security,
        engine=hosting.engine,
    )


def _route(route: Route) -> ResolvedRoute:
    return ResolvedRoute(
        ingress_class=route.ingress_class,
        gateway=route.gateway,
        gateway_class=route.gateway_class,
        issuer=route.issuer,
        certificate=route.certificate,
    )


def _monitoring(monitoring: Monitoring) -> ResolvedMonitoring:
    return ResolvedMonitoring(
        enabled=monitoring.enabled,
        dashboard=monitoring.dashboard,
        namespace=monitoring.namespace,
        labels=monitoring.labels,
    )


def _tracing(tracing: Tracing) -> ResolvedTracing:
    return ResolvedTracing(endpoint=tracing.endpoint, sample=float(tracing.sample) / 100)


def _model_cache(cache: ModelCache) -> ResolvedModelCache:
    kind = cache.kind or ("ephemeral" if cache.storage_class else "node")
    return ResolvedModelCache(kind=kind, size=int(cache.size), storage_class=cache.storage_class)
