"""What steps do themselves: runs, batches, other pipelines, checks, questions and calls."""

import asyncio
import contextlib
import io
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image, UnidentifiedImageError

from flowscale import AsyncFlowScaleClient, AsyncRun, FlowScaleBudgetError, FlowScaleError
from flowscale.models import FINISHED
from flowscale_jobs import approvals
from flowscale_jobs.errors import StepFailed
from flowscale_jobs.expressions import fill, holds
from flowscale_jobs.pipelines import data
from flowscale_jobs.pipelines.scopes import Scope
from flowscale_jobs.places import Place
from flowscale_jobs.secrets import secret
from flowscale_specs.kinds.steps import ApprovalStep, HttpCall, Step, Validation

_SUFFIX = re.compile(r"_[A-Z0-9]{10}(?:_\d+)?$")
SMALL = 64 * 1024


@dataclass
class Actions:
    """Does actions for one pipeline under its id. `inner` runs a batch or another pipeline by kind, name and key."""

    client: AsyncFlowScaleClient
    place: Place
    id: str
    clock: Callable[[], float]
    inner: Callable[[str, str, str, dict[str, Any]], Awaitable[Any]]
    limit: int | None = None
    """Micro-dollars that the whole may cost."""
    spent: int = field(default=0, init=False)

    async def __call__(self, step: Step, scope: Scope, key: str) -> Any:
        """What the step's action gives. Raises JobError."""
        known = scope.known()
        inputs = {name: reference(value) for name, value in fill(dict(step.inputs), known).items()}
        if step.run:
            return await self._run(step.run, inputs, key)
        if step.batch:
            return await self.inner("batch", step.batch, key, inputs)
        if step.pipeline:
            return await self.inner("pipeline", step.pipeline, key, inputs)
        if step.validate_:
            return await self._validate(step.validate_, scope)
        if step.approve:
            return await self._approve(step.approve, key, fill(step.approve.message, known))
        if step.http:
            return await _call(step.http, known)
        return await asyncio.to_thread(data.do, step, known)

    async def _run(self, deployment: str, inputs: dict[str, Any], key: str) -> dict[str, Any]:
        if self.limit is not None and self.spent >= self.limit:
            raise StepFailed(f"the pipeline's limit of ${self.limit / 1e6:.2f} is spent")
        try:
            run_id = await self.client.runs.execute_async(
                inputs, workflow_id=deployment, group_id=self.id, idempotency_key=f"{self.id}:{key}"
            )
            run = await self.client.runs.wait_for_completion(run_id)
        except FlowScaleBudgetError as error:
            raise StepFailed(error.message) from error
        except FlowScaleError as error:
            if error.run is not None and error.run.get("status") in FINISHED:
                self.spent += round(1e6 * (error.run.get("cost") or 0))
            raise StepFailed(error.message) from error
        self.spent += round(1e6 * (run.cost or 0))
        return await result(run)

    async def _validate(self, check: Validation, scope: Scope) -> dict[str, Any]:
        value = fill(check.value, scope.known())
        rules, problems = check.rules, list[str]()
        files = value if isinstance(value, list) else [value]
        if rules.condition and not holds(rules.condition, scope.known(value)):
            problems.append(f"{rules.condition} doesn't hold")
        for file in files if rules.min_resolution or rules.max_file_size or rules.format else ():
            if not isinstance(file, Mapping) or "url" not in file:
                raise StepFailed(f"{check.value} gives {file!r}, which is no file")
            if rules.max_file_size is not None and int(file.get("size") or 0) > int(rules.max_file_size):
                problems.append(f"{file['filename']} is larger than {rules.max_file_size}")
            if rules.min_resolution or rules.format:
                content = await self.client.bind({"outputs": [dict(file)]}).outputs[0].data
                problems += looked_at(file["filename"], content, rules.min_resolution, rules.format)
        if problems:
            raise StepFailed("; ".join(problems))
        return {"valid": True}

    async def _approve(self, asked: ApprovalStep, key: str, message: str) -> dict[str, Any]:
        """Waits for people; their decisions come through the place, whoever writes them there."""
        request = await asyncio.to_thread(approvals.load, self.place, key)
        if request is None:
            request = approvals.Request(
                f"{self.id}/{key}", message, asked.by, 1, self.clock(), float(asked.timeout)
            )
            await asyncio.to_thread(approvals.save, self.place, key, request)
        while (state := request.state(self.clock())) == "waiting":
            await asyncio.sleep(approvals.LOOK)
            request = await asyncio.to_thread(approvals.load, self.place, key) or request
        if state != "approved":
            raise StepFailed(f"the approval was {state.replace('_', ' ')}")
        return {"approved": True, "by": [one.by for one in request.decisions]}


async def result(run: AsyncRun) -> dict[str, Any]:
    """What later steps see of a run: its outputs by name, small texts as what they say."""
    named: dict[str, Any] = {}
    for output in run.outputs:
        value: Any = dict(output)
        kind = output.content_type or ""
        if (kind.startswith("text/") or kind == "application/json") and (output.size or 0) <= SMALL:
            value = said((await output.data).decode(errors="replace"))
        for name in output_names(output.filename):
            named.setdefault(name, value)
    facts = {"run_id": str(run.run_id), "status": run.status, "cost": run.cost, "seconds": run.execution_time}
    return {**named, **facts, "outputs": [dict(output) for output in run.outputs]}


def output_names(filename: str) -> tuple[str, str]:
    """What an output is called, by the name of its file: with the number of its node, and without."""
    numbered = _SUFFIX.sub("", filename.rpartition(".")[0] or filename)
    return numbered, re.sub(r"_\d+$", "", numbered)


def said(text: str) -> Any:
    """A text as the number, truth value, list or object that it is the JSON of; else the text."""
    with contextlib.suppress(ValueError):
        return json.loads(text)
    return text.strip()


def reference(value: Any) -> Any:
    """A file of an earlier step as an input: by its key in the object store, so that it doesn't travel."""
    if isinstance(value, list):
        return [reference(one) for one in value]
    return value["s3_key"] if isinstance(value, Mapping) and value.get("s3_key") else value


def looked_at(name: str, content: bytes, least: str | None, formats: tuple[str, ...]) -> list[str]:
    """What is wrong with a picture."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            written, (width, height) = (picture.format or "").lower(), picture.size
    except UnidentifiedImageError:
        return [f"{name} is no picture"]
    problems = []
    if formats and written not in {one.lower().replace("jpg", "jpeg") for one in formats}:
        problems.append(f"{name} is {written}, not {' or '.join(formats)}")
    if least is not None:
        wide, high = map(int, least.split("x"))
        if width < wide or height < high:
            problems.append(f"{name} has {width}x{height} pixels, fewer than {least}")
    return problems


async def _call(call: HttpCall, known: Mapping[str, Any]) -> dict[str, Any]:
    headers = fill(dict(call.headers), known)
    if call.secret is not None:
        headers["Authorization"] = f"Bearer {secret(call.secret.secret)}"
    body = None if call.body is None else fill(call.body, known)
    async with httpx.AsyncClient(timeout=60) as client:
        try:
            reply = await client.request(call.method, fill(call.url, known), headers=headers, json=body)
        except httpx.HTTPError as error:
            raise StepFailed(f"{call.method} {call.url}: {error or type(error).__name__}") from error
    if reply.is_error:
        raise StepFailed(f"{call.method} {call.url} answered {reply.status_code}: {reply.text[:200]}")
    return {"status": reply.status_code, "body": said(reply.text)}
