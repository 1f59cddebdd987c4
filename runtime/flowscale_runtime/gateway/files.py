"""The bytes behind links: ranges, caching, thumbnails, and nothing that a browser would run."""

import asyncio
import io
import re
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter
from PIL import Image, ImageOps, UnidentifiedImageError
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from flowscale_runtime.gateway.errors import NotFound, UnknownOption
from flowscale_runtime.gateway.links import Link
from flowscale_runtime.gateway.metering import sending
from flowscale_runtime.gateway.state import State, state_of
from flowscale_runtime.stores import errors
from flowscale_runtime.stores.direct import Direct
from flowscale_runtime.stores.objects import SHOWN

router = APIRouter()
PREVIEW = re.compile(r"(?P<format>webp|jpeg|png)(;(?P<size>\d{2,4}))?\Z")
RANGE = re.compile(r"bytes=(?P<first>\d{0,18})-(?P<last>\d{0,18})\Z")
REDIRECTED = "private, max-age=600"  # less than the address of the bucket is good for
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@router.api_route("/files/{token}", methods=["GET", "HEAD"])
async def download(token: str, request: Request) -> Response:
    """A stored file; with `preview=webp` (or `jpeg;256`) a thumbnail of an image."""
    state = state_of(request)
    link = state.links.read(token)
    if state.direct and "preview" not in request.query_params:
        return await _elsewhere(state, state.direct, link, request)
    sending(request, link.run_id)
    try:
        path = await asyncio.to_thread(state.objects.path, link.object)
    except errors.NotFound as error:
        raise NotFound("The file is gone.") from error
    if wanted := request.query_params.get("preview"):
        return await _preview(path, wanted)
    etag = f'"{link.object}"'
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": etag, **GUARDS})
    headers = {"ETag": etag, "Content-Disposition": disposition(link), **GUARDS}
    return FileResponse(path, media_type=link.content_type, headers=headers)


async def _elsewhere(state: State, direct: Direct, link: Link, request: Request) -> Response:
    """The bucket's own address of a file. What is asked for counts as sent."""
    try:
        size = await direct.size(link.object)
    except errors.NotFound as error:
        raise NotFound("The file is gone.") from error
    if request.method == "GET":
        state.meter.sent(link.run_id, asked_for(request.headers.get("range", ""), size))
    headers = {"Location": await direct.link(link.object, request.method), "Cache-Control": REDIRECTED}
    return Response(status_code=307, headers=headers)


def asked_for(range_: str, size: int) -> int:
    """The bytes of a file of `size` that a Range header asks for; what makes no sense asks for all."""
    match = RANGE.match(range_)
    if match is None or not (match["first"] or match["last"]):
        return size
    if not match["first"]:
        return min(int(match["last"]), size)
    last = min(int(match["last"] or size), size - 1)
    return max(last - int(match["first"]) + 1, 0)


def disposition(link: Link) -> str:
    """Media is shown, anything else is downloaded."""
    how = "inline" if link.content_type.startswith(SHOWN) else "attachment"
    return f"{how}; filename*=UTF-8''{quote(link.filename)}"


async def _preview(path: Path, wanted: str) -> Response:
    match = PREVIEW.match(wanted)
    if match is None:
        raise UnknownOption(
            "preview must be webp, jpeg or png, with a size in pixels as in webp;256.", field="preview"
        )
    size = min(int(match["size"] or 512), 2048)
    try:
        data = await asyncio.to_thread(_thumbnail, path, match["format"], size)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise NotFound("There is no preview of this file.") from error
    return Response(data, media_type=f"image/{match['format']}", headers=GUARDS)


def _thumbnail(path: Path, format_: str, size: int) -> bytes:
    with Image.open(path) as image:
        image.draft("RGB", (size, size))
        small = ImageOps.exif_transpose(image)
        small.thumbnail((size, size))
        if small.mode not in ("RGB", "RGBA"):
            small = small.convert("RGBA" if "transparency" in small.info else "RGB")
        buffer = io.BytesIO()
        (small.convert("RGB") if format_ == "jpeg" else small).save(buffer, format_.upper(), quality=80)
        return buffer.getvalue()
