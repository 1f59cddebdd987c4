"""File inputs, in every form that they arrive in, as objects that were looked at."""

import asyncio
import base64
import binascii
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import puremagic
from starlette.datastructures import UploadFile

from flowscale_runtime.gateway.errors import BodyTooLarge, InvalidInputs
from flowscale_runtime.gateway.fetching import Fetcher
from flowscale_runtime.gateway.links import Links
from flowscale_runtime.gateway.wire import chunks
from flowscale_runtime.nodes import images
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.stores import holdings
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.errors import NotFound
from flowscale_runtime.stores.objects import Objects, receive
from flowscale_workflows.interface import Input

_DATA_URL = re.compile(r"data:(?P<type>[^;,]*)(?P<parameters>(;[^;,]*)*),", re.IGNORECASE)
_OBJECT = re.compile(r"[0-9a-f]{64}(\.\w{1,12})?\Z")
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file input: its bytes by content, and what it is."""

    object: str
    extension: str
    content_type: str
    filename: str
    size: int


class Sources:
    """Turns file inputs into stored files. Raises InvalidInputs, FetchFailed or BodyTooLarge."""

    def __init__(self, objects: Objects, fetcher: Fetcher, links: Links, database: Database) -> None:
        self._objects, self._fetcher, self._links, self._database = objects, fetcher, links, database

    async def store(self, item: Input, value: Any, limit: int, project: str) -> StoredFile:
        """Stores one value of a file input of a project, of at most `limit` bytes."""
        if isinstance(value, StoredFile):
            return await self._kept(item, value)
        if isinstance(value, UploadFile):
            stored = await self._upload(item, value, limit)
        elif isinstance(value, str):
            stored = await self._text(item, value, limit, project)
        else:
            raise _invalid(
                item, "invalid_type", f"{item.public_name!r} must be a file, a URL or a data: URL."
            )
        if item.type in {"image", "mask"}:
            await self._check_image(item, stored)
        return stored

    async def _kept(self, item: Input, stored: StoredFile) -> StoredFile:
        if not await asyncio.to_thread(self._objects.exists, stored.object):
            raise _invalid(item, "file_gone", f"The file of {item.public_name!r} is not kept any more.")
        return stored

    async def _upload(self, item: Input, upload: UploadFile, limit: int) -> StoredFile:
        received = await receive(self._objects, chunks(upload), limit)
        if received is None:
            raise BodyTooLarge(
                f"{item.public_name!r} is larger than the {limit} bytes that are allowed.", limit=limit
            )
        return await self._known(
            item, received[0], upload.content_type or "", upload.filename or item.public_name
        )

    async def _text(self, item: Input, value: str, limit: int, project: str) -> StoredFile:
        if value[:5].lower() == "data:":
            data, media_type = _decoded(item, value)
            if len(data) > limit:
                raise BodyTooLarge(
                    f"{item.public_name!r} is larger than the {limit} bytes that are allowed.", limit=limit
                )
            name = await asyncio.to_thread(self._objects.put, data)
            return await self._known(item, name, media_type, item.public_name)
        if _OBJECT.match(value):
            return await self._reference(item, value, project)
        if link := self._links.find(value):  # an output of ours as the next input: nothing to fetch
            return await self._known(item, link.object, link.content_type, link.filename)
        if "://" in value:
            name, media_type, path = await self._fetcher.fetch(value, limit)
            return await self._known(
                item, name, media_type, unquote(PurePosixPath(path).name) or item.public_name
            )
        raise _invalid(
            item,
            "invalid_type",
            f"{item.public_name!r} must be a file, an http(s) URL, a data: URL or an upload's reference.",
        )

    async def _reference(self, item: Input, value: str, project: str) -> StoredFile:
        """An upload of the same project: whoever knows the name of another's object has no right to it."""
        name = value[:64]
        unknown = _invalid(item, "unknown_upload", f"{item.public_name!r} names an upload that isn't there.")
        if not await self._database.read(holdings.held, project, name):
            raise unknown
        try:
            return await self._known(item, name, "", value)
        except NotFound as error:
            raise unknown from error

    async def _known(self, item: Input, name: str, media_type: str, filename: str) -> StoredFile:
        path = await asyncio.to_thread(self._objects.path, name)
        size = path.stat().st_size
        if not size:
            raise _invalid(item, "empty_file", f"{item.public_name!r} is an empty file.")
        extension, found = await asyncio.to_thread(sniff, path, filename, media_type)
        return StoredFile(name, extension, found, PurePosixPath(filename.replace("\\", "/")).name[:200], size)

    async def _check_image(self, item: Input, stored: StoredFile) -> None:
        try:
            data = await asyncio.to_thread(self._objects.get, stored.object)
            await asyncio.to_thread(images.frames, data, stored.filename)
        except NodeError as error:
            message = f"{item.public_name!r} is not an image that can be used: {error}"
            raise _invalid(item, "invalid_image", message, hint=error.hint) from error


def sniff(path: Path, filename: str, media_type: str) -> tuple[str, str]:
    """The extension (with its dot) and media type of a file: by its bytes, else by what the caller said."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    try:
        best = puremagic.magic_string(head)[0]
    except (puremagic.PureError, ValueError, IndexError):
        best = None
    if best and best.mime_type and best.confidence >= 0.4:
        extension = mimetypes.guess_extension(best.mime_type) or best.extension
        return extension or ".bin", best.mime_type
    extension = PurePosixPath(filename).suffix.lower()
    if not re.fullmatch(r"\.\w{1,12}", extension):
        extension = mimetypes.guess_extension(media_type) or ".bin"
    return extension, media_type or mimetypes.guess_type(f"x{extension}")[0] or "application/octet-stream"


def as_json(stored: StoredFile) -> dict[str, Any]:
    """A stored file as a run's row keeps it."""
    return asdict(stored)


def as_given(entry: Mapping[str, Any]) -> Any:
    """An input of a row as it was given: files by what is stored of them."""
    if "files" not in entry:
        return entry["value"]
    files = [StoredFile(**file) for file in entry["files"]]
    return files if isinstance(entry["value"], list) else files[0]


def _decoded(item: Input, url: str) -> tuple[bytes, str]:
    match = _DATA_URL.match(url)
    if match is None:
        raise _invalid(item, "invalid_type", f"{item.public_name!r} is not a valid data: URL.")
    payload = url[match.end() :]
    try:
        if match["parameters"].lower().endswith(";base64"):
            return base64.b64decode(unquote(payload), validate=True), match["type"].lower()
    except (binascii.Error, ValueError) as error:
        raise _invalid(
            item, "invalid_type", f"{item.public_name!r} holds base64 that can't be read: {error}."
        ) from error
    return unquote_to_bytes(payload), match["type"].lower()


def _invalid(item: Input, reason: str, message: str, **details: Any) -> InvalidInputs:
    return InvalidInputs(message, field=item.public_name, reason=reason, **details)
