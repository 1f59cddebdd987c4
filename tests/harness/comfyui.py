"""A stand-in for a ComfyUI server, for what a real one does seldom: it restarts and forgets, refuses, drops clients.

It computes nothing: a prompt runs until the test says how it ends.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket


@dataclass
class StandIn:
    """What the server knows, and what a test has it do."""

    url: str = ""
    prompts: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: dict[str, dict[str, Any]] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)
    busy: int = 0
    """How many prompts are refused with 503 before one is taken."""
    silent: int = 0
    """How many prompts are taken without the client hearing of it."""
    waiting: int = 0
    """Prompts of others in the queue."""
    outputs: dict[str, Any] = field(default_factory=dict)
    invalid: dict[str, Any] | None = None
    sockets: dict[str, WebSocket] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def restart(self) -> None:
        """Forgets every prompt and closes every connection, as a process that starts anew."""
        self.prompts.clear()
        self.history.clear()
        await self.drop()

    async def drop(self) -> None:
        """Closes every connection."""
        for socket in list(self.sockets.values()):
            await socket.close()
        self.sockets.clear()

    async def given(self, posts: int) -> str:
        """The prompt, once it was posted so many times."""
        async with asyncio.timeout(10):
            while len(self.posted) < posts:
                self.changed.clear()
                await self.changed.wait()
        return self.posted[-1]

    async def end(self, prompt_id: str, *messages: tuple[str, dict[str, Any]], tell: bool = True) -> None:
        """Ends a prompt as the last message says."""
        told = [(kind, {"prompt_id": prompt_id, **data}) for kind, data in messages]
        state = "success" if told[-1][0] == "execution_success" else "error"
        self.prompts.pop(prompt_id, None)
        self.history[prompt_id] = {
            "outputs": self.outputs,
            "status": {"status_str": state, "completed": state == "success", "messages": told},
        }
        if tell:
            await self.say(prompt_id, "executing", node=None)

    async def say(self, prompt_id: str, kind: str, **data: Any) -> None:
        """Tells whoever posted a prompt something of it."""
        message = {"type": kind, "data": {"prompt_id": prompt_id, **data}}
        await self.sockets[prompt_id].send_text(json.dumps(message))

    async def answer_remaining(self, request: Request) -> Response:
        return JSONResponse({"exec_info": {"queue_remaining": len(self.prompts) + self.waiting}})

    async def answer_stats(self, request: Request) -> Response:
        return JSONResponse({"system": {"comfyui_version": "0.0.0"}})

    async def answer_prompt(self, request: Request) -> Response:
        if self.busy:
            self.busy -= 1
            return Response(status_code=503)
        if self.invalid:
            return JSONResponse(self.invalid, 400)
        body = await request.json()
        self.prompts[body["prompt_id"]] = body
        self.posted.append(body["prompt_id"])
        self.changed.set()
        if self.silent:
            self.silent -= 1
            return Response(status_code=502)
        return JSONResponse({"prompt_id": body["prompt_id"], "number": 1, "node_errors": {}})

    async def answer_history(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        return JSONResponse({wanted: self.history[wanted]} if wanted in self.history else {})

    async def answer_queue(self, request: Request) -> Response:
        running = [[1, one, {}, {}, []] for one in self.prompts]
        return JSONResponse({"queue_running": running, "queue_pending": []})

    async def answer_interrupt(self, request: Request) -> Response:
        wanted = (await request.json())["prompt_id"]
        await self.end(wanted, ("execution_interrupted", {"node_id": "1"}))
        return Response()

    async def answer_view(self, request: Request) -> Response:
        return Response(f"the bytes of {request.query_params['filename']}")

    async def answer_socket(self, socket: WebSocket) -> None:
        await socket.accept()
        client = socket.query_params["clientId"]
        self.sockets[client] = socket
        async for _ in socket.iter_text():
            pass
        if self.sockets.get(client) is socket:
            del self.sockets[client]

    def application(self) -> Starlette:
        """What it answers."""
        return Starlette(
            routes=[
                Route("/system_stats", self.answer_stats),
                Route("/prompt", self.answer_remaining),
                Route("/prompt", self.answer_prompt, methods=["POST"]),
                Route("/history/{id}", self.answer_history),
                Route("/queue", self.answer_queue),
                Route("/interrupt", self.answer_interrupt, methods=["POST"]),
                Route("/view", self.answer_view),
                WebSocketRoute("/ws", self.answer_socket),
            ]
        )


@asynccontextmanager
async def running() -> AsyncIterator[StandIn]:
    """A stand-in that listens until the block ends."""
    there = StandIn()
    config = uvicorn.Config(there.application(), port=0, log_config=None, lifespan="off")
    server, place = uvicorn.Server(config), config.bind_socket()
    there.url = f"http://127.0.0.1:{place.getsockname()[1]}"
    serving = asyncio.create_task(server.serve(sockets=[place]))
    try:
        yield there
    finally:
        await there.drop()
        server.should_exit = True
        await serving
        place.close()
