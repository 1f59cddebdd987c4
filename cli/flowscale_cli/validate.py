"""flowscale validate: whether specs and workflows are right, without serving anything."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowscale_cli.errors import SpecsWrong
from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say, warn
from flowscale_cli.specs import read

if TYPE_CHECKING:
    from flowscale_specs import ResolvedProject


def command(
    folder: Folder = Path(),
    environment: Environment = None,
    workflows: Annotated[
        bool,
        typer.Option("--workflows", help="Check workflow files and their inputs too; loads the node packs."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check specs: every error with file, line, column and the nearest valid name.

    Example: flowscale validate examples/01-photo-upscale
    """
    documents, project = read(folder, environment)
    for entry in documents.declared_only():
        warn(f"{entry.path}: {entry.kind} {entry.name} is declared, and not executed yet")
    if workflows:
        check_workflows(project)
    if as_json:
        emit(
            {
                "project": project.name,
                "documents": len(documents),
                "deployments": sorted(project.deployments),
                "workflows": {name: workflow.version for name, workflow in sorted(project.workflows.items())},
            }
        )
        return
    for name, deployment in sorted(project.deployments.items()):
        traffic = ", ".join(f"{version} {percent:g} %" for version, percent in deployment.traffic)
        say(f"{name}: workflow {deployment.workflow} ({traffic}) on {deployment.gpu.name}")
    count = len(documents)
    say(f"{folder}: {count} document{'s are' if count != 1 else ' is'} right")


def check_workflows(project: "ResolvedProject") -> None:
    """Raises SpecsWrong after printing what is wrong with the workflow files and what specs say of them."""
    from flowscale_cli.checks import folder as checks
    from flowscale_cli.packs import here

    declared = project.workflows.values()
    known = {home: here(home) for home in {workflow.folder for workflow in declared}}
    count = 0
    for workflow in declared:
        for finding in checks.workflow(workflow, project, known[workflow.folder]):
            if finding.status == "fail":
                say(f"{workflow.folder / workflow.source}: {finding.message} ({finding.hint})")
                count += 1
    if count:
        raise SpecsWrong(f"{count} error{'s' if count > 1 else ''} in workflows")
