"""What a caller may do: scopes, and the roles that are sets of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flowscale_specs.kinds.project import Member

Scope = Literal[
    "runs:read",
    "runs:execute",
    "workflows:read",
    "workflows:write",
    "deployments:read",
    "deployments:write",
    "keys:manage",
    "billing:read",
    "audit:read",
    "admin",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_VIEWER: tuple[Scope, ...] = ("runs:read", "workflows:read", "deployments:read")
_CONTRIBUTOR: tuple[Scope, ...] = (*_VIEWER, "runs:execute", "workflows:write")
_ADMIN: tuple[Scope, ...] = (
    *_CONTRIBUTOR,
    "deployments:write",
    "keys:manage",
    "billing:read",
    "audit:read",
)
ROLES: dict[str, tuple[Scope, ...]] = {
    "viewer": _VIEWER,
    "contributor": _CONTRIBUTOR,
    "admin": _ADMIN,
    "owner": SCOPES,
}
"""The roles that every project has; a project may declare more."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody may do, and where; `deployments` None means all of the project."""

    scopes: frozenset[str]
    deployments: tuple[str, ...] | None = None


def grants(members: Iterable[Member], roles: Mapping[str, Iterable[str]]) -> dict[str, Grant]:
    """What each member may do, by name; `roles` are those that the project declares beside the built-in ones."""
    known: dict[str, Iterable[str]] = {**ROLES, **roles}
    return {
        member.name: Grant(frozenset(known[member.role]), member.deployments or None) for member in members
    }


def strongest(held: Iterable[Grant]) -> Grant | None:
    """The one that counts of several: for the whole project before some deployments, then the one with most scopes."""
    return max(held, key=lambda grant: (grant.deployments is None, len(grant.scopes)), default=None)
