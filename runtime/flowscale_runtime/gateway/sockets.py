"""Following runs over a WebSocket: clients subscribe to runs and hear of each change, as fast as they can read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from flowscale_runtime.gateway import views
from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.errors import ApiError, BadRequest, Unauthenticated
from flowscale_runtime.gateway.events import payload, told
from flowscale_runtime.gateway.links import base_url
from flowscale_runtime.gateway.runs import find
from flowscale_runtime.gateway.state import State, state_of
from flowscale_runtime.stores import queries
from flowscale_runtime.stores.values import TERMINAL, Event

router = APIRouter()
MOST_RUNS = 1000  # that one connection may follow
WAITING = 64  # messages for a client that reads slowly; then its runs' progress is left out until it has read
LONGEST_SEND = 30.0  # seconds
LARGEST_MESSAGE = 64 << 10
NO_KEY, TOO_SLOW = 4401, 4408


@router.websocket("/ws")
async def connect(websocket: WebSocket) -> None:
    """One client, until it leaves."""
    state = state_of(websocket)
    await websocket.accept()
    try:
        principal = await state.gate.principal(websocket, state.served.catalog)
        principal.require("runs:read")
    except ApiError as error:
        await websocket.send_text(_text("error", _problem(error)))
        await websocket.close(NO_KEY if isinstance(error, Unauthenticated) else 4403, error.message[:100])
        return
    await Connection(websocket, state, principal).serve()


class Connection:
    """What one client follows. Each run is told by a task of its own into one bounded queue."""

    def __init__(self, websocket: WebSocket, state: State, principal: Principal) -> None:
        self._websocket, self._state, self._principal = websocket, state, principal
        self._queue: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self._followed: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Sends and receives until either side ends it."""
        sending = asyncio.create_task(self._send())
        receiving = asyncio.create_task(self._receive())
        try:
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks = [sending, receiving, *self._followed.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            message = await self._queue.get()
            try:
                async with asyncio.timeout(LONGEST_SEND):
                    await self._websocket.send_text(message)
            except TimeoutError:
                await self._websocket.close(TOO_SLOW, "too slow")
                return
            except WebSocketDisconnect:
                return

    async def _receive(self) -> None:
        try:
            while True:
                await self._obey(await self._websocket.receive_text())
        except WebSocketDisconnect:
            return

    async def _obey(self, text: str) -> None:
        try:
            action, run_id = _wanted(text)
            await getattr(self, f"_{action}")(run_id)
        except ApiError as error:
            await self._queue.put(_text("error", _problem(error)))

    async def _ping(self, run_id: str) -> None:
        await self._queue.put(_text("pong", {}))

    async def _subscribe(self, run_id: str) -> None:
        await find(self._state, self._principal, run_id)
        if run_id in self._followed:
            return
        if len(self._followed) >= MOST_RUNS:
            raise BadRequest(f"One connection may follow {MOST_RUNS} runs.", limit=MOST_RUNS)
        self._followed[run_id] = asyncio.create_task(self._follow(run_id))

    async def _unsubscribe(self, run_id: str) -> None:
        if task := self._followed.pop(run_id, None):
            task.cancel()

    async def _follow(self, run_id: str) -> None:
        try:
            async for message in self._messages(run_id):
                await self._queue.put(message)
        finally:
            self._followed.pop(run_id, None)

    async def _messages(self, run_id: str) -> AsyncIterator[str]:
        row = await find(self._state, self._principal, run_id)
        yield _text("run_status_update", await self._shown(run_id))
        if row.state in TERMINAL:
            return
        async for event in told(self._state, run_id, row.sequence, ended=False):
            if event.type in {"progress", "preview"}:
                yield _text("run_progress", self._progress(event))
            elif event.type != "output":
                yield _text("run_status_update", await self._shown(run_id))

    async def _shown(self, run_id: str) -> dict[str, Any]:
        row = await find(self._state, self._principal, run_id)
        outputs = (await self._state.database.read(queries.outputs, [run_id]))[run_id]
        live, base = self._state.bus.live(run_id), base_url(self._websocket)
        return views.run(row, outputs, live, self._state.links, base)

    def _progress(self, event: Event) -> dict[str, Any]:
        live = self._state.bus.live(event.run_id)
        data = {"status": "running", "progress": live.progress if live else 0.0, **payload(event)}
        if image := data.pop("image", None):
            data["preview"] = image
        return data


def _wanted(text: str) -> tuple[str, str]:
    """The action and the run of a client's message. Raises BadRequest."""
    if len(text) > LARGEST_MESSAGE:
        raise BadRequest("The message is too long.", limit=LARGEST_MESSAGE)
    try:
        message = orjson.loads(text)
        data = message["data"]
        action, run_id = data["action"], data.get("runId") or data.get("run_id") or ""
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError) as error:
        raise BadRequest(
            'Send {"type":"client_event","data":{"action":"subscribe","runId":"…"}}.', reason="malformed"
        ) from error
    if action not in {"subscribe", "unsubscribe", "ping"} or not isinstance(run_id, str):
        raise BadRequest(
            "action must be subscribe, unsubscribe or ping, and runId a run's id.", reason="unknown_action"
        )
    return action, run_id


def _text(kind: str, data: dict[str, Any]) -> str:
    return orjson.dumps({"type": kind, "data": data}).decode()


def _problem(error: ApiError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "details": error.details}
