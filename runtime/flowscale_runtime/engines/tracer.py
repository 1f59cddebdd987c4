"""Tells a worker what every node does, in order: for clients that draw the graph while it runs."""

import time
from collections.abc import Mapping
from threading import Event, Lock, Thread
from typing import Any

from flowscale_runtime.engines.teller import Send, Teller
from flowscale_runtime.graph.definitions import jsonable
from flowscale_runtime.graph.failures import NodeFailure

GATHER = 0.004  # seconds in which events are gathered into one message
STEP = 0.05  # seconds between two steps of one node


class Tracer(Teller):
    """A listener that tells nodes too. Events are lists: what happened, the node, and what else there is to say.

    A message goes out at once when none went shortly before; a thread sends what is left, so that the start of a node
    that computes for long is told.
    """

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self.shown: dict[str, Any] = {}
        self.ran: list[str] = []
        self.expanded: dict[str, tuple[str, str | None]] = {}
        self._known: set[str] = set()
        self._begun: set[str] = set()
        self._pending: list[list[Any]] = []
        self._sent, self._stepped = 0.0, 0.0
        self._lock, self._wake, self._closed = Lock(), Event(), False
        self._thread = Thread(target=self._flush_late, daemon=True)
        self._thread.start()

    def started(self, total: int, cached: tuple[str, ...]) -> None:
        """What is known already."""
        super().started(total, cached)
        self._known.update(cached)
        self._note(["cached", list(cached)])

    def node_started(self, node_id: str) -> None:
        """A node begins."""
        self._begun.add(node_id)
        self._note(["start", node_id])
        super().node_started(node_id)

    def node_progress(self, node_id: str, value: float, maximum: float) -> None:
        """A step of a node; the last one is always told."""
        now = time.monotonic()
        if value >= maximum or now - self._stepped >= STEP:
            self._stepped = now
            self._note(["progress", node_id, value, maximum])
        super().node_progress(node_id, value, maximum)

    def node_preview(self, node_id: str, image: Any) -> None:
        """A picture, after the step that it belongs to."""
        self._flush()
        super().node_preview(node_id, image)

    def node_finished(self, node_id: str, ui: Mapping[str, Any] | None, seconds: float) -> None:
        """A node is done, or its result was known."""
        super().node_finished(node_id, ui, seconds)
        ran = node_id in self._begun
        shown = None if ui is None else jsonable(ui)
        if shown is not None:
            self.shown[node_id] = shown
        if ran:
            self.ran.append(node_id)
        if ran or shown is not None or node_id not in self._known:
            self._note(["done", node_id, shown, ran])

    def node_expanded(self, node_id: str, children: Mapping[str, str]) -> None:
        """A node became a graph."""
        self.expanded |= {child: (display, node_id) for child, display in children.items()}
        self._note(["expand", node_id, dict(children)])

    def node_blocked(self, node_id: str, message: str) -> None:
        """A node was skipped for a reason."""
        self._note(["blocked", node_id, message])

    def node_message(self, node_id: str, kind: str, data: Any) -> None:
        """A pack speaks to its scripts."""
        self._note(["message", node_id, kind, jsonable(data)])

    def failed(self, failure: NodeFailure) -> dict[str, Any]:
        """Tells why the run failed; answers with what was told."""
        told: dict[str, Any] = {
            "node_id": failure.node_id,
            "node_type": failure.class_type,
            "exception_message": failure.message,
            "exception_type": failure.exception_type,
            "traceback": failure.traceback,
            "current_inputs": failure.inputs,
        }
        self._note(["failed", failure.node_id, told])
        return told

    def close(self) -> None:
        """Sends what is left and ends the thread."""
        self._closed = True
        self._wake.set()
        self._thread.join()
        self._flush()

    def _note(self, event: list[Any]) -> None:
        with self._lock:
            self._pending.append(event)
        if time.monotonic() - self._sent >= GATHER:
            self._flush()
        elif not self._wake.is_set():
            self._wake.set()

    def _flush(self) -> None:
        with self._lock:
            if self._pending:
                events, self._pending = self._pending, []
                self._sent = time.monotonic()
                self._send({"type": "nodes", "events": events}, b"")

    def _flush_late(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._wake.clear()
            time.sleep(GATHER)
            self._flush()
