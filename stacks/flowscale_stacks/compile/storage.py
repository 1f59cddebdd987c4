"""Stores that come along, for trials: a Postgres and an S3 server, one pod each, on volumes that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile import settings
from flowscale_stacks.compile.objects import made, quantity, selector
from flowscale_stacks.compile.pods import hardened, resources, template
from flowscale_stacks.compile.settings import is_bundled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object

_POSTGRES_USER = 999
_DATA = "/var/lib/postgresql/data"


def storage(context: Context) -> Iterator[Object]:
    """The bundled stores; nothing where the environment has its own."""
    if is_bundled(context.target.database):
        yield from _database(context)
    if is_bundled(context.target.objects):
        yield from _objects(context)


def _database(context: Context) -> Iterator[Object]:
    port = settings.DATABASE_PORT
    container = {
        "name": "database",
        "image": context.images.database,
        "env": [
            settings.value("POSTGRES_DB", "flowscale"),
            settings.value("POSTGRES_USER", "flowscale"),
            settings.value("POSTGRES_PASSWORD_FILE", "/run/secrets/database/password"),
            settings.value("PGDATA", f"{_DATA}/pgdata"),
        ],
        "ports": [{"name": "postgres", "containerPort": port, "protocol": "TCP"}],
        "resources": resources("250m", "1Gi"),
        "readinessProbe": {"exec": {"command": ["pg_isready", "-U", "flowscale"]}, "periodSeconds": 5},
        "livenessProbe": {
            "exec": {"command": ["pg_isready", "-U", "flowscale"]},
            "periodSeconds": 10,
            "failureThreshold": 12,
        },
        "volumeMounts": [
            {"name": "store", "mountPath": _DATA},
            {"name": "run", "mountPath": "/var/run/postgresql"},
            {"name": "password", "mountPath": "/run/secrets/database", "readOnly": True},
        ],
    }
    volumes: list[dict[str, Any]] = [
        {"name": "run", "emptyDir": {}},
        {
            "name": "password",
            "secret": {
                "secretName": settings.DATABASE,
                "defaultMode": 0o440,
                "items": [{"key": "password", "path": "password"}],
            },
        },
    ]
    yield from _store(context, "database", "postgres", port, container, volumes, user=_POSTGRES_USER)


def _objects(context: Context) -> Iterator[Object]:
    port, mounts = settings.OBJECTS_PORT, [{"name": "store", "mountPath": "/store"}]
    container = {
        "name": "objects",
        "image": context.images.objects,
        "args": ["--port", f":{port}", "--health", "/health", "posix", "/store"],
        "env": [
            settings.from_secret("ROOT_ACCESS_KEY", settings.OBJECTS, "access-key"),
            settings.from_secret("ROOT_SECRET_KEY", settings.OBJECTS, "secret-key"),
        ],
        "ports": [{"name": "s3", "containerPort": port, "protocol": "TCP"}],
        "resources": resources("100m", "512Mi"),
        "readinessProbe": {"httpGet": {"path": "/health", "port": "s3"}, "periodSeconds": 5},
        "livenessProbe": {
            "httpGet": {"path": "/health", "port": "s3"},
            "periodSeconds": 10,
            "failureThreshold": 6,
        },
        "volumeMounts": mounts,
    }
    bucket = {
        "name": "bucket",
        "image": context.images.objects,
        "command": ["mkdir", "-p", f"/store/{settings.BUCKET}"],
        "resources": resources("10m", "32Mi"),
        "volumeMounts": mounts,
    }
    yield from _store(context, "objects", "s3", port, container, [], initContainers=[hardened(bucket)])


def _store(
    context: Context,
    name: str,
    port_name: str,
    port: int,
    container: dict[str, Any],
    volumes: list[dict[str, Any]],
    **rest: Any,
) -> Iterator[Object]:
    ports = [{"name": port_name, "port": port, "targetPort": port_name, "protocol": "TCP"}]
    yield made("v1/Service", name, context, name, spec={"selector": selector(name), "ports": ports})
    pods = template(context, name, container, volumes, terminationGracePeriodSeconds=120, **rest)
    yield made(
        "apps/v1/StatefulSet",
        name,
        context,
        name,
        spec={
            "replicas": 1,
            "serviceName": name,
            "selector": {"matchLabels": selector(name)},
            "template": pods,
            "volumeClaimTemplates": [_claim(context)],
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        },
    )


def _claim(context: Context) -> dict[str, Any]:
    chosen = {"storageClassName": context.hosting.storage_class} if context.hosting.storage_class else {}
    size = {"requests": {"storage": quantity(context.hosting.storage)}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": size, **chosen}
    return {"metadata": {"name": "store"}, "spec": spec}
