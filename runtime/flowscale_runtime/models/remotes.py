"""Places that are read in parts: an address of the web, an object of a bucket."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import httpx
import obstore
from obstore.exceptions import BaseError, GenericError, PermissionDeniedError, UnauthenticatedError
from obstore.store import from_url

from flowscale_runtime.models.errors import AccessRefused, ModelMissing, ModelUnreachable, SourceWrong

TIMEOUT = httpx.Timeout(60.0, connect=15.0)
BLOCK = 1 << 20  # bytes
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a place says of a file. `tag` changes with its bytes, `parts` is whether it can be read in parts."""

    size: int | None
    tag: str
    parts: bool


class Remote(Protocol):
    """A file somewhere else. Every method may raise a ModelError."""

    def facts(self) -> Facts: ...

    def read(self, start: int, stop: int | None) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class WebFile:
    """A file behind an address; redirections are followed, and a token goes to the first host alone."""

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        if token and parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise SourceWrong(f"a token for {url} would travel in clear: use https")
        headers = {"accept-encoding": "identity"} | ({"authorization": f"Bearer {token}"} if token else {})
        self._url = url
        self._client = httpx.Client(headers=headers, timeout=TIMEOUT, follow_redirects=True)

    def facts(self) -> Facts:
        """Asks for the first byte: a server that gives just that can give any part."""
        with self._answer({"range": "bytes=0-0"}) as answer:
            parts = answer.status_code == 206
            size = answer.headers.get("content-range", "").rpartition("/")[2] if parts else _length(answer)
            tag = answer.headers.get("etag") or answer.headers.get("last-modified", "")
            return Facts(int(size) if size.isdigit() else None, tag, parts)

    def read(self, start: int, stop: int | None) -> Iterator[bytes]:
        """Bytes from `start` to before `stop`; all of them where `stop` is None."""
        headers = {} if stop is None else {"range": f"bytes={start}-{stop - 1}"}
        with self._answer(headers) as answer:
            if stop is not None and answer.status_code != 206:
                raise ModelUnreachable(f"{self._url} gave the whole file where a part was asked for")
            try:
                yield from answer.iter_raw(BLOCK)
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error

    def close(self) -> None:
        """Closes connections."""
        self._client.close()

    @contextmanager
    def _answer(self, headers: dict[str, str]) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("GET", self._url, headers=headers) as answer:
                self._check(answer)
                yield answer
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error

    def _check(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status in (401, 403):
            raise AccessRefused(
                f"{self._url} answers {status}: it wants a token, or the one it got has no right to the file; "
                "declare `token: {secret: name/key}` with the model"
            )
        if status in (404, 410):
            raise ModelMissing(f"there is nothing at {self._url} (it answers {status})")
        if status >= 400:
            raise ModelUnreachable(f"{self._url} answers {status}")
        if answer.headers.get("content-type", "").startswith("text/html"):
            raise AccessRefused(
                f"{self._url} answers with a web page, not with a file: it may want a token "
                "(`token: {secret: name/key}`), or the address is that of a page about the model"
            )

    def _unreachable(self, error: Exception) -> ModelUnreachable:
        return ModelUnreachable(f"{self._url} can't be read: {error or type(error).__name__}")


def _length(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-length", ""))


class BucketFile:
    """An object of a bucket."""

    def __init__(self, url: str, *, insecure: bool = False) -> None:
        parts = urlsplit(url)
        options: Any = {"timeout": timedelta(minutes=5), "connect_timeout": timedelta(seconds=15)}
        if insecure:
            options["allow_http"] = True
        self._url, self._key = url, parts.path.lstrip("/")
        if not parts.netloc or not self._key:
            raise SourceWrong(f"{url} names no object: write {parts.scheme}://bucket/path/file")
        try:
            self._store = from_url(f"{parts.scheme}://{parts.netloc}", client_options=options)
        except (BaseError, ValueError) as error:
            raise SourceWrong(f"{url} is no object of a bucket: {error}") from error

    def facts(self) -> Facts:
        """What the bucket's list says."""
        with self._translated():
            found = obstore.head(self._store, self._key)
        return Facts(found["size"], str(found["e_tag"] or found["last_modified"]), parts=True)

    def read(self, start: int, stop: int | None) -> Iterator[bytes]:
        """Bytes from `start` to before `stop`; all of them where `stop` is None."""
        with self._translated():
            if stop is None:
                yield from map(bytes, obstore.get(self._store, self._key).stream(min_chunk_size=BLOCK))
            else:
                yield bytes(obstore.get_range(self._store, self._key, start=start, end=stop))

    def close(self) -> None:
        """Nothing is open."""

    def _translated(self) -> "_Translated":
        return _Translated(self._url)


class _Translated:
    """Turns the library's errors into ours."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, FileNotFoundError):
            raise ModelMissing(f"there is nothing at {self._url}") from error
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            raise AccessRefused(f"{self._url} is refused: check the bucket's credentials") from error
        if isinstance(error, BaseError | GenericError):
            raise ModelUnreachable(f"{self._url} can't be read: {str(error).splitlines()[0]}") from error
