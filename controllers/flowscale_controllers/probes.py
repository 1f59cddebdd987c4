"""What a kubelet and Prometheus ask of the controllers: /healthz, /readyz and /metrics."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from prometheus_client import generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowscale_controllers.loops.metrics import Metrics


class Probes:
    """A small server on a thread, for as long as the block lasts. `ready` says whether the cluster is known."""

    def __init__(self, port: int, metrics: Metrics, ready: Callable[[], bool]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = 200, b"ok\n"
                if self.path == "/metrics":
                    body = generate_latest(metrics.registry)
                elif self.path == "/readyz" and not ready():
                    status, body = 503, b"the cluster isn't known yet\n"
                elif self.path not in {"/healthz", "/readyz"}:
                    status, body = 404, b"there are /healthz, /readyz and /metrics\n"
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                """Probes aren't worth a line."""

        self._server = ThreadingHTTPServer(("0.0.0.0", port), Handler)  # noqa: S104 - a pod's kubelet asks from outside

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
