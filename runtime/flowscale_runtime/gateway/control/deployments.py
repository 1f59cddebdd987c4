"""What is deployed: releases and their shares of traffic, queue, hosts, limits, and what can't be served."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.catalog import Catalog, Deployment
from flowscale_runtime.gateway.control.common import holder
from flowscale_runtime.gateway.errors import NotFound
from flowscale_runtime.gateway.links import base_url
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.stores import queue

router = APIRouter()
IDLE = {"queued": 0, "running": 0}


@router.get("/deployments")
async def listing(request: Request) -> Response:
    """Every deployment that the caller may see, and those that can't be served with the reason."""
    state, principal = await holder(request, "deployments:read")
    catalog, demand = state.served.catalog, await state.database.read(queue.demand)
    base = base_url(request)
    shown = [summary(one, demand.get(one.name, IDLE), base) for one in _visible(catalog, principal)]
    failed = [
        {"name": name, "status": "failed", "problems": problems}
        for name, problems in sorted(_problems(catalog).items())
        if name not in catalog.deployments
        and (principal.deployments is None or name in principal.deployments)
    ]
    return success({"deployments": [*shown, *failed], "count": len(shown) + len(failed)})


@router.get("/deployments/{name}")
async def get(name: str, request: Request) -> Response:
    """One deployment."""
    state, principal = await holder(request, "deployments:read")
    catalog = state.served.catalog
    deployment = next((one for one in _visible(catalog, principal) if one.name == name), None)
    if deployment is None:
        raise NotFound(f"There is no deployment {name!r}.", name=name)
    demand = await state.database.read(queue.demand)
    environments = {version.environment.name for version in deployment.versions}
    hosts = [host for host in state.hosts() if host.get("environment", "") in environments]
    data = summary(deployment, demand.get(name, IDLE), base_url(request)) | details(deployment)
    return success(data | {"hosts": hosts, "problems": _problems(catalog).get(name, [])})


def summary(deployment: Deployment, demand: Mapping[str, int], base: str) -> dict[str, Any]:
    """A deployment in a list."""
    spec = deployment.spec
    return {
        "name": spec.name,
        "workflow": spec.workflow,
        "description": spec.description,
        "project": deployment.project,
        "team": deployment.team,
        "status": "ready",
        "url": f"{base}/api/v1/runs?workflow_id={spec.name}",
        "releases": [
            {
                "version": version.version,
                "weight": version.percent,
                "digest": version.digest,
                "environment": version.environment.name,
            }
            for version in deployment.versions
        ],
        "gpu": spec.gpu.name,
        "queue": dict(demand),
        "tags": list(spec.tags),
    }


def details(deployment: Deployment) -> dict[str, Any]:
    """What a deployment declares beside its releases; of secrets only whether there is one."""
    spec, limits = deployment.spec, deployment.spec.limits
    return {
        "scaling": {"mode": spec.scaling.mode, "min": spec.scaling.min, "max": spec.scaling.max},
        "limits": {
            "timeout": limits.timeout,
            "queue": limits.queue,
            "concurrency": limits.concurrency,
            "body": limits.body,
            "rate": {"count": limits.rate[0], "seconds": limits.rate[1]} if limits.rate else None,
            "memory": limits.memory,
            "attempts": limits.attempts,
        },
        "cache": {"enabled": spec.cache.enabled, "ttl": spec.cache.ttl, "fuzzy": list(spec.cache.fuzzy)},
        "auth": {
            "required": spec.auth.required,
            "signed": spec.auth.signed,
            "allowed_addresses": list(spec.auth.allowed_addresses),
        },
        "cors": {"origins": list(spec.cors.origins)},
        "budgets": [budget.name for budget in deployment.budgets],
        "price": spec.gpu.price / 1e6,
    }


def _visible(catalog: Catalog, principal: Principal) -> list[Deployment]:
    return [
        one
        for name, one in sorted(catalog.deployments.items())
        if one.project == principal.project
        and (principal.deployments is None or name in principal.deployments)
    ]


def _problems(catalog: Catalog) -> dict[str, list[str]]:
    """What is wrong, by deployment: each problem begins with the name of its own."""
    found: dict[str, list[str]] = {}
    for problem in catalog.problems:
        name, colon, reason = problem.partition(": ")
        if colon and "/" not in name and ":" not in name:
            found.setdefault(name, []).append(reason)
    return found
