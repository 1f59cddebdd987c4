"""Uploads into the folders, and masks painted over pictures."""

import asyncio
import io
from pathlib import Path
from typing import Any

import orjson
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.comfyui.replies import LARGEST, reply
from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.gateway.comfyui.shelf import PLACES, Name
from flowscale_runtime.gateway.errors import BadRequest, Forbidden, NotFound
from flowscale_runtime.gateway.wire import read_multipart


async def image(request: Request) -> Response:
    """Takes a file, whatever it is."""
    comfy, fields, data, named, whose = await _form(request)
    return reply(await _keep(comfy, fields, named, data, whose))


async def mask(request: Request) -> Response:
    """Takes a picture whose transparency is laid over an original."""
    comfy, fields, data, named, whose = await _form(request)
    original = await _original(comfy, fields.get("original_ref"))
    try:
        masked = await asyncio.to_thread(overlaid, original, data)
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise BadRequest(f"The mask can't be laid over the picture: {error}") from error
    return reply(await _keep(comfy, fields, named, masked, whose))


def overlaid(original: Path, painted: bytes) -> bytes:
    """The original with the transparency of another picture, as PNG, with the texts that it carries."""
    with Image.open(original) as picture, Image.open(io.BytesIO(painted)) as mask:
        texts = PngInfo()
        for key, value in getattr(picture, "text", {}).items():
            texts.add_text(key, value)
        alpha = mask.convert("RGBA").getchannel("A")
        found = picture.convert("RGBA")
        found.putalpha(alpha if alpha.size == found.size else alpha.resize(found.size))
        buffer = io.BytesIO()
        found.save(buffer, "PNG", pnginfo=texts, compress_level=4)
    return buffer.getvalue()


async def _keep(
    comfy: Comfy, fields: dict[str, Any], filename: str, data: bytes, whose: Principal
) -> dict[str, Any]:
    place, subfolder = _text(fields, "type") or "input", _text(fields, "subfolder")
    wanted = Name(filename, subfolder, place if place in PLACES else "input")
    overwrite = _text(fields, "overwrite").lower() in {"true", "1"}
    try:
        kept = await comfy.shelf.keep(wanted, data, whose.key_id, overwrite=overwrite)
    except Forbidden as error:
        raise BadRequest(error.message, **error.details) from error
    return {"name": kept.filename, "subfolder": kept.subfolder, "type": kept.place}


async def _form(request: Request) -> tuple[Comfy, dict[str, Any], bytes, str, Principal]:
    comfy, principal = await caller(request, "runs:execute")
    fields, files = await read_multipart(request, LARGEST)
    try:
        upload = fields.get("image")
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise BadRequest("Send the file in the field `image`.", field="image")
        return comfy, fields, await upload.read(), upload.filename, principal
    finally:
        for file in files:
            await file.close()


async def _original(comfy: Comfy, reference: Any) -> Path:
    try:
        named = orjson.loads(reference)
        wanted = Name(named["filename"], named.get("subfolder") or "", named.get("type") or "output")
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError) as error:
        raise BadRequest(
            "original_ref must say filename, subfolder and type.", field="original_ref"
        ) from error
    try:
        return (await comfy.shelf.find(wanted)).path
    except NotFound as error:
        raise BadRequest(f"There is no picture {wanted.filename!r}.", field="original_ref") from error


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


routes = (
    Route("/upload/image", image, methods=["POST"]),
    Route("/upload/mask", mask, methods=["POST"]),
)
