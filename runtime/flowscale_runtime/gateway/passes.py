"""The route of short-lived tokens, for pages: EventSource and WebSocket can't send headers."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway import bodies, views
from flowscale_runtime.gateway.errors import Forbidden
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.gateway.state import state_of
from flowscale_runtime.gateway.tokens import LONGEST, Claims

router = APIRouter()


class Wanted(bodies.Body):
    """What a token shall allow, and for how many seconds."""

    scopes: tuple[str, ...] = ("runs:read",)
    deployments: tuple[str, ...] | None = None
    expires_in: Annotated[int, Field(ge=1, le=LONGEST)] = 300


@router.post("/tokens")
async def issue(request: Request) -> Response:
    """A token with part of the rights of the key that asks for it; it ends with that key at the latest."""
    state = state_of(request)
    principal = await state.gate.principal(request)
    wanted = await bodies.read(request, Wanted)
    if principal.by_token or principal.key_id is None:
        raise Forbidden("A token can't make tokens: use the key.")
    for scope in wanted.scopes:
        principal.require(scope)
    for name in wanted.deployments or ():
        if principal.deployments is not None and name not in principal.deployments:
            raise Forbidden(f"This key isn't for the deployment {name!r}.", deployment=name)
    deployments = principal.deployments if wanted.deployments is None else wanted.deployments
    claims = Claims(principal.key_id, principal.project, frozenset(wanted.scopes), deployments)
    token, expires = state.gate.tokens.issue(claims, wanted.expires_in)
    return success({"token": token, "expires_at": views.moment(expires), "scopes": list(wanted.scopes)})
