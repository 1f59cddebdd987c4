"""Uploads into the folders, and masks painted over pictures."""

import asyncio
import hashlib
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

from flowscale_runtime.gateway.comfyui.replies import LARGEST, reply
from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.gateway.comfyui.tree import PLACES, Tree
from flowscale_runtime.gateway.errors import BadRequest, Forbidden
from flowscale_runtime.gateway.wire import read_multipart


async def image(request: Request) -> Response:
    """Takes a file, whatever it is."""
    comfy, fields, data, name = await _form(request)
    return reply(await asyncio.to_thread(_keep, comfy.tree, fields, name, data))


async def mask(request: Request) -> Response:
    """Takes a picture whose transparency is laid over an original."""
    comfy, fields, data, name = await _form(request)
    original = _original(comfy.tree, fields.get("original_ref"))
    try:
        masked = await asyncio.to_thread(overlaid, original, data)
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise BadRequest(f"The mask can't be laid over the picture: {error}") from error
    return reply(await asyncio.to_thread(_keep, comfy.tree, fields, name, masked))


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


def store(folder: Path, name: str, data: bytes, *, overwrite: bool) -> str:
    """Writes a file; the same bytes under the same name are there already, others get a number."""
    folder.mkdir(parents=True, exist_ok=True)
    path, number = folder / name, 0
    while not overwrite and path.exists():
        if _same(path, data):
            return path.name
        number += 1
        path = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(data)
    aside.rename(path)
    return path.name


def _keep(tree: Tree, fields: dict[str, Any], name: str, data: bytes) -> dict[str, Any]:
    place, subfolder = _text(fields, "type") or "input", _text(fields, "subfolder")
    place = place if place in PLACES else "input"
    overwrite = _text(fields, "overwrite").lower() in {"true", "1"}
    try:
        target = tree.file(name, subfolder, place)
    except Forbidden as error:
        raise BadRequest(error.message, **error.details) from error
    kept = store(target.parent, target.name, data, overwrite=overwrite)
    return {"name": kept, "subfolder": subfolder, "type": place}


async def _form(request: Request) -> tuple[Comfy, dict[str, Any], bytes, str]:
    comfy, _ = await caller(request, "runs:execute")
    fields, files = await read_multipart(request, LARGEST)
    try:
        upload = fields.get("image")
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise BadRequest("Send the file in the field `image`.", field="image")
        return comfy, fields, await upload.read(), upload.filename
    finally:
        for file in files:
            await file.close()


def _original(tree: Tree, reference: Any) -> Path:
    try:
        named = orjson.loads(reference)
        path = tree.file(named["filename"], named.get("subfolder") or "", named.get("type") or "output")
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError) as error:
        raise BadRequest(
            "original_ref must say filename, subfolder and type.", field="original_ref"
        ) from error
    if not path.is_file():
        raise BadRequest(f"There is no picture {named['filename']!r}.", field="original_ref")
    return path


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _same(path: Path, data: bytes) -> bool:
    if path.stat().st_size != len(data):
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest() == hashlib.sha256(data).digest()


routes = (
    Route("/upload/image", image, methods=["POST"]),
    Route("/upload/mask", mask, methods=["POST"]),
)
