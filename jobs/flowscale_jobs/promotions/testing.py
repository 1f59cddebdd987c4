"""What a stage must show once it has its release: golden tests, speed beside the release before, and other checks."""

import asyncio
import statistics
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from flowscale import AsyncFlowScaleClient, AsyncRun, FlowScaleError
from flowscale_jobs.errors import PromotionFailed
from flowscale_jobs.pipelines.actions import output_names
from flowscale_jobs.promotions.comparing import likeness, passes
from flowscale_specs import GoldenOutput, GoldenTest, ResolvedDeployment, ResolvedWorkflow
from flowscale_specs.kinds.promotion import Check

SERVED_WITHIN = 120.0
"""Seconds that a server gets to take a release over."""
LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Server:
    """The gateway of an environment."""

    url: str
    key: str | None


async def golden(
    server: Server, deployment: ResolvedDeployment, workflow: ResolvedWorkflow, digest: str, id_: str
) -> str:
    """Runs the golden tests of a workflow on its release. Raises PromotionFailed with the first that differs."""
    async with AsyncFlowScaleClient(server.key, server.url) as client:
        for test in workflow.tests:
            run = await _on_release(client, deployment.name, test, workflow.folder, digest, id_)
            for name, expected in test.outputs.items():
                await _compare(run, test.name, name, expected, workflow.folder)
    return f"{len(workflow.tests)} golden tests of {workflow.name} passed"


async def _on_release(
    client: AsyncFlowScaleClient, deployment: str, test: GoldenTest, folder: Path, digest: str, id_: str
) -> AsyncRun:
    """A run that the release made; the server may still be taking it over."""
    inputs = {
        name: folder / value if isinstance(value, str) and (folder / value).is_file() else value
        for name, value in test.inputs.items()
    }
    until = asyncio.get_running_loop().time() + SERVED_WITHIN
    for attempt in range(1000):
        try:
            run = await client.runs.execute(
                inputs,
                workflow_id=deployment,
                timeout=float(test.timeout),
                idempotency_key=f"{id_}:{test.name}:{digest}:{attempt}",
            )
        except FlowScaleError as error:
            raise PromotionFailed(f"golden test {test.name}: {error.message}") from error
        if run.get("release") == digest:
            return run
        if asyncio.get_running_loop().time() > until:
            break
        await asyncio.sleep(1)
    raise PromotionFailed(f"{deployment} still answers with {run.get('release')}, not with {digest}")


async def _compare(run: AsyncRun, test: str, name: str, expected: GoldenOutput, folder: Path) -> None:
    output = next((one for one in run.outputs if name in output_names(one.filename)), None)
    if output is None:
        known = ", ".join(one.filename for one in run.outputs)
        raise PromotionFailed(f"golden test {test}: the run gave no output {name}; it gave {known}")
    found = await output.data
    if expected.file is None:
        if found.decode(errors="replace").strip() != (expected.text or "").strip():
            raise PromotionFailed(f"golden test {test}: {name} is another text")
        return
    score = likeness(expected.metric, (folder / expected.file).read_bytes(), found)
    if not passes(expected.metric, expected.threshold, score):
        raise PromotionFailed(
            f"golden test {test}: {name} is unlike {expected.file} ({expected.metric} {score:.4f})"
        )


async def performance(
    server: Server, deployment: str, digest: str, before: str | None, tolerance: float
) -> str:
    """Compares what runs take with the release before. Raises PromotionFailed where they got too slow."""
    async with AsyncFlowScaleClient(server.key, server.url) as client:
        page = 1
        seen: list[Mapping[str, Any]] = []
        while len(seen) < LOOKED_AT:
            found = await client.runs.list(page=page, page_size=100, status="completed")
            seen += [run for run in found if run.get("workflow_id") == deployment and not run.get("cached")]
            if not found.has_next:
                break
            page += 1
    ratio = slowdown(seen, digest, before)
    if ratio is None:
        return f"{deployment}: no runs of an earlier release to compare with"
    if ratio > 1 + tolerance / 100:
        raise PromotionFailed(f"{deployment} takes {ratio:.2f} times as long as the release before")
    return f"{deployment} takes {ratio:.2f} times as long as the release before"


def slowdown(runs: Iterable[Mapping[str, Any]], digest: str, before: str | None) -> float | None:
    """How many times as long runs of a release take, by the median; None where there is nothing to compare."""
    seconds: dict[str, list[float]] = {}
    for run in runs:
        seconds.setdefault(str(run.get("release")), []).append(float(run.get("execution_time") or 0))
    new, old = seconds.get(digest), seconds.get(before or "")
    if not new or not old or digest == before or not statistics.median(old):
        return None
    return statistics.median(new) / statistics.median(old)


async def other(check: Check, folder: Path, server: Server | None) -> str:
    """A check that the author brings: a program, an address that answers 2xx, or the server's health."""
    if check.kind == "command":
        done = await asyncio.to_thread(
            subprocess.run,
            list(check.command),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=float(check.timeout),
            check=False,
        )
        if done.returncode:
            raise PromotionFailed(
                f"{check.command[0]} ended with {done.returncode}: {done.stderr.strip()[-300:]}"
            )
        return f"{check.command[0]} passed"
    url = check.url if check.kind == "webhook" else f"{server.url}/readyz" if server else None
    if url is None:
        raise PromotionFailed("an integration check needs the server of its environment: --server NAME=URL")
    async with httpx.AsyncClient(timeout=float(check.timeout)) as client:
        try:
            reply = await client.get(url)
        except httpx.HTTPError as error:
            raise PromotionFailed(f"{url}: {error or type(error).__name__}") from error
    if not reply.is_success:
        raise PromotionFailed(f"{url} answered {reply.status_code}")
    return f"{url} answered {reply.status_code}"
