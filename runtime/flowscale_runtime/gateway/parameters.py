"""Query parameters of listings, read strictly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.errors import UnknownOption
from flowscale_runtime.stores.queries import SORTABLE, Filter
from flowscale_runtime.stores.values import SECOND, TERMINAL

STATES = ("queued", "running", *sorted(TERMINAL))


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of which runs."""

    wanted: Filter
    sort_by: str
    descending: bool
    page: int
    size: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size


def read_paging(query: Mapping[str, str], principal: Principal) -> Paging:
    """Reads a listing's parameters. Raises UnknownOption."""
    wanted = Filter(
        principal.project,
        deployments=_deployments(query.get("workflow_id"), principal),
        group_id=query.get("group_id"),
        batch_id=query.get("batch_id"),
        state=choice(query, "status", STATES, None),
        created_after=moment(query, "created_after"),
        created_before=moment(query, "created_before"),
    )
    return Paging(
        wanted,
        choice(query, "sort_by", SORTABLE, "created_at") or "created_at",
        choice(query, "sort_order", ("asc", "desc"), "desc") == "desc",
        *read_page(query),
    )


def read_page(query: Mapping[str, str]) -> tuple[int, int]:
    """Which page, and how long pages are. Raises UnknownOption."""
    return whole(query, "page", 1, 1, 10_000_000), whole(query, "page_size", 10, 1, 100)


def _deployments(name: str | None, principal: Principal) -> tuple[str, ...] | None:
    if name is None:
        return principal.deployments
    principal.check_deployment(name)
    return (name,)


def choice(query: Mapping[str, str], name: str, choices: tuple[str, ...], default: str | None) -> str | None:
    """One of some words. Raises UnknownOption."""
    value = query.get(name) or default
    if value is not None and value not in choices:
        raise UnknownOption(f"{name} must be one of {', '.join(choices)}.", field=name, choices=list(choices))
    return value


def whole(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number in a range. Raises UnknownOption."""
    value = query.get(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > 12 or not least <= int(value) <= most:
        raise UnknownOption(
            f"{name} must be a whole number from {least} to {most}.", field=name, minimum=least, maximum=most
        )
    return int(value)


def moment(query: Mapping[str, str], name: str) -> int | None:
    """A time in microseconds, in UTC where it names no zone. Raises UnknownOption."""
    value = query.get(name)
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise UnknownOption(
            f"{name} must be a time as 2026-01-31 or 2026-01-31T12:00:00Z.", field=name
        ) from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return int(found.timestamp() * SECOND)
