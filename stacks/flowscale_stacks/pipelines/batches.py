"""A Batch as a template: one pod, the feeder, however many items there are."""

from flowscale_specs.kinds.batch import Batch
from flowscale_stacks.pipelines.errors import JobsError
from flowscale_stacks.pipelines.pods import as_json, command, template
from flowscale_stacks.pipelines.settings import Jobs, Object, object_name

GRACE = 600.0
"""Seconds that a feeder gets after the batch's timeout, to cancel and to report."""


def batch_template(jobs: Jobs, batch: Batch) -> Object:
    """The template that feeds a batch. Its parameter `inputs` is JSON: inputs that all its runs have."""
    spec = batch.spec
    source = spec.from_.source if spec.from_ else None
    if source is not None and "://" not in source:
        raise JobsError(
            f"Batch {batch.name}: a pod can't read {source}, which lies beside the spec: put it into a bucket, or list "
            "its rows under inputs"
        )
    if spec.outputs is not None and "://" not in spec.outputs.target:
        raise JobsError(
            f"Batch {batch.name}: what a pod writes to {spec.outputs.target} is lost: name a bucket"
        )
    plan = as_json(
        {"name": batch.name, "spec": spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)}
    )
    words = [
        "batch",
        "feed",
        "{{workflow.name}}",
        "--plan",
        plan,
        "--shared",
        "{{workflow.parameters.inputs}}",
    ]
    deadline = None if spec.timeout is None else float(spec.timeout) + GRACE
    feeder = command(jobs, "feed", words, attempts=50, memory="2Gi")
    return template(
        jobs,
        object_name("batch", batch.name),
        "batch",
        [feeder],
        "feed",
        parameters={"inputs": "{}"},
        deadline=deadline,
    )
