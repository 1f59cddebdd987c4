"""One item of a batch: its run submitted under a key, followed to its end, and what came of it as a record."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowscale import (
    AsyncFlowScaleClient,
    AsyncRun,
    File,
    FlowScaleAuthenticationError,
    FlowScaleBudgetError,
    FlowScaleError,
    FlowScaleNotFoundError,
    FlowScalePermissionError,
    FlowScaleProtocolError,
)
from flowscale.models import FINISHED
from flowscale_jobs.batches.items import Item, Stored, shown
from flowscale_jobs.batches.journal import OPEN, Record
from flowscale_jobs.batches.plans import Plan
from flowscale_jobs.errors import PlaceError, Refused
from flowscale_jobs.places import split

WHOLE_JOB = (
    FlowScaleAuthenticationError,
    FlowScalePermissionError,
    FlowScaleNotFoundError,
    FlowScaleProtocolError,
    FlowScaleBudgetError,
)
"""What is said of every item alike: the batch pauses, and no item is blamed."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LONGEST_TEXT = 300


async def submit(
    client: AsyncFlowScaleClient, plan: Plan, item: Item, wanted: Callable[[], bool]
) -> Record | None:
    """The item's run, new or found again under its key; waits while the server is down or its queue is full.

    None where that waiting isn't `wanted` any more. A record that is `refused` tells what is wrong with the item.
    Raises Refused.
    """
    try:
        inputs = {name: await asyncio.to_thread(_content, value) for name, value in item.inputs.items()}
    except PlaceError as error:
        return _refused(item, "INPUT_MISSING", str(error))
    pauses = _pauses()
    while wanted():
        try:
            run_id = await client.runs.execute_async(
                inputs,
                workflow_id=plan.spec.deployment,
                group_id=plan.id,
                priority=plan.spec.priority,
                idempotency_key=f"{plan.id}:{item.key}",
            )
        except WHOLE_JOB as error:
            raise Refused(error.message) from error
        except FlowScaleError as error:
            if not error.temporary:
                return _refused(item, error.code or "REFUSED", error.message)
            await asyncio.sleep(max(error.retry_after or 0.0, next(pauses)))
        else:
            return Record(item.key, item.index, OPEN, str(run_id), inputs=_told(item))
    return None


async def follow(client: AsyncFlowScaleClient, run_id: str) -> AsyncRun | None:
    """The run once it has ended, however it did; None where the server doesn't know it any more. Raises Refused."""
    pauses = _pauses()
    while True:
        try:
            return await client.runs.wait_for_completion(run_id)
        except FlowScaleNotFoundError:
            return None
        except FlowScaleError as error:
            if error.run is not None and error.run.get("status") in FINISHED:
                return client.bind(error.run)
            if not error.temporary:
                raise Refused(error.message) from error
            await asyncio.sleep(next(pauses))


def ended(item: Item, run: AsyncRun) -> Record:
    """What came of an item whose run has ended."""
    outputs = tuple(
        {"filename": one.filename, "content_type": one.content_type, "size": one.size} for one in run.outputs
    )
    error = None if run.ok else (run.error if isinstance(run.error, Mapping) else {"message": str(run.error)})
    return Record(
        item.key,
        item.index,
        run.status,
        str(run.run_id),
        None if error is None else dict(error),
        outputs,
        run.cost or 0.0,
        run.execution_time or 0.0,
        _told(item),
    )


def _refused(item: Item, code: str, message: str) -> Record:
    return Record(
        item.key, item.index, "refused", error={"code": code, "message": message}, inputs=_told(item)
    )


def _told(item: Item) -> dict[str, Any]:
    """The inputs as the report names them: long texts are cut."""
    return {
        name: value[:LONGEST_TEXT] if isinstance(value, str) else value
        for name, value in shown(item.inputs).items()
    }


def _content(value: Any) -> Any:
    """A value with the bytes of the files in it."""
    if isinstance(value, Stored):
        place, name = split(value.address)
        content = place.read(name)
        if content is None:
            raise PlaceError(f"there is no file {value.address}")
        return File(content, value.filename)
    return [_content(one) for one in value] if isinstance(value, list) else value


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(LONGEST_PAUSE, pause * 2)
