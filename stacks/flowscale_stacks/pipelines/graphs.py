"""A Pipeline as a template: the interpreter of pipelines in a pod that goes on where an earlier one died."""

from typing import Any

from flowscale_specs import ResolvedProject, ResolvedWorkflow
from flowscale_specs.kinds.pipeline import Pipeline
from flowscale_stacks.pipelines.pods import as_json, command, template
from flowscale_stacks.pipelines.settings import Jobs, Object, object_name


def pipeline_template(jobs: Jobs, pipeline: Pipeline, project: ResolvedProject) -> Object:
    """The template of a pipeline. Its parameter `inputs` is JSON. What it holds is all that the interpreter reads."""
    words = [
        "pipeline",
        "run",
        pipeline.name,
        "--id",
        "{{workflow.name}}",
        "--plan",
        as_json(_documents(project)),
    ]
    runner = command(
        jobs, "run", [*words, "--inputs", "{{workflow.parameters.inputs}}"], attempts=20, memory="2Gi"
    )
    deadline = float(pipeline.spec.timeout) + 600
    name = object_name("pipeline", pipeline.name)
    return template(jobs, name, "pipeline", [runner], "run", parameters={"inputs": "{}"}, deadline=deadline)


def _documents(project: ResolvedProject) -> list[dict[str, Any]]:
    """What the interpreter reads: pipelines and batches, and of the rest what their references are checked against."""
    jobs = [
        {"kind": one.kind, **one.model_dump(mode="json", by_alias=True, exclude_defaults=True)}
        for one in (*project.pipelines, *project.batches)
    ]
    workflows = [_document("Workflow", name, _inputs(one)) for name, one in project.workflows.items()]
    deployments = [
        _document("WorkflowDeployment", name, {"workflow": one.workflow})
        for name, one in project.deployments.items()
    ]
    return [*workflows, *deployments, *jobs]


def _document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name}, "spec": spec}


def _inputs(workflow: ResolvedWorkflow) -> dict[str, Any]:
    declared = workflow.inputs or {}
    written = {
        name: one.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for name, one in declared.items()
    }
    return {"inputs": written} if workflow.inputs is not None else {}
