"""Finding runs with all that queue, history and jobs show of them."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Row

from flowscale_runtime.gateway.comfyui.records import Record
from flowscale_runtime.gateway.comfyui.service import DEPLOYMENT, Comfy
from flowscale_runtime.stores import clearing, prompts, queries
from flowscale_runtime.stores.objects import Objects

MOST = 10_000


async def live(comfy: Comfy) -> list[Record]:
    """Prompts that run or wait, in their order."""
    rows = await comfy.state.database.read(prompts.live, comfy.project, DEPLOYMENT)
    found = await bundles(comfy, rows)
    return [Record(row, found[row.release], {}) for row in rows]


async def ended(comfy: Comfy, most: int = MOST) -> list[Row[Any]]:
    """The newest runs of the history in brief, oldest first."""
    cleared = await cleared_of(comfy)
    limit = min(most + len(cleared.ids), MOST)
    given = comfy.project, DEPLOYMENT, cleared.before, limit
    rows = await comfy.state.database.read(prompts.ended, *given)
    return [row for row in rows if not cleared.hides(row)]


async def newest(comfy: Comfy, most: int = MOST) -> Sequence[Row[Any]]:
    """Runs in every state, the newest first, but those that were taken out of the history."""
    cleared = await cleared_of(comfy)
    rows = await comfy.state.database.read(prompts.newest, comfy.project, DEPLOYMENT, most)
    return [row for row in rows if not cleared.hides(row)]


async def ahead(comfy: Comfy, prompt_id: str) -> int:
    """How many prompts run or wait before this one."""
    rows = await comfy.state.database.read(prompts.live, comfy.project, DEPLOYMENT)
    return next((place for place, row in enumerate(rows) if row.id == prompt_id), 0)


async def complete(comfy: Comfy, rows: Sequence[Row[Any]]) -> list[Record]:
    """Runs with what belongs to them."""
    ids, database = [row.id for row in rows], comfy.state.database
    found = await database.read(prompts.whole, ids)
    traces = await database.read(prompts.traces, ids)
    files = await database.read(queries.outputs, ids)
    posted = await bundles(comfy, list(found.values()))
    return [
        Record(found[id_], posted[found[id_].release], traces.get(id_, {}), files[id_])
        for id_ in ids
        if id_ in found
    ]


async def find(comfy: Comfy, prompt_id: str) -> Record | None:
    """One prompt, unless it was taken out of the history."""
    row = await comfy.state.database.read(prompts.named, comfy.project, DEPLOYMENT, prompt_id)
    if row is None or (await cleared_of(comfy)).hides(row):
        return None
    return (await complete(comfy, [row]))[0]


async def cleared_of(comfy: Comfy) -> clearing.Cleared:
    """What was taken out of the history."""
    return await comfy.state.database.read(clearing.known, comfy.project)


async def bundles(comfy: Comfy, rows: Sequence[Row[Any]]) -> dict[str, dict[str, Any]]:
    """The posted prompts behind runs, by release."""
    releases, objects = {row.release for row in rows}, comfy.state.objects
    return await asyncio.to_thread(lambda: {release: bundle(objects, release) for release in releases})


@lru_cache(maxsize=256)
def bundle(objects: Objects, release: str) -> dict[str, Any]:
    """The posted prompt behind a run."""
    found: dict[str, Any] = orjson.loads(objects.get(release.removeprefix("sha256:")))
    return found
