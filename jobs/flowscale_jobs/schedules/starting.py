"""Starting what a schedule names: a run, a batch or a pipeline, under an id that never starts it twice."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flowscale import AsyncFlowScaleClient, FlowScaleError
from flowscale_jobs.batches import doing as batches
from flowscale_jobs.batches import status
from flowscale_jobs.batches.plans import Plan, home
from flowscale_jobs.errors import JobError
from flowscale_jobs.pipelines import doing as pipelines
from flowscale_jobs.pipelines.doing import Setting
from flowscale_specs.kinds.schedule import Target


async def start(setting: Setting, state: Path, target: Target, id_: str, inputs: dict[str, Any]) -> str:
    """Does what a schedule starts, to its end; one that was begun under this id goes on. Raises JobError."""
    if target.deployment is not None:
        return await _run(setting, target.deployment, id_, inputs)
    if target.pipeline is not None:
        place = home(str(state / "pipelines"), id_)
        return (await pipelines.do(setting, target.pipeline, id_, inputs, place)).state
    spec = next(one.spec for one in setting.project.batches if one.name == target.batch)
    spec = spec.model_copy(update={"shared": {**spec.shared, **inputs}})
    plan = Plan(id_, target.batch or "", spec, str(setting.folder), datetime.now(UTC).timestamp())
    place = home(str(state / "batches"), id_)
    try:
        return (await batches.do(plan, place, url=setting.url, key=setting.key)).state
    except asyncio.CancelledError:
        await asyncio.to_thread(place.write, status.CANCEL, "")
        raise


async def _run(setting: Setting, deployment: str, id_: str, inputs: dict[str, Any]) -> str:
    async with AsyncFlowScaleClient(setting.key, setting.url) as client:
        try:
            run_id = await client.runs.execute_async(inputs, workflow_id=deployment, idempotency_key=id_)
            try:
                return (await client.runs.wait_for_completion(run_id)).status
            except asyncio.CancelledError:
                with suppress(FlowScaleError):  # it ended just now
                    await client.runs.cancel(run_id)
                raise
        except FlowScaleError as error:
            raise JobError(error.message) from error
