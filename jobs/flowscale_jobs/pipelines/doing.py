"""A pipeline from its name to its end: what every caller of the runner does around it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flowscale import AsyncFlowScaleClient
from flowscale_jobs.batches import doing as batches
from flowscale_jobs.batches.plans import Plan
from flowscale_jobs.errors import JobError, StepFailed
from flowscale_jobs.pipelines.actions import Actions
from flowscale_jobs.pipelines.checking import faults
from flowscale_jobs.pipelines.records import Records
from flowscale_jobs.pipelines.running import Ended, Runner
from flowscale_jobs.places import Place
from flowscale_specs import ResolvedProject
from flowscale_specs.kinds.pipeline import PipelineSpec

RESULT, REQUEST = "result.json", "request.json"


@dataclass(frozen=True, slots=True)
class Setting:
    """What pipelines of a project run with. `folder` is where relative paths of its batches start."""

    project: ResolvedProject
    url: str
    key: str | None
    folder: Path


async def do(setting: Setting, name: str, run_id: str, inputs: Mapping[str, Any], place: Place) -> Ended:
    """Runs a pipeline, or goes on with it: one that ended gives what it gave. Raises JobError."""
    if problems := faults(setting.project):
        raise JobError("; ".join(problems))
    spec = _specs(setting.project).get(name)
    if spec is None:
        raise JobError(f"there is no pipeline {name}: {', '.join(_specs(setting.project)) or 'none'}")
    kept = await asyncio.to_thread(place.read_json, RESULT)
    if kept is not None:
        return Ended(**kept)
    asked = await asyncio.to_thread(place.read_json, REQUEST)
    if asked is None:
        asked = {"pipeline": name, "inputs": complete(spec, inputs)}
        await asyncio.to_thread(place.write_json, REQUEST, asked)
    async with AsyncFlowScaleClient(setting.key, setting.url) as client:
        limit = None if spec.limit is None else int(spec.limit.amount)
        actions = Actions(client, place, run_id, time.time, _inner(setting, run_id, place), limit)
        ended = await Runner(spec, actions, Records(place)).run(asked["inputs"])
    await asyncio.to_thread(place.write_json, RESULT, ended.to_json())
    return ended


def complete(spec: PipelineSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with defaults. Raises JobError for those that are unknown or missing."""
    if unknown := set(given) - set(spec.inputs):
        known = ", ".join(spec.inputs) or "it takes none"
        raise JobError(f"there is no input {min(unknown)}: {known}")
    missing = [
        name
        for name, one in spec.inputs.items()
        if name not in given and one.default is None and one.required is not False
    ]
    if missing:
        raise JobError(f"the input {missing[0]} is missing")
    return {name: given.get(name, one.default) for name, one in spec.inputs.items()}


def _specs(project: ResolvedProject) -> dict[str, PipelineSpec]:
    return {pipeline.name: pipeline.spec for pipeline in project.pipelines}


def _inner(setting: Setting, run_id: str, place: Place) -> Any:
    """What runs a batch or a pipeline as a step of this one."""

    async def run(kind: str, name: str, key: str, inputs: dict[str, Any]) -> Any:
        id_ = f"{run_id}-{key}".replace("[", ".").replace("]", "").replace("~", ".")
        home = await asyncio.to_thread(Place.at, f"{place.address.rpartition('/')[0]}/{id_}")
        if kind == "pipeline":
            ended = await do(setting, name, id_, inputs, home)
            if ended.state != "completed":
                raise StepFailed(f"pipeline {name} failed: {ended.error}")
            return ended.outputs
        spec = next(batch.spec for batch in setting.project.batches if batch.name == name)
        spec = spec.model_copy(update={"shared": {**spec.shared, **inputs}})
        plan = Plan(id_, name, spec, str(setting.folder), datetime.now(UTC).timestamp())
        found = await batches.do(plan, home, url=setting.url, key=setting.key)
        if found.state != "completed":
            raise StepFailed(f"batch {name} {found.state}: {found.reason or found.counts}")
        return {"counts": found.counts, "cost": found.cost, "batch_id": id_}

    return run
