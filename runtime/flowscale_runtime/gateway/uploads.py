"""Uploads ahead of a run: the answer's `reference` stands for the file as an input.

Whole: POST the bytes (or one file as multipart). Piece by piece: POST JSON `{filename, size}`, then send the bytes to
the `upload_url` of the answer, which needs no key: PUT all of them, or PATCH pieces, each with `Upload-Offset` saying
where it begins; HEAD tells how many bytes have arrived. The last piece's answer holds the reference, and so does every
later PUT's or PATCH's, in case that answer got lost.

With `direct` the answer may have a `finish_url` beside it: then the bytes go to the bucket itself, and a POST there has the
gateway look at them.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import uuid_utils
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from flowscale_runtime.gateway import bodies, errors, views
from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.links import Plan, base_url
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.gateway.sources import sniff
from flowscale_runtime.gateway.state import State, state_of
from flowscale_runtime.gateway.wire import chunks, read_multipart
from flowscale_runtime.stores import forgetting, holdings
from flowscale_runtime.stores.direct import LARGEST as LARGEST_DIRECT
from flowscale_runtime.stores.direct import Direct
from flowscale_runtime.stores.errors import Busy, NotFound, TooMuch, WrongOffset
from flowscale_runtime.stores.objects import receive
from flowscale_runtime.stores.values import SECOND

router = APIRouter()
LARGEST = 16 << 30  # bytes


class Announced(bodies.Body):
    """A file that will come piece by piece."""

    filename: Annotated[str, Field(min_length=1, max_length=200)] = "upload"
    size: Annotated[int, Field(ge=1, le=LARGEST)]
    content_type: Annotated[str, Field(max_length=100)] = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    direct: bool = False


@router.post("/uploads")
async def upload(request: Request) -> Response:
    """Takes a file, or makes a place where its pieces go."""
    state = state_of(request)
    principal = await state.gate.principal(request, state.served.catalog)
    principal.require("runs:execute")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        return await _announce(state, request, principal)
    if media_type == "multipart/form-data":
        return success(await _form(state, request, principal))
    stored = await receive(state.objects, _body(request), LARGEST)
    name = request.query_params.get("filename", "upload")
    plan = Plan("", name, media_type, LARGEST, principal.project, principal.key_id)
    return success(await _answer(state, request, stored, plan))


@router.api_route("/uploads/{token}", methods=["HEAD", "PUT", "PATCH"])
async def piece(token: str, request: Request) -> Response:
    """The bytes of an announced upload: all (PUT), the next piece (PATCH), or how many have arrived (HEAD)."""
    state = state_of(request)
    plan = state.links.read_upload(token)
    if plan.direct:
        raise errors.UploadConflict("The bytes of this upload go to the bucket; then POST here.")
    answer = state.parts.answer(plan.id)
    arrived = plan.size if answer else state.parts.offset(plan.id)
    if request.method != "HEAD" and not answer:
        arrived = await _write(state, request, plan)
        if arrived == plan.size:
            stored = await state.parts.finish(plan.id, state.objects), arrived
            answer = await _answer(state, request, stored, plan)
            state.parts.note(plan.id, answer)
    headers = {"Upload-Offset": str(arrived), "Upload-Length": str(plan.size), "Cache-Control": "no-store"}
    if request.method == "HEAD" or not answer:
        return Response(status_code=200 if request.method == "HEAD" else 204, headers=headers)
    return success(answer, headers=headers)


@router.post("/uploads/{token}")
async def finish(token: str, request: Request) -> Response:
    """Looks at what was sent to the bucket; what isn't as it was announced is dropped."""
    state = state_of(request)
    plan = state.links.read_upload(token)
    direct = state.direct
    if direct is None or not plan.direct:
        raise errors.UploadConflict("This upload ends with its last byte: send it here.")
    if (answer := await direct.answer(plan.id)) is None:
        answer = await _looked_at(state, direct, request, plan)
        await direct.note(plan.id, answer)
    return success(answer)


async def _looked_at(state: State, direct: Direct, request: Request, plan: Plan) -> dict[str, Any]:
    """The upload as an object of ours: all its bytes are read once, so that its name is what it holds."""
    try:
        arrived = await direct.arrived(plan.id)
    except NotFound as missing:
        raise errors.UploadConflict("Nothing has arrived in the bucket yet.", offset=0) from missing
    if arrived != plan.size:
        await direct.drop(plan.id)
        message = f"The upload was announced with {plan.size} bytes, and {arrived} came: begin another."
        raise errors.InvalidInputs(message, field="size", reason="other_size", size=arrived)
    stored = await receive(state.objects, direct.read(plan.id), plan.size)
    try:
        return await _answer(state, request, stored, plan)
    except errors.ApiError:
        await direct.drop(plan.id)
        raise


async def _announce(state: State, request: Request, whose: Principal) -> Response:
    wanted = await bodies.read(request, Announced)
    state.parts.sweep()
    direct = state.direct if wanted.direct and wanted.size <= LARGEST_DIRECT else None
    told = wanted.filename, wanted.content_type, wanted.size
    upload = uuid_utils.uuid7().hex
    plan = Plan(upload, *told, whose.project, whose.key_id, wanted.sha256, direct is not None)
    token, expires = state.links.upload(plan)
    url = f"{base_url(request)}/api/v1/uploads/{token}"
    data: dict[str, Any] = {"size": plan.size, "expires_at": views.moment(expires * SECOND)}
    if direct is None:
        data |= {"upload_url": url, "methods": ["PUT", "PATCH", "HEAD"]}
    else:
        data |= {"upload_url": await direct.place(upload), "methods": ["PUT"], "finish_url": url}
    return success(data, status=201, headers={"Location": url})


async def _form(state: State, request: Request, whose: Principal) -> dict[str, Any]:
    _, files = await read_multipart(request, LARGEST)
    try:
        if len(files) != 1:
            raise errors.InvalidInputs("Send one file.", field="file", reason="one_file", given=len(files))
        [file] = files
        stored = await receive(state.objects, chunks(file), LARGEST)
        named = file.filename or "upload", file.content_type or ""
        return await _answer(state, request, stored, Plan("", *named, LARGEST, whose.project, whose.key_id))
    finally:
        for each in files:
            await each.close()


async def _write(state: State, request: Request, plan: Plan) -> int:
    whole = request.method == "PUT"
    offset = 0 if whole else _offset(request)
    try:
        return await state.parts.write(plan.id, offset, plan.size, _body(request), restart=whole)
    except WrongOffset as wrong:
        message = f"The upload stands at {wrong.arrived}: go on from there."
        raise errors.UploadConflict(message, offset=wrong.arrived) from wrong
    except Busy as busy:
        raise errors.UploadConflict("Another request writes to this upload.", retry_after=1) from busy
    except TooMuch as more:
        raise errors.BodyTooLarge(
            f"The upload was announced with {more.size} bytes.", limit=more.size
        ) from more


def _offset(request: Request) -> int:
    value = request.headers.get("upload-offset", "")
    if not value.isascii() or not value.isdigit() or len(value) > 15:
        raise errors.UnknownOption("Upload-Offset must say where the piece begins.", field="Upload-Offset")
    return int(value)


async def _answer(
    state: State, request: Request, stored: tuple[str, int] | None, plan: Plan
) -> dict[str, Any]:
    if stored is None:
        raise errors.BodyTooLarge(f"The file may have {plan.size} bytes.", limit=plan.size)
    name, size = stored
    if not size:
        raise errors.InvalidInputs("The file is empty.", field="file", reason="empty_file")
    if plan.sha256 not in ("", name):
        await state.database.write(forgetting.condemn, [name], state.clock())
        message = f"The bytes have the sha256 {name}: they aren't those that were announced."
        raise errors.InvalidInputs(message, field="sha256", reason="other_content", sha256=name)
    await state.database.write(holdings.hold, plan.project, name, state.clock(), size, plan.key_id)
    path = await asyncio.to_thread(state.objects.path, name)
    extension, found = sniff(path, plan.filename, plan.content_type)
    return {
        "reference": f"{name}{extension}",
        "filename": plan.filename,
        "content_type": found,
        "size": size,
        "url": state.links.url(base_url(request), name, plan.filename, found),
    }


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise errors.MalformedBody("The request ended before its body.") from error
