"""What this server can do, and what it runs on."""

import os
import platform
import sys
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flowscale_runtime.gateway.comfyui.nodes import kinds
from flowscale_runtime.gateway.comfyui.replies import LARGEST, reply
from flowscale_runtime.gateway.comfyui.service import caller

SPOKEN = "0.33.0"
"""The version of ComfyUI whose protocol is spoken here."""


def features() -> dict[str, Any]:
    """What the server announces."""
    return {
        "supports_preview_metadata": True,
        "supports_model_type_tags": True,
        "max_upload_size": LARGEST,
        "extension": {"manager": {"supports_v4": False}},
        "node_replacements": True,
        "assets": False,
    }


async def announce(request: Request) -> Response:
    """The features."""
    await caller(request)
    return reply(features())


async def stats(request: Request) -> Response:
    """The machine."""
    comfy, _ = await caller(request)
    return reply({"system": system(), "devices": [device(comfy.host.spec.gpu.name)]})


def system() -> dict[str, Any]:
    """The process and its machine."""
    memory = psutil.virtual_memory()
    return {
        "os": sys.platform,
        "ram_total": memory.total,
        "ram_free": memory.available,
        "comfyui_version": SPOKEN,
        "required_frontend_version": installed("comfyui-frontend-package"),
        "installed_templates_version": installed("comfyui-workflow-templates"),
        "required_templates_version": None,
        "comfy_package_versions": [],
        "python_version": platform.python_version(),
        "pytorch_version": installed("torch"),
        "embedded_python": False,
        "deploy_environment": "flowscale",
        "argv": ["flowscale", "serve"],
    }


def device(name: str) -> dict[str, Any]:
    """What prompts compute on; hosts alone see a GPU's own memory, so the machine's is told."""
    memory = psutil.virtual_memory()
    kind = "cpu" if name == "CPU" else "cuda"
    return {
        "name": name.lower() if kind == "cpu" else name,
        "type": kind,
        "index": None if kind == "cpu" else 0,
        "vram_total": memory.total,
        "vram_free": memory.available,
        "torch_vram_total": memory.total,
        "torch_vram_free": memory.available,
    }


@lru_cache
def installed(package: str) -> str | None:
    """The version of a package, if it is there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


async def logs(request: Request) -> Response:
    """The text of the log: hosts keep it by run, so there is none for all."""
    await caller(request)
    return reply("")


async def raw_logs(request: Request) -> Response:
    """The lines of the log."""
    await caller(request)
    return reply({"entries": [], "size": {"cols": 80, "rows": 24}})


async def subscribe(request: Request) -> Response:
    """Takes the wish to hear of lines: there are none."""
    await caller(request)
    return Response()


async def folder_paths(request: Request) -> Response:
    """Where models are looked for, by kind."""
    comfy, _ = await caller(request)
    return reply({kind: [os.fspath(path) for path in paths] for kind, paths in kinds(comfy).items()})


async def newest(request: Request) -> Response:
    """Files of a folder, the newest first."""
    comfy, _ = await caller(request)
    place = request.path_params["place"]
    return reply([f"{name} [{place}]" for name in await comfy.shelf.newest(place)])


routes = (
    Route("/features", announce, methods=["GET"]),
    Route("/system_stats", stats, methods=["GET"]),
    Route("/internal/logs", logs, methods=["GET"]),
    Route("/internal/logs/raw", raw_logs, methods=["GET"]),
    Route("/internal/logs/subscribe", subscribe, methods=["PATCH"]),
    Route("/internal/folder_paths", folder_paths, methods=["GET"]),
    Route("/internal/files/{place}", newest, methods=["GET"]),
)
