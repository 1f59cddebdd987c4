"""Small JSON bodies of control routes, read strictly into a model."""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from flowscale_runtime.gateway.errors import InvalidInputs, MalformedBody, UnsupportedBody
from flowscale_runtime.gateway.wire import read_body

LIMIT = 1 << 20


class Body(BaseModel):
    """What a request may hold: nothing beside the fields that are declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


B = TypeVar("B", bound=Body)


async def read(request: Request, model: type[B], limit: int = LIMIT) -> B:
    """The request's JSON as this model.

    Raises BodyTooLarge, MalformedBody, UnsupportedBody, or InvalidInputs with every field that is wrong.
    """
    body = await read_body(request, limit)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type not in {"", "application/json"} and not media_type.endswith("+json"):
        raise UnsupportedBody(
            f"A body of type {media_type!r} can't be read: send JSON.", accepted=["application/json"]
        )
    return parse(body, model)


def parse(body: bytes, model: type[B]) -> B:
    """JSON as a model; no body is an empty object. Raises MalformedBody or InvalidInputs."""
    try:
        given = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The body is not valid JSON: {error}") from error
    try:
        return model.model_validate(given)
    except ValidationError as error:
        items = [_item(problem) for problem in error.errors(include_url=False, include_context=False)]
        first = items[0]
        message = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
        raise InvalidInputs(message, field=first["field"], reason=first["reason"], errors=items) from error


def _item(problem: Any) -> dict[str, str]:
    field = ".".join(str(part) for part in problem["loc"])
    return {"field": field, "reason": problem["type"], "message": problem["msg"]}
