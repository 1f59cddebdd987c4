"""ComfyUI's `server`: what packs register at `PromptServer.instance`.

Nodes run apart from the web server. Routes and handlers of prompts are taken and named once in the log, as nothing
calls them here; messages of a running node reach its clients.
"""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from flowscale_runtime.graph import current

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)
Handler = TypeVar("Handler", bound="Callable[..., Any]")


class Routes:
    """A table of routes, as aiohttp's: decorators that keep what they decorate."""

    def __init__(self) -> None:
        self.known: list[tuple[str, str, Any]] = []

    def __getattr__(self, method: str) -> Callable[..., Callable[[Handler], Handler]]:
        if method.startswith("_"):
            raise AttributeError(method)

        def register(path: str, **options: Any) -> Callable[[Handler], Handler]:
            def keep(handler: Handler) -> Handler:
                self.known.append((method.upper(), path, handler))
                log.warning(
                    "%s %s of a pack isn't served here: its nodes work without it", method.upper(), path
                )
                return handler

            return keep

        return register


class PromptServer:
    """The server as packs see it."""

    instance: PromptServer

    def __init__(self) -> None:
        self.routes = Routes()
        self.app = SimpleNamespace(router=self.routes, add_routes=lambda routes: None)
        self.client_id: str | None = None
        self.last_node_id: str | None = None
        self.last_prompt_id: str | None = None
        self.supports = ["custom_nodes_from_web"]
        self.on_prompt_handlers: list[Callable[..., Any]] = []
        self.prompt_queue = SimpleNamespace(currently_running={}, get_tasks_remaining=lambda: 0)

    def send_sync(self, event: str, data: Any, sid: str | None = None) -> None:
        """Tells the clients of the running node something; outside of a run nobody listens."""
        current().message(event, data)

    def send_progress_text(self, text: str | bytes, node_id: str, sid: str | None = None) -> None:
        """Shows text at a node."""
        shown = text.decode() if isinstance(text, bytes) else text
        self.send_sync("progress_text", {"node": node_id, "text": shown})

    def add_on_prompt_handler(self, handler: Callable[..., Any]) -> None:
        """Keeps a function that would change prompts; prompts are checked before nodes are there, so nothing calls it."""
        self.on_prompt_handlers.append(handler)
        log.warning("a pack wants to change prompts before they run, which isn't done here")


PromptServer.instance = PromptServer()
