"""Makes the secrets that nobody gives, in the cluster: `python -m flowscale_controllers.keys NAME...`.

One that is there is left as it is, so this may run as often as it likes. Values come from the system's random source and
are seen by the API server alone.
"""

from __future__ import annotations

import os
import secrets
import sys
from typing import TYPE_CHECKING

from lightkube import ApiError, Client
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CONFLICT = 409


def _internal() -> dict[str, str]:
    return {"token": secrets.token_urlsafe(32)}


def _database() -> dict[str, str]:
    password = secrets.token_urlsafe(32)
    return {
        "password": password,
        "url": f"postgresql://flowscale:{password}@database:5432/flowscale",
    }


def _objects() -> dict[str, str]:
    return {"access-key": secrets.token_hex(10), "secret-key": secrets.token_urlsafe(30)}


KNOWN: dict[str, Callable[[], dict[str, str]]] = {
    "flowscale-internal": _internal,
    "flowscale-database": _database,
    "flowscale-objects": _objects,
}


def make(client: Client, names: Iterable[str]) -> tuple[str, ...]:
    """Adds secrets to the client's namespace; gives the names of those that weren't there."""
    return tuple(name for name in names if _added(client, name, KNOWN[name]()))


def _added(client: Client, name: str, values: dict[str, str]) -> bool:
    labels = {"app.kubernetes.io/part-of": "flowscale", "app.kubernetes.io/component": "keys"}
    metadata = ObjectMeta(name=name, namespace=client.namespace, labels=labels)
    try:
        client.create(Secret(metadata=metadata, stringData=values, type="Opaque"))
    except ApiError as error:
        if error.status.code != _CONFLICT:
            raise
        return False
    return True


def main() -> None:
    """The program of the Job."""
    names = sys.argv[1:]
    unknown = sorted(set(names) - set(KNOWN))
    if unknown:
        sys.exit(f"there is no secret called {unknown[0]}: one of {', '.join(KNOWN)}")
    made = make(Client(namespace=os.environ.get("FLOWSCALE_NAMESPACE")), names)
    sys.stdout.write(f"made {', '.join(made) or 'nothing: all are there'}\n")


if __name__ == "__main__":
    main()
