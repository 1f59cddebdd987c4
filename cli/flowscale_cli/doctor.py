"""flowscale doctor: what would keep this machine or this folder from serving, and what to do about it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import typer

from flowscale_cli.checks import comfyui, machine
from flowscale_cli.checks import folder as folders
from flowscale_cli.checks.findings import Finding
from flowscale_cli.checks.server import server
from flowscale_cli.errors import CliError
from flowscale_cli.options import AsJson, Data, Folder, Url, data_folder
from flowscale_cli.output import emit, say

MARKS = {
    "ok": ("ok  ", typer.colors.GREEN),
    "warn": ("warn", typer.colors.YELLOW),
    "fail": ("FAIL", typer.colors.RED),
}


def command(folder: Folder = Path(), url: Url = None, data: Data = None, as_json: AsJson = False) -> None:
    """Look at Python, what is installed, torch, disk, memory, node packs, specs, models, lock, ComfyUI servers and server.

    Ends with exit code 1 where a check fails; warnings don't count.

    Example: flowscale doctor portrait
    """
    found = []
    for finding in examined(folder, url, data_folder(folder, data)):
        found.append(finding)
        if not as_json:
            _show(finding)
    counts: Counter[str] = Counter(finding.status for finding in found)
    if as_json:
        emit({"findings": [finding.to_json() for finding in found], **{mark: counts[mark] for mark in MARKS}})
    if counts["fail"]:
        raise CliError(f"{counts['fail']} of {len(found)} checks failed")
    if not as_json:
        say(f"{counts['ok']} checks are ok, {counts['warn']} warn")


def examined(folder: Path, url: str | None, data: Path) -> Iterator[Finding]:
    """All checks, those of the machine first."""
    yield from machine.python()
    yield from machine.installation()
    yield from machine.accelerator()
    yield from machine.disk(data)
    yield from machine.memory()
    yield from _of_folder(folder)
    yield from server(url, data)


def _of_folder(folder: Path) -> Iterator[Finding]:
    from flowscale_cli.packs import load

    findings, project = folders.specs(folder)
    yield from findings
    if project is None:
        return
    homes = sorted({workflow.folder for workflow in project.workflows.values()}) or [folder]
    loaded = {home: load(home) for home in homes}
    yield from folders.packs(loaded)
    for workflow in project.workflows.values():
        yield from folders.workflow(workflow, project, loaded[workflow.folder].definitions)
        yield from folders.models(workflow)
    yield from folders.lock(folder, project)
    yield from comfyui.servers(project)


def _show(finding: Finding) -> None:
    mark, color = MARKS[finding.status]
    typer.echo(f"{typer.style(mark, fg=color)} {finding.check}: {finding.message}")
    if finding.hint:
        typer.echo(f"     {finding.hint}")
