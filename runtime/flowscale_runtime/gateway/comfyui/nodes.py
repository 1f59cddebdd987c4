"""What the editor asks about nodes and models."""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flowscale_runtime.gateway.comfyui.replies import reply
from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.gateway.comfyui.tree import files
from flowscale_runtime.gateway.errors import NotFound

DISABLED = "SERVICE_DISABLED"
MODELS = (".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft")
_UPLOADS = {
    "image_upload": (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"),
    "video_upload": (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".gif"),
    "audio_upload": (".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".mp4", ".mov", ".mkv", ".webm"),
    "file_upload": (),
}


async def object_info(request: Request) -> Response:
    """Every node class. Answered from memory; a client that has it is told so."""
    comfy, _ = await caller(request)
    data, etag = await _page(comfy)
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": etag})
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    return Response(data, headers=headers, media_type="application/json")


async def one(request: Request) -> Response:
    """One node class; nothing where there is none."""
    comfy, _ = await caller(request)
    name = request.path_params["name"]
    found = (await comfy.definitions()).get(name)
    names = await comfy.shelf.names("input")
    return reply({} if found is None else {name: with_files(found, names)})


def with_files(definition: Mapping[str, Any], names: list[str]) -> Mapping[str, Any]:
    """A definition whose upload widgets offer the files that are there."""
    made = dict(definition)
    made["input"] = {
        section: {name: _offering(spec, names) for name, spec in inputs.items()}
        for section, inputs in definition.get("input", {}).items()
    }
    return made


def takes_files(definition: Mapping[str, Any]) -> bool:
    """Whether a class has an upload widget."""
    sections = definition.get("input", {}).values()
    return any(_kind(spec) for section in sections for spec in section.values())


def _offering(spec: Any, names: list[str]) -> Any:
    kind = _kind(spec)
    if kind is None or spec[1].get("image_folder", "input") != "input":
        return spec
    found = [name for name in names if not _UPLOADS[kind] or name.lower().endswith(_UPLOADS[kind])]
    if isinstance(spec[0], list):
        return [[*dict.fromkeys([*spec[0], *found])], *spec[1:]]
    return [spec[0], {**spec[1], "options": [*dict.fromkeys([*spec[1].get("options", []), *found])]}]


def _kind(spec: Any) -> str | None:
    if not isinstance(spec, list | tuple) or len(spec) < 2 or not isinstance(spec[1], dict):
        return None
    return next((kind for kind in _UPLOADS if spec[1].get(kind)), None)


_pages: dict[str, tuple[str, bytes, str]] = {}


async def _page(comfy: Comfy) -> tuple[bytes, str]:
    """The whole as JSON with its ETag, made again when the environment or the input folder changes."""
    name, names = comfy.environment.name, await comfy.shelf.names("input")
    definitions = await comfy.definitions()
    state = hashlib.sha256("\0".join([str(id(definitions)), *names]).encode()).hexdigest()
    kept = _pages.get(name)
    if kept is None or kept[0] != state:
        data = await asyncio.to_thread(rendered, definitions, names)
        etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        _pages.clear()
        kept = _pages[name] = (state, data, etag)
    return kept[1], kept[2]


def rendered(definitions: Mapping[str, Any], names: list[str]) -> bytes:
    """All definitions as JSON."""
    made = {
        class_type: with_files(definition, names) if takes_files(definition) else definition
        for class_type, definition in definitions.items()
    }
    return orjson.dumps(made)


def kinds(comfy: Comfy) -> dict[str, list[Path]]:
    """Folders of models by their kind."""
    found: dict[str, list[Path]] = {}
    for root in comfy.environment.models:
        for path in sorted(root.iterdir()):
            if path.is_dir():
                found.setdefault(path.name, []).append(path)
    return found


def of_kind(comfy: Comfy, kind: str) -> list[dict[str, Any]]:
    """The models of a kind. Raises NotFound."""
    roots = kinds(comfy).get(kind)
    if roots is None:
        raise NotFound(f"There are no models of the kind {kind!r}.", folder=kind)
    found = []
    for index, root in enumerate(roots):
        for path in sorted(files(root)):
            if path.suffix.lower() in MODELS:
                facts = path.stat()
                found.append(
                    {
                        "name": path.relative_to(root).as_posix(),
                        "pathIndex": index,
                        "modified": facts.st_mtime,
                        "created": facts.st_ctime,
                        "size": facts.st_size,
                    }
                )
    return found


async def models(request: Request) -> Response:
    """The kinds of models."""
    comfy, _ = await caller(request)
    return reply(list(kinds(comfy)))


async def models_of(request: Request) -> Response:
    """Names of the models of a kind."""
    comfy, _ = await caller(request)
    return reply([model["name"] for model in of_kind(comfy, request.path_params["kind"])])


async def embeddings(request: Request) -> Response:
    """Names of embeddings, as prompts write them."""
    comfy, _ = await caller(request)
    there = "embeddings" in kinds(comfy)
    names = [model["name"] for model in of_kind(comfy, "embeddings")] if there else []
    return reply([name.rpartition(".")[0] for name in names])


async def folders(request: Request) -> Response:
    """The kinds of models with their folders."""
    comfy, _ = await caller(request)
    return reply(
        [
            {"name": kind, "folders": [str(path) for path in paths], "extensions": list(MODELS)}
            for kind, paths in kinds(comfy).items()
        ]
    )


async def folder(request: Request) -> Response:
    """The models of a kind, with their sizes."""
    comfy, _ = await caller(request)
    return reply(of_kind(comfy, request.path_params["kind"]))


async def nothing(request: Request) -> Response:
    """There is none here."""
    await caller(request)
    return reply({})


async def disabled(request: Request) -> Response:
    """Assets are off, as they are in ComfyUI unless it is told otherwise."""
    await caller(request)
    message = "Assets are not kept here."
    return reply({"error": {"code": DISABLED, "message": message, "details": {}}}, 503)


routes = (
    Route("/object_info", object_info, methods=["GET"]),
    Route("/object_info/{name:path}", one, methods=["GET"]),
    Route("/models", models, methods=["GET"]),
    Route("/models/{kind}", models_of, methods=["GET"]),
    Route("/embeddings", embeddings, methods=["GET"]),
    Route("/experiment/models", folders, methods=["GET"]),
    Route("/experiment/models/{kind}", folder, methods=["GET"]),
    Route("/i18n", nothing, methods=["GET"]),
    Route("/workflow_templates", nothing, methods=["GET"]),
    Route("/global_subgraphs", nothing, methods=["GET"]),
    Route("/node_replacements", nothing, methods=["GET"]),
)
under_api = (
    Route("/assets", disabled, methods=["GET", "POST"]),
    Route("/assets/{rest:path}", disabled, methods=["GET", "POST", "PUT", "DELETE", "HEAD"]),
    Route("/tags", disabled, methods=["GET"]),
)
"""Those that are under /api alone: the editor's own files are under /assets."""
