"""A bucket that callers reach themselves: presigned addresses of objects, and places where uploads wait to be looked at.

What a caller sends lies under a name of its own until a gateway has read it: the address by which it came stays good for a
while, so nobody else may ever be given what lies there.
"""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import obstore
import orjson

from flowscale_runtime.stores.buckets import PART, key_of, open_bucket, translated
from flowscale_runtime.stores.errors import NotFound

LINKED = timedelta(minutes=15)  # how long an address of an object is good
PLACED = timedelta(hours=24)  # how long an upload may take to begin
KEPT = 2 * 24 * 3600  # seconds that an upload waits for its end
LARGEST = 5 << 30  # bytes that a bucket takes at once
PLACES = "uploads"


class Direct:
    """The bucket at `url`, which callers reach by `endpoint` ("": as this process does). Raises ValueError where its provider
    can't sign, or isn't reached by an endpoint."""

    def __init__(self, url: str, endpoint: str = "") -> None:
        if not url.startswith(("s3://", "s3a://", "gs://", "az://", "azure://", "abfs://", "abfss://")):
            raise ValueError(f"{url.partition(':')[0]!r} isn't a bucket that callers could reach")
        if endpoint and not url.startswith("s3"):
            raise ValueError("callers reach a bucket by an endpoint of its own with S3 alone")
        if endpoint and urlsplit(endpoint).scheme not in {"http", "https"}:
            raise ValueError(f"{endpoint!r} isn't the address of an endpoint")
        self._inside = open_bucket(url)
        self._outside = open_bucket(url, endpoint=endpoint) if endpoint else self._inside

    async def size(self, name: str) -> int:
        """The bytes of an object. Raises NotFound."""
        return await self._size(key_of(name))

    async def link(self, name: str, method: Any = "GET") -> str:
        """An address at which anybody gets an object for a quarter of an hour."""
        with translated(name):
            return await obstore.sign_async(self._outside, method, key_of(name), LINKED)

    async def place(self, upload: str) -> str:
        """An address to which the bytes of an upload may be PUT for a day."""
        with translated(upload):
            return await obstore.sign_async(self._outside, "PUT", _place(upload), PLACED)

    async def arrived(self, upload: str) -> int:
        """The bytes that lie at a place. Raises NotFound."""
        return await self._size(_place(upload))

    async def read(self, upload: str) -> AsyncIterator[bytes]:
        """What lies there, piece by piece."""
        with translated(upload):
            found = await obstore.get_async(self._inside, _place(upload))
            async for chunk in found.stream(min_chunk_size=PART):
                yield bytes(chunk)

    async def note(self, upload: str, answer: dict[str, Any]) -> None:
        """Keeps what was answered at the end, for every gateway, in the place of the bytes."""
        with translated(upload):
            await obstore.put_async(self._inside, _answer(upload), orjson.dumps(answer))
        await self.drop(upload)

    async def answer(self, upload: str) -> dict[str, Any] | None:
        """What was answered at the end; None before."""
        try:
            with translated(upload):
                found = await obstore.get_async(self._inside, _answer(upload))
                return dict(orjson.loads(bytes(await found.bytes_async())))
        except NotFound:
            return None

    async def drop(self, upload: str) -> None:
        """Forgets what lies at a place."""
        with translated(upload):
            await obstore.delete_async(self._inside, _place(upload))

    async def sweep(self) -> None:
        """Removes what nobody went on with."""
        with translated(PLACES):
            async for found in obstore.list(self._inside, prefix=f"{PLACES}/"):
                old = [each["path"] for each in found if _age(each) > KEPT]
                if old:
                    await obstore.delete_async(self._inside, old)

    async def _size(self, key: str) -> int:
        with translated(key):
            return int((await obstore.head_async(self._inside, key))["size"])


def _age(found: Any) -> float:
    return time.time() - float(found["last_modified"].timestamp())


def _place(upload: str) -> str:
    return f"{PLACES}/{upload}"


def _answer(upload: str) -> str:
    return f"{PLACES}/{upload}.json"
