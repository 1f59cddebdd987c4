"""Users of the editor, their settings and their files."""

import asyncio
import mimetypes
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from flowscale_runtime.gateway.comfyui.replies import LARGEST, body_of, reply
from flowscale_runtime.gateway.comfyui.service import caller
from flowscale_runtime.gateway.comfyui.tree import files, write
from flowscale_runtime.gateway.errors import BadRequest, Forbidden, MalformedBody, NotFound
from flowscale_runtime.gateway.wire import read_body

SETTINGS = "comfy.settings.json"


async def users(request: Request) -> Response:
    """Who there is; the server keeps their files."""
    comfy, principal = await caller(request)
    people = comfy.people
    if people.several:
        return reply({"storage": "server", "users": people.known(principal)})
    return reply({"storage": "server", "migrated": people.home(principal, request.headers).is_dir()})


async def make_user(request: Request) -> Response:
    """Makes one more, where there may be several."""
    comfy, principal = await caller(request, "runs:execute")
    try:
        return reply(comfy.people.add(principal, str((await body_of(request)).get("username") or "")))
    except BadRequest as error:
        return reply({"error": error.message}, 400)


async def settings(request: Request) -> Response:
    """All settings."""
    root = await home(request)
    return reply(known(root))


async def change_settings(request: Request) -> Response:
    """Changes some."""
    root = await home(request, "runs:execute")
    keep(root, {**known(root), **await body_of(request)})
    return Response()


async def setting(request: Request) -> Response:
    """One setting."""
    root = await home(request)
    return reply(known(root).get(request.path_params["name"]))


async def change_setting(request: Request) -> Response:
    """Changes one."""
    root = await home(request, "runs:execute")
    data = await read_body(request, LARGEST)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The body is not valid JSON: {error}") from error
    keep(root, {**known(root), request.path_params["name"]: value})
    return Response()


async def listing(request: Request) -> Response:
    """Files of a folder: names, or with facts."""
    root = await home(request)
    query = request.query_params
    if not query.get("dir"):
        raise BadRequest("Say which folder with dir=.", field="dir")
    folder = inside(root, query["dir"])
    if not folder.is_dir():
        raise NotFound(f"There is no folder {query['dir']!r}.", dir=query["dir"])
    deep = true(query.get("recurse"))
    found = sorted(files(folder) if deep else [path for path in folder.iterdir() if path.is_file()])
    if true(query.get("full_info")):
        return reply([facts(path, path.relative_to(folder).as_posix()) for path in found])
    names = [path.relative_to(folder).as_posix() for path in found]
    return reply([[name, *name.split("/")] for name in names] if true(query.get("split")) else names)


async def tree(request: Request) -> Response:
    """Files and folders right in a folder."""
    root = await home(request)
    name = request.query_params.get("path", "")
    folder = inside(root, name)
    if not folder.is_dir():
        raise NotFound(f"There is no folder {name!r}.", path=name)
    return reply([_listed(path, root) for path in sorted(folder.iterdir())])


async def get(request: Request) -> Response:
    """A file."""
    root = await home(request)
    path = existing(root, request.path_params["file"])
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    guards = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
    return FileResponse(path, media_type=kind, filename=path.name, headers=guards)


async def put(request: Request) -> Response:
    """Keeps a file."""
    root = await home(request, "runs:execute")
    path = inside(root, request.path_params["file"])
    if path.exists() and not true(request.query_params.get("overwrite", "true")):
        return reply({"error": "The file exists."}, 409)
    data = await read_body(request, LARGEST)
    await asyncio.to_thread(write, path, data)
    return _told(request, root, path)


async def delete(request: Request) -> Response:
    """Removes a file."""
    root = await home(request, "runs:execute")
    existing(root, request.path_params["file"]).unlink()
    return Response(status_code=204)


async def move(request: Request) -> Response:
    """Renames a file."""
    root = await home(request, "runs:execute")
    source = existing(root, request.path_params["file"])
    target = inside(root, request.path_params["dest"])
    if target.exists() and not true(request.query_params.get("overwrite", "true")):
        return reply({"error": "The file exists."}, 409)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
    return _told(request, root, target)


async def home(request: Request, scope: str = "runs:read") -> Path:
    """The folder of the request's user. Raises as `caller` does, and where the user isn't the caller's."""
    comfy, principal = await caller(request, scope)
    return comfy.people.home(principal, request.headers)


def inside(root: Path, name: str) -> Path:
    """A path in a user's folder. Raises Forbidden."""
    path = (root / name.lstrip("/")).resolve() if "\0" not in name else root.parent
    if not path.is_relative_to(root):
        raise Forbidden(f"{name!r} leads out of the user's folder.", path=name)
    return path


def existing(root: Path, name: str) -> Path:
    """A file that is there. Raises NotFound or Forbidden."""
    path = inside(root, name)
    if not path.is_file():
        raise NotFound(f"There is no file {name!r}.", path=name)
    return path


def known(root: Path) -> dict[str, Any]:
    """The settings as they are kept."""
    path = root / SETTINGS
    found: dict[str, Any] = orjson.loads(path.read_bytes()) if path.is_file() else {}
    return found


def keep(root: Path, values: dict[str, Any]) -> None:
    """Writes the settings."""
    write(root / SETTINGS, orjson.dumps(values, option=orjson.OPT_INDENT_2))


def facts(path: Path, name: str) -> dict[str, Any]:
    """A file with its size and times in milliseconds."""
    found = path.stat()
    modified, created = int(found.st_mtime * 1000), int(found.st_ctime * 1000)
    return {"path": name, "size": found.st_size, "modified": modified, "created": created}


def _listed(path: Path, root: Path) -> dict[str, Any]:
    shown = {"name": path.name, "path": path.relative_to(root).as_posix()}
    if path.is_dir():
        return {**shown, "type": "directory"}
    found = path.stat()
    return {**shown, "type": "file", "size": found.st_size, "modified": int(found.st_mtime * 1000)}


def _told(request: Request, root: Path, path: Path) -> Response:
    name = path.relative_to(root).as_posix()
    return reply(facts(path, name) if true(request.query_params.get("full_info")) else name)


def true(value: str | None) -> bool:
    """What a query says with true or 1."""
    return (value or "").lower() in {"true", "1"}


routes = (
    Route("/users", users, methods=["GET"]),
    Route("/users", make_user, methods=["POST"]),
    Route("/settings", settings, methods=["GET"]),
    Route("/settings", change_settings, methods=["POST"]),
    Route("/settings/{name:path}", setting, methods=["GET"]),
    Route("/settings/{name:path}", change_setting, methods=["POST"]),
    Route("/userdata", listing, methods=["GET"]),
    Route("/v2/userdata", tree, methods=["GET"]),
    Route("/userdata/{file:path}/move/{dest:path}", move, methods=["POST"]),
    Route("/userdata/{file:path}", get, methods=["GET"]),
    Route("/userdata/{file:path}", put, methods=["POST"]),
    Route("/userdata/{file:path}", delete, methods=["DELETE"]),
)
