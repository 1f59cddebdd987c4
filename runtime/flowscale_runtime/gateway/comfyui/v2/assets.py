"""The routes of assets: uploading, finding by content, looking, downloading, forgetting."""

import re
import uuid
from typing import Any
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.comfyui.replies import LARGEST, body_of, reply
from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.gateway.comfyui.v2 import shapes
from flowscale_runtime.gateway.comfyui.v2.content import Found, Stored, find, store
from flowscale_runtime.gateway.comfyui.v2.envelope import BlobNotFound, HashMismatch, KeyReuse, answered
from flowscale_runtime.gateway.comfyui.view import guards
from flowscale_runtime.gateway.errors import BadRequest, Forbidden, NotFound
from flowscale_runtime.gateway.links import base_url
from flowscale_runtime.gateway.wire import read_multipart
from flowscale_runtime.stores import assets

_HASH = re.compile(r"blake3:[0-9a-f]{64}\Z")
_SPACE = uuid.UUID("5c7a9a36-6f43-4c0e-9e55-1e3d1f0c4b6a")


def place_of(request: Request) -> shapes.Place:
    """Where the caller found this API."""
    root = request.scope.get("root_path", "")
    return shapes.Place(base_url(request), f"{root}/api/v2")


@answered
async def upload(request: Request) -> Response:
    """Takes a file."""
    comfy, principal = await caller(request, "runs:execute")
    fields, files = await read_multipart(request, LARGEST)
    try:
        given = fields.get("file")
        if not isinstance(given, UploadFile):
            raise BadRequest("Send the file in the field `file`.", field="file")
        stored = await store(comfy, given)
    finally:
        for file in files:
            await file.close()
    expected = _text(fields, "expected_hash")
    if expected and expected != stored.hash:
        raise HashMismatch(
            f"The bytes are {stored.hash}, not {expected}.", expected=expected, found=stored.hash
        )
    name = _text(fields, "file_path") or given.filename or "file"
    kind = shapes.media_type(_text(fields, "content_type") or given.content_type or "", name)
    return await _keep(request, comfy, principal, stored, name, kind, fields.get("tags"))


@answered
async def from_hash(request: Request) -> Response:
    """A record of bytes that are here already."""
    comfy, principal = await caller(request, "runs:execute")
    body = await body_of(request)
    known = await comfy.state.database.read(assets.by_hash, principal.project, str(body.get("hash")))
    if known is None:
        raise BlobNotFound("There are no bytes with this hash here.", hash=body.get("hash"))
    stored = Stored(known.object, known.hash, known.size)
    name = str(body.get("file_path") or known.file_path)
    kind = shapes.media_type("", name) if body.get("file_path") else known.content_type
    return await _keep(request, comfy, principal, stored, name, kind, body.get("tags"))


@answered
async def known_hash(request: Request) -> Response:
    """Whether bytes with this hash are here."""
    comfy, principal = await caller(request)
    hash_ = request.path_params["hash"]
    if not _HASH.match(hash_):
        return Response(status_code=404)
    known = await comfy.state.database.read(assets.by_hash, principal.project, hash_)
    return Response(status_code=404 if known is None else 200)


@answered
async def one(request: Request) -> Response:
    """What is known of an asset."""
    comfy, _, found = await _found(request)
    now, place = comfy.state.clock(), place_of(request)
    if found.file is None:
        return reply(shapes.asset(found.row, place, now))
    return reply(shapes.output_asset(found.row, found.file, place, now))


@answered
async def content(request: Request) -> Response:
    """Its bytes, or a range of them."""
    comfy, _, found = await _found(request)
    headers = guards(found.name, found.content_type, request)
    headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    return FileResponse(
        comfy.state.objects.path(found.object), media_type=found.content_type, headers=headers
    )


@answered
async def remove(request: Request) -> Response:
    """Forgets an upload."""
    comfy, principal, found = await _found(request, "runs:execute")
    if found.file is not None:
        raise Forbidden("An output goes with its job.", id=request.path_params["asset_id"])
    await comfy.state.database.write(assets.remove, principal.project, found.row.id)
    return Response(status_code=204)


async def _found(request: Request, scope: str = "runs:read") -> tuple[Comfy, Principal, Found]:
    comfy, principal = await caller(request, scope)
    asset_id = request.path_params["asset_id"]
    found = await find(comfy, principal.project, asset_id)
    if found is None:
        raise NotFound(f"There is no asset {asset_id!r}.", id=asset_id)
    return comfy, principal, found


async def _keep(
    request: Request, comfy: Comfy, principal: Principal, stored: Stored, name: str, kind: str, tags: Any
) -> Response:
    database, now = comfy.state.database, comfy.state.clock()
    new = await database.read(assets.by_hash, principal.project, stored.hash) is None
    values = {
        "id": _id(request, principal),
        "project": principal.project,
        "hash": stored.hash,
        "object": stored.object,
        "size": stored.size,
        "content_type": kind,
        "file_path": name,
        "tags": tags if isinstance(tags, list) else [tags] if tags else [],
        "created_at": now,
    }
    row = await database.write(assets.add, values)
    if row.hash != stored.hash:
        raise KeyReuse("This idempotency key was used for another file.")
    return reply(shapes.asset(row, place_of(request), now, created_new=new), 201)


def _id(request: Request, principal: Principal) -> str:
    """A new id; the same one again for the same idempotency key of a caller."""
    key = request.headers.get("idempotency-key")
    if not key:
        return str(uuid.uuid4())
    return str(uuid.uuid5(_SPACE, f"{principal.project}\0{principal.key_id}\0{key}"))


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


routes = (
    Route("/assets", upload, methods=["POST"]),
    Route("/assets/from-hash", from_hash, methods=["POST"]),
    Route("/assets/by-hash/{hash}", known_hash, methods=["HEAD"]),
    Route("/assets/{asset_id}", one, methods=["GET"]),
    Route("/assets/{asset_id}", remove, methods=["DELETE"]),
    Route("/assets/{asset_id}/content", content, methods=["GET"]),
)
