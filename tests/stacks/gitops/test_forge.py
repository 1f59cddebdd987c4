"""Commit statuses as each forge wants them, and a real request to a server of this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from flowscale_stacks.gitops.forge import forge_of, located
from flowscale_stacks.gitops.status import Status

COMMIT = "c" * 40
FAILED = Status(state="failed", commit=COMMIT, message="no\nroom " + "x" * 200, at=0)


@pytest.mark.parametrize(
    ("url", "host", "repository"),
    [
        ("https://example.com/studio/specs.git", "example.com", "studio/specs"),
        ("ssh://git@example.com:22/studio/specs", "example.com", "studio/specs"),
        ("git@example.com:studio/specs.git", "example.com", "studio/specs"),
    ],
)
def test_a_repository_is_found_in_its_address(url: str, host: str, repository: str) -> None:
    assert located(url) == (host, repository)


@pytest.mark.parametrize(
    ("kind", "address", "header", "state"),
    [
        ("github", f"https://api.github.com/repos/a/b/statuses/{COMMIT}", "Authorization", "failure"),
        ("gitlab", f"https://h.org/api/v4/projects/a%2Fb/statuses/{COMMIT}", "PRIVATE-TOKEN", "failed"),
        ("gitea", f"https://h.org/api/v1/repos/a/b/statuses/{COMMIT}", "Authorization", "failure"),
    ],
)
def test_each_forge_has_its_own_address_and_words(kind: Any, address: str, header: str, state: str) -> None:
    forge = forge_of(kind, "https://h.org/a/b.git", "t0ken", "flowscale/production")
    asked, headers, body = forge.request(FAILED)
    assert asked == address
    assert "t0ken" in headers[header]
    assert body["state"] == state
    assert body["description"].startswith("no room x")
    assert len(body["description"]) == 140
    assert "t0ken" not in repr(forge)


def test_a_status_arrives() -> None:
    got: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, json.loads(body)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        api = f"http://127.0.0.1:{server.server_port}"
        forge_of("gitea", "https://h.org/a/b.git", "t", "flowscale", api).hear(FAILED)
        thread.join()
    assert got[0][0] == f"/repos/a/b/statuses/{COMMIT}"
    assert got[0][1]["state"] == "failure"


def test_a_forge_that_is_down_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    forge_of("github", "https://h.org/a/b", "t", "flowscale", "http://127.0.0.1:9").hear(FAILED)
    assert "did not take the status of cccccccccccc" in capsys.readouterr().err
