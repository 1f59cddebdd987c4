"""What control routes share: a caller with a scope, and entries of the audit log."""

from typing import Any

from starlette.requests import Request

from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.errors import Forbidden
from flowscale_runtime.gateway.state import State, state_of
from flowscale_runtime.stores.audit import Entry


async def holder(request: Request, scope: str, *, whole: bool = False) -> tuple[State, Principal]:
    """The gateway's parts, and a caller whose key has a scope (`whole`: for all deployments of the project)."""
    state = state_of(request)
    principal = await state.gate.principal(request)
    principal.require(scope)
    if whole and principal.deployments is not None:
        raise Forbidden("This needs a key for the whole project.", deployments=list(principal.deployments))
    return state, principal


def entry(state: State, principal: Principal, action: str, resource: str, **details: Any) -> Entry:
    """An entry of the audit log, of now."""
    actor = principal.key_id or principal.name
    return Entry(principal.project, actor, action, resource, state.clock(), details)
