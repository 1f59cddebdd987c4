"""The WebSocket: a client hears of the queue, and of its own prompts."""

import asyncio

import orjson
import uuid_utils
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from flowscale_runtime.gateway.comfyui.features import features
from flowscale_runtime.gateway.comfyui.hub import Hub
from flowscale_runtime.gateway.comfyui.service import caller
from flowscale_runtime.gateway.comfyui.session import Session
from flowscale_runtime.gateway.errors import ApiError

NO_KEY = 4401


async def connect(websocket: WebSocket) -> None:
    """One client, until it leaves."""
    try:
        comfy, _ = await caller(websocket)
    except ApiError as error:
        await websocket.accept()
        await websocket.close(NO_KEY, error.message[:100])
        return
    await websocket.accept()
    session = Session(websocket.query_params.get("clientId") or uuid_utils.uuid4().hex)
    comfy.hub.join(session)
    tasks = [
        asyncio.create_task(session.deliver(websocket)),
        asyncio.create_task(listen(websocket, session, comfy.hub)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        comfy.hub.leave(session)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def listen(websocket: WebSocket, session: Session, hub: Hub) -> None:
    """What the client says: only its first message, its features, matters."""
    first = True
    try:
        while (message := await websocket.receive())["type"] == "websocket.receive":
            if first and (flags := announced(message.get("text"))) is not None:
                session.flags = flags
                session.send("feature_flags", features())
            first = False
    except WebSocketDisconnect:
        return


def announced(text: str | None) -> dict[str, object] | None:
    """The features that a message announces, if that is what it is."""
    try:
        message = orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        return None
    if isinstance(message, dict) and message.get("type") == "feature_flags":
        flags = message.get("data")
        return flags if isinstance(flags, dict) else {}
    return None


routes = (WebSocketRoute("/ws", connect),)
