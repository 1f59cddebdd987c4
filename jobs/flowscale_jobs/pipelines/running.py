"""Runs a pipeline: order, conditions, loops, retries and handlers. What a step does itself is an action.

A finished action is written down under its path, as `enhance[2].upscale`: a pipeline that died is started again, and its
finished actions are not done twice. What holds steps together is walked again. Paths are the keys of runs too, so that one that was under way is found again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flowscale_jobs.errors import JobError, StepFailed
from flowscale_jobs.expressions import fill, holds
from flowscale_jobs.pipelines.records import Records
from flowscale_jobs.pipelines.scopes import Scope
from flowscale_specs.kinds.pipeline import PipelineSpec
from flowscale_specs.kinds.steps import Loop, Repetition, Retry, Step

Action = Callable[[Step, Scope, str], Awaitable[Any]]
"""Does one action of a step, under a key that is the same when it is done again; gives its result as JSON."""
Sleep = Callable[[float], Awaitable[None]]
SKIPPED = {"skipped": True}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a pipeline ended. `error` says why it failed."""

    state: str
    outputs: dict[str, Any]
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"state": self.state, "outputs": self.outputs, "error": self.error}


class Runner:
    """Runs one pipeline. `act` does actions, `records` keeps what they gave."""

    def __init__(
        self, spec: PipelineSpec, act: Action, records: Records, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._spec, self._act, self._records, self._sleep = spec, act, records, sleep
        self._places = asyncio.Semaphore(spec.parallelism)

    async def run(self, inputs: dict[str, Any]) -> Ended:
        """The whole pipeline, its handlers included. Raises JobError where a handler fails."""
        scope = Scope(inputs)
        try:
            async with asyncio.timeout(float(self._spec.timeout)):
                await self._sequence(self._spec.steps, scope, "")
            ended = Ended("completed", fill(self._spec.outputs, scope.known()))
            await self._sequence(self._spec.handlers.success, scope, "")
        except (JobError, TimeoutError) as error:
            why = str(error) or f"it took longer than its timeout of {self._spec.timeout}"
            ended = Ended("failed", {}, why)
            await self._sequence(self._spec.handlers.failure, scope.failed(why), "")
        await self._sequence(
            self._spec.handlers.exit, scope.failed(ended.error) if ended.error else scope, ""
        )
        return ended

    async def _sequence(self, steps: Sequence[Step], scope: Scope, path: str) -> None:
        for step in steps:
            await self._step(step, scope, path)

    async def _parallel(self, steps: Sequence[Step], scope: Scope, path: str) -> None:
        """All steps at once, each after those that it names."""
        done = {step.name: asyncio.Event() for step in steps}

        async def one(step: Step) -> None:
            for name in step.after:
                if name in done:
                    await done[name].wait()
            await self._step(step, scope, path)
            done[step.name].set()

        await _all(one(step) for step in steps)

    async def _step(self, step: Step, scope: Scope, path: str) -> None:
        path = f"{path}.{step.name}" if path else step.name
        kept = await self._records.get(path) if is_action(step) else None
        if kept is None:
            kept = await self._result(step, scope, path)
            if is_action(step):
                await self._records.put(path, kept)
        if kept.get("error") is not None and step.on_error == "fail":
            raise StepFailed(f"step {path}: {kept['error']}")
        scope.steps[step.name] = kept["result"]

    async def _result(self, step: Step, scope: Scope, path: str) -> dict[str, Any]:
        """What a step gave, or why it failed; handlers have run by then."""
        try:
            if step.if_ is not None and not holds(step.if_, scope.known()):
                return {"result": SKIPPED}
            return {"result": await self._tried(step, scope, path)}
        except JobError as error:
            await self._sequence(step.handler, scope.failed(str(error)), path)
            return {"result": {"failed": True, "error": str(error)}, "error": str(error)}

    async def _tried(self, step: Step, scope: Scope, path: str) -> Any:
        """The step's action, again as often as its retry says."""
        retry = step.retry or Retry(attempts=1)
        delay = float(retry.delay)
        for attempt in range(1, retry.attempts + 1):
            try:
                async with asyncio.timeout(None if step.timeout is None else float(step.timeout)):
                    return await self._do(step, scope, path, attempt)
            except TimeoutError:
                failure: JobError = StepFailed(f"it took longer than its timeout of {step.timeout}")
            except JobError as error:
                failure = error
            if attempt < retry.attempts:
                await self._sleep(delay)
                delay *= retry.factor
        raise failure

    async def _do(self, step: Step, scope: Scope, path: str, attempt: int) -> Any:
        if step.steps:
            return await self._grouped(self._sequence, step.steps, scope, path)
        if step.parallel:
            return await self._grouped(self._parallel, step.parallel, scope, path)
        if step.switch:
            return await self._switch(step, scope, path)
        if step.for_each is not None:
            return await self._for_each(step.for_each, scope, path)
        if step.repeat is not None:
            return await self._repeat(step.repeat, scope, path)
        async with self._places:
            return await self._act(step, scope, path if attempt == 1 else f"{path}~{attempt}")

    async def _grouped(
        self,
        way: Callable[[Sequence[Step], Scope, str], Awaitable[None]],
        steps: Sequence[Step],
        scope: Scope,
        path: str,
    ) -> dict[str, Any]:
        await way(steps, scope, path)
        return {step.name: scope.steps[step.name] for step in steps}

    async def _switch(self, step: Step, scope: Scope, path: str) -> dict[str, Any]:
        for number, case in enumerate(step.switch):
            if case.if_ is None or holds(case.if_, scope.known()):
                await self._sequence(case.steps, scope, path)
                return {"case": number}
        return {"case": None}

    async def _for_each(self, loop: Loop, scope: Scope, path: str) -> dict[str, Any]:
        items = fill(loop.items, scope.known())
        if not isinstance(items, list):
            raise StepFailed(f"items gives {items!r}, which is no list")
        places = asyncio.Semaphore(loop.parallelism)

        async def one(index: int, item: Any) -> dict[str, Any]:
            async with places:
                inner = scope.inner(item, index)
                await self._sequence(loop.steps, inner, f"{path}[{index}]")
                return {step.name: inner.steps[step.name] for step in loop.steps}

        return {"items": await _all(one(*numbered) for numbered in enumerate(items))}

    async def _repeat(self, loop: Repetition, scope: Scope, path: str) -> dict[str, Any]:
        for time in range(loop.most):
            inner = scope.inner(scope.item, time)
            await self._sequence(loop.steps, inner, f"{path}[{time}]")
            if holds(loop.until, inner.known()):
                return {"times": time + 1, **{step.name: inner.steps[step.name] for step in loop.steps}}
        raise StepFailed(f"{loop.until!r} did not hold after {loop.most} times")


def is_action(step: Step) -> bool:
    """Whether a step does something itself, rather than hold other steps."""
    return not (step.steps or step.parallel or step.switch or step.for_each or step.repeat)


async def _all(waiting: Any) -> list[Any]:
    """The results of all; the first failure ends the others and is raised itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in waiting]
    except* JobError as failures:
        first: BaseException = failures
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        failure = first
    else:
        return [task.result() for task in tasks]
    raise failure
