"""Scripts that packs bring for the editor, and our own."""

import asyncio
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from flowscale_runtime.gateway.comfyui.replies import reply
from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.gateway.comfyui.tree import files
from flowscale_runtime.gateway.errors import NotFound

OWN = "flowscale"
WEB = Path(__file__).parent / "web"


async def listing(request: Request) -> Response:
    """The addresses of all scripts, ours first."""
    comfy, _ = await caller(request)
    folders = await webs(comfy)
    return reply(await asyncio.to_thread(scripts, folders))


async def file(request: Request) -> Response:
    """A file of a pack's web folder."""
    comfy, _ = await caller(request)
    pack, name = request.path_params["pack"], request.path_params["name"]
    root = (await webs(comfy)).get(pack)
    path = (root / name).resolve() if root and "\0" not in name else None
    if root is None or path is None or not path.is_relative_to(root.resolve()) or not path.is_file():
        raise NotFound(f"The pack {pack!r} brings no file {name!r}.", pack=pack, name=name)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    guards = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type=kind, headers=guards)


async def webs(comfy: Comfy) -> Mapping[str, Path]:
    """The web folder of each pack that has one; no pack takes the name of ours."""
    found = (await comfy.describe(comfy.environment)).web
    return {OWN: WEB, **{pack: Path(path) for pack, path in found.items() if pack != OWN}}


def scripts(folders: Mapping[str, Path]) -> list[str]:
    """The addresses of the scripts in these folders."""
    return [
        f"/extensions/{pack}/{path.relative_to(root).as_posix()}"
        for pack, root in folders.items()
        for path in sorted(files(root))
        if path.suffix == ".js"
    ]


routes = (
    Route("/extensions", listing, methods=["GET"]),
    Route("/extensions/{pack}/{name:path}", file, methods=["GET"]),
)
