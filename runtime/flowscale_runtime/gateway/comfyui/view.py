"""Showing files: as they are, as small previews, or channel by channel; never as something that a browser runs."""

import asyncio
import io
import mimetypes
import re
from pathlib import Path
from urllib.parse import quote

import orjson
from PIL import Image, UnidentifiedImageError
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from flowscale_runtime.gateway.comfyui.nodes import kinds
from flowscale_runtime.gateway.comfyui.replies import reply
from flowscale_runtime.gateway.comfyui.service import caller
from flowscale_runtime.gateway.comfyui.shelf import Name, Shown
from flowscale_runtime.gateway.errors import BadRequest, NotFound
from flowscale_runtime.gateway.metering import sending

_PREVIEW = re.compile(r"(?P<format>webp|jpeg)(;(?P<quality>\d{1,3}))?\Z")
_ACTIVE = ("text/html", "text/javascript", "application/javascript", "text/css", "image/svg+xml")
_HEADER = 100 << 20  # bytes: no safetensors header is larger


async def view(request: Request) -> Response:
    """A file of the folders."""
    comfy, _ = await caller(request)
    query = request.query_params
    name = query.get("filename")
    if not name:
        raise BadRequest("Say which file with filename=.", field="filename")
    found = await comfy.shelf.find(Name(name, query.get("subfolder", ""), query.get("type", "output")))
    sending(request, found.run_id)
    if "preview" in query:
        return await _shown(found, preview, query["preview"])
    if query.get("channel") in {"rgb", "a"}:
        return await _shown(found, channel, query["channel"])
    kind = kind_of(found.name)
    return FileResponse(found.path, headers=guards(found.name, kind, request), media_type=kind)


async def view_metadata(request: Request) -> Response:
    """What a safetensors file says of itself."""
    comfy, _ = await caller(request)
    kind, name = request.path_params["folder"], request.query_params.get("filename", "")
    for root in kinds(comfy).get(kind, ()):
        path = (root / name).resolve()
        there = path.is_relative_to(root.resolve()) and path.suffix == ".safetensors" and path.is_file()
        if there and (found := await asyncio.to_thread(header, path)):
            return reply(found)
    raise NotFound(f"There is nothing about {name!r}.", filename=name)


def header(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        try:
            head = orjson.loads(file.read(size)) if size <= _HEADER else {}
        except orjson.JSONDecodeError:
            return {}
    return head.get("__metadata__", {}) if isinstance(head, dict) else {}


def preview(path: Path, wanted: str) -> tuple[bytes, str]:
    """A picture in a lighter format. Raises BadRequest."""
    match = _PREVIEW.match(wanted)
    kind, quality = (match["format"], int(match["quality"] or 90)) if match else ("webp", 90)
    with Image.open(path) as image:
        keeps_alpha = kind == "webp" and "A" in image.getbands()
        shown = image.convert("RGBA" if keeps_alpha else "RGB")
    buffer = io.BytesIO()
    shown.save(buffer, kind.upper(), quality=min(quality, 100))
    return buffer.getvalue(), f"image/{kind}"


def channel(path: Path, wanted: str) -> tuple[bytes, str]:
    """A picture's colours alone, or its transparency alone."""
    with Image.open(path) as image:
        whole = image.convert("RGBA")
    if wanted == "rgb":
        shown = whole.convert("RGB")
    else:
        shown = Image.new("RGBA", whole.size)
        shown.putalpha(whole.getchannel("A"))
    buffer = io.BytesIO()
    shown.save(buffer, "PNG")
    return buffer.getvalue(), "image/png"


def kind_of(name: str) -> str:
    """The media type of a file's name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def guards(name: str, kind: str, request: Request) -> dict[str, str]:
    """Headers that keep a browser from running a file."""
    active = kind in _ACTIVE or kind.endswith("xml")
    drawn = kind == "image/svg+xml" and request.headers.get("sec-fetch-dest") == "image"
    how = "attachment" if active and not drawn else "inline"
    return {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name)}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "no-cache",
    }


async def _shown(found: Shown, make: object, wanted: str) -> Response:
    assert callable(make)
    try:
        data, kind = await asyncio.to_thread(make, found.path, wanted)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise BadRequest(f"{found.name} can't be shown as a picture.", filename=found.name) from error
    headers = {"Content-Disposition": f"inline; filename*=UTF-8''{quote(found.name)}"}
    return Response(data, media_type=kind, headers={**headers, "X-Content-Type-Options": "nosniff"})


routes = (
    Route("/view", view, methods=["GET"]),
    Route("/view_metadata/{folder}", view_metadata, methods=["GET"]),
)
