"""How processes are told their settings: addresses as environment variables, secrets as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowscale_stacks.compile.context import Context

DATABASE, OBJECTS, INTERNAL = "flowscale-database", "flowscale-objects", "flowscale-internal"
DATABASE_PORT, OBJECTS_PORT, HTTP, GRPC = 5432, 7070, 8000, 8001
EVERYWHERE = "0.0.0.0"  # noqa: S104 (inside of a pod)
BUCKET = "flowscale"
SECRETS = "/run/secrets/flowscale"
_BUNDLED = "bundled"
_REFERENCE = "secret:"


def value(name: str, text: str) -> dict[str, Any]:
    """An environment variable."""
    return {"name": name, "value": text}


def from_secret(name: str, secret: str, key: str, *, optional: bool = False) -> dict[str, Any]:
    """An environment variable whose value a secret holds."""
    reference = {"name": secret, "key": key, **({"optional": True} if optional else {})}
    return {"name": name, "valueFrom": {"secretKeyRef": reference}}


def secret_of(reference: str) -> tuple[str, str]:
    """Name and key of `name/key`."""
    name, _, key = reference.partition("/")
    return name, key


def is_bundled(store: str) -> bool:
    """Whether a store comes along with the environment."""
    return store == _BUNDLED


def database_secret(context: Context) -> tuple[str, str] | None:
    """The secret, and the key in it, that hold the database's address; None where the spec says the address."""
    database = context.target.database
    if is_bundled(database):
        return DATABASE, "url"
    return secret_of(database.removeprefix(_REFERENCE)) if database.startswith(_REFERENCE) else None


def objects_secret(context: Context) -> tuple[str, str] | None:
    """The secret, and the key in it, that hold the object store's address; None where it is known."""
    objects = context.target.objects
    return secret_of(objects.removeprefix(_REFERENCE)) if objects.startswith(_REFERENCE) else None


def common(context: Context) -> list[dict[str, Any]]:
    """What every process is told."""
    return [
        value("HOME", "/tmp"),  # noqa: S108 (a folder in a pod of its own)
        value("FLOWSCALE_NAMESPACE", context.namespace),
        value("FLOWSCALE_INTERNAL_TOKEN_FILE", f"{SECRETS}/internal/token"),
    ]


def tracing(context: Context) -> list[dict[str, Any]]:
    """Where spans go, by the variables of OpenTelemetry."""
    wanted = context.hosting.tracing
    if wanted is None:
        return []
    return [
        value("OTEL_EXPORTER_OTLP_ENDPOINT", wanted.endpoint),
        value("OTEL_RESOURCE_ATTRIBUTES", f"k8s.namespace.name={context.namespace}"),
        value("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        value("OTEL_TRACES_SAMPLER_ARG", f"{wanted.sample:g}"),
    ]


def stores(context: Context) -> list[dict[str, Any]]:
    """Where gateways and workers keep what must last."""
    return [*_database(context), *_objects(context)]


def _database(context: Context) -> list[dict[str, Any]]:
    if secret := database_secret(context):
        return [value("FLOWSCALE_DATABASE_FILE", f"{SECRETS}/database/{secret[1]}")]
    return [value("FLOWSCALE_DATABASE", context.target.database)]


def objects_address(context: Context) -> tuple[str, list[dict[str, Any]]]:
    """The object store's address, for processes that aren't told it by file, and the variables that it is reached with;
    `$(NAME)` in it is a variable before, as Kubernetes writes them."""
    if secret := objects_secret(context):
        return "$(FLOWSCALE_OBJECTS)", [from_secret("FLOWSCALE_OBJECTS", *secret), *_credentials(context)]
    address = f"s3://{BUCKET}" if is_bundled(context.target.objects) else context.target.objects
    return address, _credentials(context)


def _objects(context: Context) -> list[dict[str, Any]]:
    if secret := objects_secret(context):
        return [
            value("FLOWSCALE_OBJECTS_FILE", f"{SECRETS}/objects/{secret[1]}"),
            *_credentials(context),
        ]
    address, variables = objects_address(context)
    return [value("FLOWSCALE_OBJECTS", address), *variables]


def _credentials(context: Context) -> list[dict[str, Any]]:
    bundled = is_bundled(context.target.objects)
    endpoint = [
        value("AWS_ENDPOINT_URL", f"http://objects:{OBJECTS_PORT}"),
        value("AWS_ALLOW_HTTP", "true"),
        value("AWS_REGION", "us-east-1"),
    ]
    return [
        *(endpoint if bundled else ()),
        from_secret("AWS_ACCESS_KEY_ID", OBJECTS, "access-key", optional=not bundled),
        from_secret("AWS_SECRET_ACCESS_KEY", OBJECTS, "secret-key", optional=not bundled),
    ]


def files(context: Context, names: Iterable[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(volumes, mounts) of the secrets that a process reads: of `internal`, `database` and `objects`."""
    known = {
        "internal": (INTERNAL, "token"),
        "database": database_secret(context),
        "objects": objects_secret(context),
    }
    wanted = [(name, secret) for name in names if (secret := known[name]) is not None]
    volumes = [
        {
            "name": f"{name}-secret",
            "secret": {
                "secretName": secret[0],
                "defaultMode": 0o440,
                "items": [{"key": secret[1], "path": secret[1]}],
            },
        }
        for name, secret in wanted
    ]
    mounts = [
        {"name": f"{name}-secret", "mountPath": f"{SECRETS}/{name}", "readOnly": True} for name, _ in wanted
    ]
    return volumes, mounts
