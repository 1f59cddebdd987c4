"""Erasure: everything of one key, group or tag is removed, with a report."""

from dataclasses import asdict
from typing import Self

from fastapi import APIRouter
from pydantic import model_validator
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway import bodies
from flowscale_runtime.gateway.control.common import entry, holder
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.stores import audit, forgetting
from flowscale_runtime.stores.forgetting import Whose

router = APIRouter()


class Wanted(bodies.Body):
    """Whose runs are to be erased: exactly one of a key's id, a group, a tag."""

    key_id: str | None = None
    group_id: str | None = None
    tag: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len([value for value in (self.key_id, self.group_id, self.tag) if value]) != 1:
            raise ValueError("say exactly one of key_id, group_id and tag")
        return self


@router.post("/erasure")
async def erase(request: Request) -> Response:
    """Removes ended runs with their inputs, outputs, logs and events. What they cost stays in the ledger.

    Runs that haven't ended are named and left: cancel them, or ask again later. Files go within two hours, unless others
    refer to the same content.
    """
    state, principal = await holder(request, "admin", whole=True)
    wanted = await bodies.read(request, Wanted)
    whose = Whose(wanted.key_id, wanted.group_id, wanted.tag)
    ((by, named),) = ((name, value) for name, value in wanted if value)
    noted = entry(state, principal, "erasure", named, by=by)
    removed, left = await state.database.write(
        audit.recorded, noted, forgetting.erase, principal.project, whose
    )
    return success({by: named, "erased": asdict(removed), "not_ended": left})
