"""Messages arrive at real sinks: an HTTP server and a mail server of this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from flowscale_jobs.notifications import service, tell

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
KNOWN = {"promotion": "release", "stage": "production", "step": "golden", "detail": "the picture differs"}


@pytest.fixture
def web() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    heard: list[dict[str, Any]] = []

    class Sink(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append({"path": self.path, "body": json.loads(content)})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Sink)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self.mails.append(envelope)
        return "250 OK"


def test_a_web_address_gets_json(web: tuple[str, list[dict[str, Any]]]) -> None:
    url, heard = web
    assert tell([f"{url}/hook"], "promotion.failed", KNOWN) == []
    (message,) = heard
    assert message["path"] == "/hook"
    assert message["body"]["title"] == "release failed at production"
    assert "golden: the picture differs" in message["body"]["message"]


def test_a_person_gets_mail(free_port: Any) -> None:
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        assert tell(["ops@example.com"], "promotion.failed", KNOWN, f"smtp://127.0.0.1:{port}") == []
    finally:
        controller.stop()
    (mail,) = mailbox.mails
    assert mail.rcpt_tos == ["ops@example.com"]
    assert b"Subject: release failed at production" in mail.content


@pytest.mark.parametrize(
    ("address", "becomes"),
    [
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"),
        ("https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"),
        ("https://example.com/hook", "jsons://example.com/hook"),
        ("http://example.com/hook", "json://example.com/hook"),
    ],
)  # fmt: skip
def test_chats_are_known_by_their_addresses_and_others_get_json(address: str, becomes: str) -> None:
    assert service(address, None) == becomes


def test_an_address_that_cant_be_told_is_named(free_port: Any) -> None:
    dead = f"http://127.0.0.1:{free_port()}/hook"
    assert tell([dead], "promotion.failed", KNOWN) == [dead]
