"""What workers of a deployment tell of the nodes that they have: for gateways, which import none."""

from dataclasses import dataclass

import orjson
from sqlalchemy import Connection

from flowscale_runtime.stores import settings
from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import encode
from flowscale_runtime.stores.values import SECOND

FRESH = 30 * SECOND


@dataclass(frozen=True, slots=True)
class Told:
    """The object with the description, and whether a worker was there a moment ago."""

    object: str
    fresh: bool


def tell(connection: Connection, deployment: str, object_: str, now: int) -> None:
    """A worker of this deployment is there, with these nodes."""
    lock(connection, _name(deployment))
    settings.put(connection, _name(deployment), encode([object_, now]))


def told(connection: Connection, deployment: str, now: int) -> Told | None:
    """What was told last; None where nobody ever told."""
    text = settings.value(connection, _name(deployment))
    if text is None:
        return None
    object_, at = orjson.loads(text)
    return Told(object_, now - at < FRESH)


def _name(deployment: str) -> str:
    return f"nodes of {deployment}"
