"""Tells a worker how a run goes: progress of the whole in per cent and previews, at a rate that a reader can take."""

import io
import time
from collections.abc import Callable, Mapping
from typing import Any

Send = Callable[[dict[str, Any], bytes], None]
EVERY = 0.05  # seconds between two messages of progress


class Teller:
    """A listener of the graph executor."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._total, self._last = 1, 0.0
        self._done: set[str] = set()
        self.finished: Callable[[str, float], None] | None = None
        """Is told of each node that ends, and its seconds."""

    def started(self, total: int, cached: tuple[str, ...]) -> None:
        """Progress counts from what is known already."""
        self._total, self._done = max(total, 1), set(cached)

    def node_started(self, node_id: str) -> None:
        """A node begins."""
        self._tell(node_id, 0.0)

    def node_progress(self, node_id: str, value: float, maximum: float) -> None:
        """A node is at a part of its work."""
        self._tell(node_id, value / maximum if maximum else 0.0)

    def node_preview(self, node_id: str, image: Any) -> None:
        """A node shows what it has so far."""
        data, media_type = encoded(image)
        self._send({"type": "preview", "node_id": node_id, "content_type": media_type}, data)

    def node_finished(self, node_id: str, ui: Mapping[str, Any] | None, seconds: float) -> None:
        """A node is done."""
        self._done.add(node_id)
        if self.finished:
            self.finished(node_id, seconds)

    def _tell(self, node_id: str, share: float) -> None:
        now = time.monotonic()
        if now - self._last < EVERY:
            return
        self._last = now
        percent = min(100.0 * (len(self._done) + share) / self._total, 99.9)
        self._send({"type": "progress", "percent": round(percent, 1), "node_id": node_id}, b"")


def encoded(image: Any) -> tuple[bytes, str]:
    """A preview as JPEG: from a PIL image, a tensor `[B,H,W,C]` or `[H,W,C]` of floats 0..1, or encoded bytes."""
    if isinstance(image, bytes):
        return image, "image/png" if image.startswith(b"\x89PNG") else "image/jpeg"
    if isinstance(image, tuple):  # ComfyUI's form: (format, PIL image, longest edge)
        image = image[1]
    if not hasattr(image, "save"):
        image = _from_tensor(image)
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=80)
    return buffer.getvalue(), "image/jpeg"


def _from_tensor(tensor: Any) -> Any:
    from PIL import Image  # only runs that preview need it

    pixels = tensor[0] if tensor.ndim == 4 else tensor
    return Image.fromarray((pixels.clamp(0, 1) * 255).byte().cpu().numpy())
