"""FlowScale behind your own routes: the key stays on your server. Needs the extra `flowscale-sdk[fastapi]`."""

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio.to_thread import run_sync

from flowscale import AsyncFlowScaleClient, FlowScaleClient, FlowScaleError
from flowscale.integrations._web import grouped, json_object, shown

try:
    from fastapi import APIRouter, HTTPException, Request
except ImportError as error:
    raise ImportError(
        "FlowScaleRouter needs a further package: pip install 'flowscale-sdk[fastapi]'"
    ) from error


class FlowScaleRouter(APIRouter):
    """Routes POST /runs, GET /runs/{run_id} and POST /runs/{run_id}/cancel, and `execute` for your own.

    client: either client; the blocking one is called in a thread. The routes ask nobody who they are: give
    `dependencies=[...]` as for any router.
    """

    def __init__(self, client: FlowScaleClient | AsyncFlowScaleClient, **options: Any) -> None:
        super().__init__(**options)
        self.client = client
        self.add_api_route("/runs", self._submit, methods=["POST"])
        self.add_api_route("/runs/{run_id}", self._get, methods=["GET"])
        self.add_api_route("/runs/{run_id}/cancel", self._cancel, methods=["POST"])

    async def execute(self, *args: Any, **inputs: Any) -> Any:
        """`client.runs.execute`, to await with either client."""
        return await self._call("execute", *args, **inputs)

    async def execute_async(self, *args: Any, **inputs: Any) -> Any:
        """`client.runs.execute_async`, to await with either client."""
        return await self._call("execute_async", *args, **inputs)

    async def _submit(self, request: Request) -> dict[str, Any]:
        """Inputs as JSON or as a form; the new run's id."""
        try:
            async with _inputs(request) as inputs:
                return {"run_id": await self._call("execute_async", inputs)}
        except FlowScaleError as error:
            raise HTTPException(*shown(error)) from error

    async def _get(self, run_id: str) -> dict[str, Any]:
        run: dict[str, Any] = (await self._shown("get", run_id)).to_dict()
        return run

    async def _cancel(self, run_id: str) -> dict[str, Any]:
        return {"message": await self._shown("cancel", run_id)}

    async def _call(self, name: str, *args: Any, **inputs: Any) -> Any:
        method = getattr(self.client.runs, name)
        if inspect.iscoroutinefunction(method):
            return await method(*args, **inputs)
        return await run_sync(lambda: method(*args, **inputs))

    async def _shown(self, name: str, *args: Any) -> Any:
        try:
            return await self._call(name, *args)
        except FlowScaleError as error:
            raise HTTPException(*shown(error)) from error


@asynccontextmanager
async def _inputs(request: Request) -> AsyncIterator[dict[str, Any]]:
    """The inputs of a request; files are open inside."""
    if request.headers.get("content-type", "").startswith("application/json"):
        yield json_object(await request.body())
        return
    async with request.form() as form:
        yield grouped(form.multi_items())
