"""A web server of files, with the faults that downloads meet, and a store over an empty cache."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flowscale_runtime.models.cache import Cache
from flowscale_runtime.models.store import ModelStore
from flowscale_runtime.secrets import Secrets


@dataclass
class Site:
    """What a server has, and how it behaves. `asked` are the requests: path, range, authorization."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    token: str | None = None
    redirects: dict[str, str] = field(default_factory=dict)
    breaks: int = 0
    """Answers that still break off after half of their bytes."""
    page: bool = False
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    url: str = ""

    def parts(self) -> list[str]:
        """The ranges that were asked for, without the first look."""
        return [found for _, found, _ in self.asked if found and found != "bytes=0-0"]


class Handler(BaseHTTPRequestHandler):
    """Answers as its site says."""

    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        site = self.site
        wanted = self.headers.get("range")
        site.asked.append((self.path, wanted, self.headers.get("authorization")))
        if self.path in site.redirects:
            self._reply(302, b"", {"location": site.redirects[self.path]})
        elif site.token and self.headers.get("authorization") != f"Bearer {site.token}":
            self._reply(401, b"who are you?")
        elif site.page:
            self._reply(200, b"<html>log in</html>", {"content-type": "text/html; charset=utf-8"})
        elif self.path not in site.files:
            self._reply(404, b"nothing")
        else:
            self._give(site.files[self.path], wanted)

    def _give(self, data: bytes, wanted: str | None) -> None:
        headers = {"etag": f'"{hash(data)}"'}
        if wanted and self.site.ranges:
            first, last = wanted.removeprefix("bytes=").split("-")
            part = data[int(first) : int(last) + 1]
            self._reply(206, part, headers | {"content-range": f"bytes {first}-{last}/{len(data)}"})
        else:
            self._reply(200, data, headers)

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if len(body) > 1 and status in (200, 206) and self.site.breaks > 0:
            self.site.breaks -= 1
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self.wfile.write(body)


@pytest.fixture
def site() -> Iterator[Site]:
    """A server on a port of this machine."""
    made = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Handler,), {"site": made}))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelStore]:
    """A store that has nothing yet; parts are a kilobyte, and nobody waits between tries."""
    monkeypatch.setattr("flowscale_runtime.models.fetching.PART", 1024)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr("flowscale_runtime.models.cache.FREE", 0)
    made = ModelStore(Cache(tmp_path / "cache"), Secrets(tmp_path / "secrets", {}), {})
    yield made
    made.cache.close()
