"""Bytes by content: storing an upload under both of its hashes, finding what an asset id stands for."""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3
from sqlalchemy import Row
from starlette.datastructures import UploadFile

from flowscale_runtime.gateway.comfyui import archive
from flowscale_runtime.gateway.comfyui.service import Comfy
from flowscale_runtime.stores import assets

_BLOCK = 1 << 20
_OF_JOB = re.compile(r"(?P<run>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})-(?P<position>\d{1,6})\Z")


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that are kept: the name of their object, their blake3 hash and their size."""

    object: str
    hash: str
    size: int


@dataclass(frozen=True, slots=True)
class Found:
    """What an asset id stands for: an upload (`row`), or an output (`file`) of a run (`row`)."""

    row: Row[Any]
    file: Row[Any] | None = None

    @property
    def object(self) -> str:
        """The name of the object."""
        return str(self.row.object if self.file is None else self.file.object)

    @property
    def name(self) -> str:
        """What the file is called."""
        if self.file is None:
            return Path(self.row.file_path).name
        return str((self.file.metadata or {}).get("filename") or self.file.filename)

    @property
    def content_type(self) -> str:
        """Its media type."""
        return str(self.row.content_type if self.file is None else self.file.content_type)


async def store(comfy: Comfy, upload: UploadFile) -> Stored:
    """Keeps the bytes of an upload, hashed as they are read."""
    return await asyncio.to_thread(_store, comfy, upload)


def _store(comfy: Comfy, upload: UploadFile) -> Stored:
    named, content, size = hashlib.sha256(), blake3(), 0
    with comfy.state.objects.incoming() as aside:
        while block := upload.file.read(_BLOCK):
            named.update(block)
            content.update(block)
            size += len(block)
            aside.write(block)
    name = comfy.state.objects.put_file(Path(aside.name), named.hexdigest())
    return Stored(name, f"blake3:{content.hexdigest()}", size)


async def find(comfy: Comfy, project: str, asset_id: str) -> Found | None:
    """The upload or the output with this id."""
    if match := _OF_JOB.match(asset_id):
        record = await archive.find(comfy, match["run"])
        files = record.files if record else ()
        wanted = int(match["position"])
        file = next((file for file in files if file.position == wanted), None)
        return Found(record.row, file) if record and file is not None else None
    row = await comfy.state.database.read(assets.find, project, asset_id)
    return None if row is None else Found(row)
