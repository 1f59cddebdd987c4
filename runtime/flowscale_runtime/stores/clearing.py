"""Which runs were taken out of a history: their rows stay, for money and audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Row

from flowscale_runtime.stores import settings
from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import encode

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Cleared:
    """The number up to which all ended runs are gone, and single ids."""

    before: int = 0
    ids: frozenset[str] = frozenset()

    def hides(self, row: Row[Any]) -> bool:
        """Whether a run is gone."""
        return row.id in self.ids or (row.completed_at is not None and row.number <= self.before)


def known(connection: Connection, project: str) -> Cleared:
    """What is gone of a project's history."""
    before, ids = _read(connection, project)
    return Cleared(before, frozenset(ids))


def clear(connection: Connection, project: str, number: int) -> None:
    """Everything up to this number goes."""
    lock(connection, _name(project))
    before, _ = _read(connection, project)
    _write(connection, project, max(before, number), [])


def delete(connection: Connection, project: str, run_ids: Sequence[str]) -> None:
    """These go."""
    lock(connection, _name(project))
    before, ids = _read(connection, project)
    _write(connection, project, before, list(dict.fromkeys([*ids, *run_ids]))[-MOST:])


def _read(connection: Connection, project: str) -> tuple[int, list[str]]:
    text = settings.value(connection, _name(project))
    before, ids = orjson.loads(text) if text else (0, [])
    return before, ids


def _write(connection: Connection, project: str, before: int, ids: list[str]) -> None:
    settings.put(connection, _name(project), encode([before, ids]))


def _name(project: str) -> str:
    return f"cleared history of {project}"
