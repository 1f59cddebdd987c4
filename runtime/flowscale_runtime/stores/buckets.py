"""Objects in a bucket (S3, Google, Azure), with a folder of this machine for those used last.

An object is read through the folder: whoever needs a file gets one, and the second time it is there. Large files go and
come in parts.
"""

import hashlib
import logging
import os
import tempfile
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from flowscale_runtime.stores.errors import NotFound, Unavailable
from flowscale_runtime.stores.objects import SHOWN, check_name, sha256_of

log = logging.getLogger(__name__)
CACHE = 20 << 30  # bytes
SPARED = 600.0  # seconds that a file stays after it was last asked for, however full the folder is
RENEWED = 1800.0  # seconds: what was stored longer ago is stored again, so that its hour of grace begins anew
PART = 8 << 20  # bytes
RETRY: Any = {"max_retries": 8, "retry_timeout": timedelta(seconds=30)}


class BucketObjects:
    """Objects under a prefix of a bucket. `url` is s3://bucket/prefix, gs:// or az://; credentials and the endpoint
    come from the usual variables."""

    instant = False

    def __init__(self, url: str, cache: Path, size: int = CACHE) -> None:
        self._store = open_bucket(url)
        self._cache, self._aside, self._size = cache, cache / "incoming", size
        self._aside.mkdir(parents=True, exist_ok=True)
        self._held = sum(path.stat().st_size for path in self._files())

    def put(self, data: bytes) -> str:
        """Stores bytes; the same bytes again cost one look."""
        with self.incoming() as aside:
            aside.write(data)
        return self.put_file(Path(aside.name), hashlib.sha256(data).hexdigest())

    def put_file(self, path: Path, name: str | None = None, content_type: str = "") -> str:
        """Takes a file over; `name` where the caller has hashed it. Whoever gets it from the bucket itself is told its type,
        where a browser only shows it."""
        name = name or sha256_of(path)
        if not self._is_new(name):
            with translated(name):
                obstore.put(
                    self._store, key_of(name), path, chunk_size=PART, attributes=_attributes(content_type)
                )
        self._keep(path, name)
        return name

    def _is_new(self, name: str) -> bool:
        """Whether the object is there, and so new that nobody takes it for forgotten meanwhile."""
        try:
            return self.touched(name) > time.time() - RENEWED
        except NotFound:
            return False

    def touched(self, name: str) -> float:
        """When the object was stored last, in seconds since the epoch. Raises NotFound."""
        with translated(name):
            found: Any = obstore.head(self._store, key_of(name))["last_modified"]
        return float(found.timestamp())

    def incoming(self) -> "tempfile._TemporaryFileWrapper[bytes]":
        """A new file of this machine, to be handed to `put_file`."""
        return tempfile.NamedTemporaryFile(dir=self._aside, delete=False)

    def get(self, name: str) -> bytes:
        """All bytes of an object. Raises NotFound."""
        return self.path(name).read_bytes()

    def path(self, name: str) -> Path:
        """A file with the object, to be read only and soon. Raises NotFound."""
        if not self._kept(name):
            self._fetch(name)
        return self._file(name)

    def exists(self, name: str) -> bool:
        """Whether the object is there."""
        try:
            with translated(name):
                obstore.head(self._store, key_of(name))
        except NotFound:
            return False
        return True

    def delete(self, name: str) -> None:
        """Removes an object; without effect where there is none."""
        with suppress(NotFound), translated(name):
            obstore.delete(self._store, key_of(name))
        self._drop(self._file(name))

    def _fetch(self, name: str) -> None:
        hashed = hashlib.sha256()
        with self.incoming() as aside, translated(name):
            for chunk in obstore.get(self._store, key_of(name)).stream(min_chunk_size=PART):
                hashed.update(chunk)
                aside.write(chunk)
        if hashed.hexdigest() != name:
            Path(aside.name).unlink()
            raise Unavailable(f"object {name} arrived damaged")
        self._keep(Path(aside.name), name)

    def _kept(self, name: str) -> bool:
        """Whether the folder has it; then it counts as just used."""
        try:
            os.utime(self._file(name))
        except FileNotFoundError:
            return False
        return True

    def _keep(self, path: Path, name: str) -> None:
        target = self._file(name)
        target.parent.mkdir(exist_ok=True)
        self._held += path.stat().st_size
        os.replace(path, target)  # noqa: PTH105  the name is the content
        if self._held > self._size:
            self._evict()

    def _evict(self) -> None:
        """Removes what was used the longest ago until a tenth of the folder is free."""
        files = sorted((path.stat().st_mtime, path) for path in self._files())
        self._held = sum(path.stat().st_size for _, path in files)
        for used, path in files:
            if self._held <= self._size * 0.9 or used > time.time() - SPARED:
                return
            self._drop(path)

    def _drop(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            self._held -= path.stat().st_size
            path.unlink()

    def _files(self) -> list[Path]:
        return [path for path in self._cache.glob("??/*") if path.is_file()]

    def _file(self, name: str) -> Path:
        return self._cache / check_name(name)[:2] / name


def open_bucket(url: str, **options: Any) -> Any:
    """The bucket of an address, reached as the usual variables say."""
    client: Any = {"timeout": timedelta(minutes=5), "connect_timeout": timedelta(seconds=5)}
    if os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true":
        client["allow_http"] = True
    return from_url(url, client_options=client, retry_config=RETRY, **options)


def key_of(name: str) -> str:
    """Where an object lies in the bucket."""
    return f"{check_name(name)[:2]}/{name}"


def _attributes(content_type: str) -> Any:
    return {"Content-Type": content_type if content_type.startswith(SHOWN) else "application/octet-stream"}


class translated:  # noqa: N801  used as a statement
    """Turns the library's errors into ours."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FileNotFoundError):
            raise NotFound(f"no object {self._name}") from error
        if isinstance(error, BaseError):
            raise Unavailable(f"the object store doesn't answer: {str(error).splitlines()[0]}") from error
