"""Keys: made, listed, rotated with an overlap, revoked. Nobody gives away more than they have."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, AwareDatetime, Field, NaiveDatetime
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway import bodies, views
from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.control.common import entry, holder
from flowscale_runtime.gateway.errors import Conflict, Forbidden, InvalidInputs, NotFound
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.gateway.state import State
from flowscale_runtime.stores import audit, keys
from flowscale_runtime.stores.values import SECOND
from flowscale_specs.rights import ROLES, Scope
from flowscale_specs.values import Rate

router = APIRouter()
DAY = 24 * 3600


def _rate(text: str) -> str:
    Rate.parse(text)
    return text


class Wanted(bodies.Body):
    """A key to be made: rights by a role or by scopes, for all deployments or some."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    role: str | None = None
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)] | None = None
    deployments: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    rate: Annotated[str, AfterValidator(_rate)] | None = None
    expires_at: AwareDatetime | NaiveDatetime | None = None


class Rotation(bodies.Body):
    """For how many seconds the old key works on."""

    overlap: Annotated[int, Field(ge=0, le=90 * DAY)] = DAY


@router.get("/keys")
async def listing(request: Request) -> Response:
    """The keys that the caller may manage, without what would let anybody use them."""
    state, principal = await holder(request, "keys:manage")
    rows = await state.database.read(keys.listing, principal.project)
    now = state.clock()
    mine = [view(row, now) for row in rows if _reaches(principal, row.deployments)]
    return success({"keys": mine, "count": len(mine)})


@router.post("/keys")
async def create(request: Request) -> Response:
    """A new key: this reply is the only one that shows it."""
    state, principal = await holder(request, "keys:manage")
    wanted = await bodies.read(request, Wanted)
    role = wanted.role or ("custom" if wanted.scopes else "contributor")
    scopes = wanted.scopes or _of_role(state, role)
    deployments = _deployments(state, principal, wanted.deployments)
    _check_power(principal, scopes, deployments)
    expires = _expiry(wanted.expires_at, state.clock())
    noted = entry(
        state,
        principal,
        "key.created",
        wanted.name,
        role=role,
        scopes=sorted(scopes),
        deployments=deployments,
    )
    key_id, secret = await state.database.write(
        audit.recorded,
        noted,
        keys.create,
        principal.project,
        wanted.name,
        role,
        state.clock(),
        scopes=scopes,
        deployments=deployments,
        rate=wanted.rate,
        expires_at=expires,
    )
    return success(await _shown_once(state, principal, key_id, secret), status=201)


@router.post("/keys/{key_id}/rotate")
async def rotate(key_id: str, request: Request) -> Response:
    """A new key with the same rights; the old one works on for `overlap` seconds."""
    state, principal = await holder(request, "keys:manage")
    wanted = await bodies.read(request, Rotation)
    row = await _mine(state, principal, key_id)
    if row.revoked_at is not None:
        raise Conflict("The key was revoked: make another.", key_id=key_id)
    noted = entry(state, principal, "key.rotated", key_id, overlap=wanted.overlap)
    fresh, secret = await state.database.write(
        audit.recorded, noted, keys.rotate, principal.project, key_id, wanted.overlap * SECOND, state.clock()
    )
    state.gate.forget()
    return success(await _shown_once(state, principal, fresh, secret) | {"replaces": key_id})


@router.delete("/keys/{key_id}")
async def revoke(key_id: str, request: Request) -> Response:
    """Ends a key at once."""
    state, principal = await holder(request, "keys:manage")
    await _mine(state, principal, key_id)
    noted = entry(state, principal, "key.revoked", key_id)
    await state.database.write(audit.recorded, noted, keys.revoke, principal.project, key_id, state.clock())
    state.gate.forget()
    return success(f"Key {key_id} was revoked.")


def view(row: Row[Any], now: int) -> dict[str, Any]:
    """A key as the API shows it."""
    return {
        "id": row.id,
        "name": row.name,
        "prefix": row.prefix,
        "role": row.role,
        "scopes": row.scopes,
        "deployments": row.deployments,
        "rate": row.rate,
        "status": _status(row, now),
        "replaced_by": row.replaced_by,
        "created_at": views.moment(row.created_at),
        "expires_at": views.moment(row.expires_at),
        "revoked_at": views.moment(row.revoked_at),
        "last_used_at": views.moment(row.last_used_at),
    }


def _status(row: Row[Any], now: int) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "active"


async def _shown_once(state: State, principal: Principal, key_id: str, secret: str) -> dict[str, Any]:
    row = await _row(state, principal, key_id)
    return view(row, state.clock()) | {"key": secret}


async def _mine(state: State, principal: Principal, key_id: str) -> Row[Any]:
    """A key that the caller has power over: whoever rotates a key holds it. Raises NotFound or Forbidden."""
    row = await _row(state, principal, key_id)
    if not _reaches(principal, row.deployments):
        raise NotFound(f"There is no key {key_id!r}.", key_id=key_id)
    _check_power(principal, row.scopes, row.deployments)
    return row


async def _row(state: State, principal: Principal, key_id: str) -> Row[Any]:
    rows = await state.database.read(keys.listing, principal.project)
    found = next((row for row in rows if row.id == key_id), None)
    if found is None:
        raise NotFound(f"There is no key {key_id!r}.", key_id=key_id)
    return found


def _reaches(principal: Principal, deployments: Sequence[str] | None) -> bool:
    if principal.deployments is None:
        return True
    return deployments is not None and set(deployments) <= set(principal.deployments)


def _check_power(principal: Principal, scopes: Iterable[str], deployments: Sequence[str] | None) -> None:
    for scope in scopes:
        principal.require(scope)
    if not _reaches(principal, deployments):
        raise Forbidden("This key is for some deployments, and can't manage keys for others.")


def _of_role(state: State, role: str) -> Sequence[str]:
    known: dict[str, Sequence[str]] = {**ROLES, **state.served.catalog.roles}
    if role not in known:
        raise InvalidInputs(
            f"There is no role {role!r}.", field="role", reason="unknown", choices=sorted(known)
        )
    return known[role]


def _deployments(state: State, principal: Principal, wanted: Sequence[str] | None) -> list[str] | None:
    if wanted is None:
        return list(principal.deployments) if principal.deployments is not None else None
    known = state.served.catalog.deployments
    for name in wanted:
        principal.check_deployment(name)
        if name not in known:
            raise InvalidInputs(
                f"There is no deployment {name!r}.",
                field="deployments",
                reason="unknown",
                choices=sorted(known),
            )
    return list(wanted)


def _expiry(wanted: datetime | None, now: int) -> int | None:
    if wanted is None:
        return None
    moment = wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
    expires = int(moment.timestamp() * SECOND)
    if expires <= now:
        raise InvalidInputs("expires_at must lie in the future.", field="expires_at", reason="past")
    return expires
