"""Finding runs with all that queue, history and jobs show of them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Row

from flowscale_runtime.gateway.comfyui.records import Record
from flowscale_runtime.gateway.comfyui.service import DEPLOYMENT, Comfy
from flowscale_runtime.stores import prompts, queries
from flowscale_runtime.stores.objects import FolderObjects

MOST = 10_000


async def live(comfy: Comfy) -> list[Record]:
    """Prompts that run or wait, in their order."""
    rows = await comfy.state.database.read(prompts.live, DEPLOYMENT)
    return [Record(row, bundle(comfy.state.objects, row.release), {}) for row in rows]


async def ended(comfy: Comfy, most: int = MOST) -> list[Row[Any]]:
    """The newest runs of the history in brief, oldest first."""
    cleared = comfy.cleared
    limit = min(most + len(cleared), MOST)
    rows = await comfy.state.database.read(prompts.ended, DEPLOYMENT, cleared.before, limit)
    return [row for row in rows if row.id not in cleared]


async def newest(comfy: Comfy, most: int = MOST) -> Sequence[Row[Any]]:
    """Runs in every state, the newest first, but those that were taken out of the history."""
    cleared = comfy.cleared
    rows = await comfy.state.database.read(prompts.newest, DEPLOYMENT, most)
    gone = (row.completed_at is not None and row.number <= cleared.before for row in rows)
    return [row for row, is_gone in zip(rows, gone, strict=True) if not is_gone and row.id not in cleared]


async def ahead(comfy: Comfy, prompt_id: str) -> int:
    """How many prompts run or wait before this one."""
    rows = await comfy.state.database.read(prompts.live, DEPLOYMENT)
    return next((place for place, row in enumerate(rows) if row.id == prompt_id), 0)


async def complete(comfy: Comfy, rows: Sequence[Row[Any]]) -> list[Record]:
    """Runs with what belongs to them."""
    ids, database = [row.id for row in rows], comfy.state.database
    found = await database.read(prompts.whole, ids)
    traces = await database.read(prompts.traces, ids)
    files = await database.read(queries.outputs, ids)
    return [
        Record(found[id_], bundle(comfy.state.objects, found[id_].release), traces.get(id_, {}), files[id_])
        for id_ in ids
    ]


async def find(comfy: Comfy, prompt_id: str) -> Record | None:
    """One prompt, unless it was taken out of the history."""
    row = await comfy.state.database.read(prompts.named, DEPLOYMENT, prompt_id)
    if row is None or row.id in comfy.cleared:
        return None
    if row.completed_at is not None and row.number <= comfy.cleared.before:
        return None
    return (await complete(comfy, [row]))[0]


@lru_cache(maxsize=256)
def bundle(objects: FolderObjects, release: str) -> dict[str, Any]:
    """The posted prompt behind a run."""
    found: dict[str, Any] = orjson.loads(objects.get(release.removeprefix("sha256:")))
    return found
