"""Events as notifications between processes: packed into texts no longer than PostgreSQL carries, and read back."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from flowscale_runtime.stores.values import Event

LONGEST = 7_900  # bytes; PostgreSQL takes 7,999


def pack(sender: str, events: Iterable[Event]) -> Iterator[str]:
    """Notifications with these events, in order. Of a durable event that is too long only its number is told, and of
    progress that it was made; who wants the rest reads it."""
    head = orjson.dumps(sender)
    room = LONGEST - len(head) - len(b"[,[]]")
    parts: list[bytes] = []
    size = 0
    for event in events:
        part = _part(event, room)
        if parts and size + len(part) + 1 > room:
            yield _joined(head, parts)
            parts, size = [], 0
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield _joined(head, parts)


def unpack(text: str, own: str) -> list[tuple[Event, bool]]:
    """The events of a notification, each with whether its data is there; none where we sent it ourselves."""
    sender, events = orjson.loads(text)
    if sender == own:
        return []
    return [
        (Event(run_id, sequence, kind, data or {}), data is not None)
        for run_id, sequence, kind, data in events
    ]


def _part(event: Event, room: int) -> bytes:
    part = orjson.dumps([event.run_id, event.sequence, event.type, _plain(event.data)])
    return part if len(part) <= room else orjson.dumps([event.run_id, event.sequence, event.type, None])


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """What a notification can carry: images are read from the database."""
    return {key: value for key, value in data.items() if not isinstance(value, bytes)}


def _joined(head: bytes, parts: list[bytes]) -> str:
    return (b"[" + head + b",[" + b",".join(parts) + b"]]").decode()
