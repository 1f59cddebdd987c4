"""All jobs of a project as objects, in an order in which they can be applied."""

from collections.abc import Iterator

from flowscale_specs import ResolvedProject
from flowscale_stacks.pipelines.batches import batch_template
from flowscale_stacks.pipelines.graphs import pipeline_template
from flowscale_stacks.pipelines.pods import labels
from flowscale_stacks.pipelines.promotions import promotion_template
from flowscale_stacks.pipelines.schedules import schedule_objects
from flowscale_stacks.pipelines.settings import Jobs, Object


def compile_jobs(project: ResolvedProject, jobs: Jobs) -> tuple[Object, ...]:
    """Pure and deterministic. Raises JobsError. Nothing where the project has no jobs."""
    return tuple(_objects(project, jobs))


def _objects(project: ResolvedProject, jobs: Jobs) -> Iterator[Object]:
    if not (project.batches or project.pipelines or project.schedules or project.promotions):
        return
    yield from _identity(jobs)
    for batch in project.batches:
        yield batch_template(jobs, batch)
    for pipeline in project.pipelines:
        yield pipeline_template(jobs, pipeline, project)
    for schedule in project.schedules:
        yield from schedule_objects(jobs, schedule)
    for promotion in project.promotions:
        yield promotion_template(jobs, promotion)


def _identity(jobs: Jobs) -> Iterator[Object]:
    """The account of the pods, and the one right that Argo's executor needs: to tell how its step went."""
    metadata = {"name": "jobs", "namespace": jobs.namespace, "labels": labels(jobs, "jobs")}
    group = "rbac.authorization.k8s.io"
    yield {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata,
        "automountServiceAccountToken": False,
    }
    yield {
        "apiVersion": f"{group}/v1",
        "kind": "Role",
        "metadata": metadata,
        "rules": [
            {
                "apiGroups": ["argoproj.io"],
                "resources": ["workflowtaskresults"],
                "verbs": ["create", "patch"],
            }
        ],
    }
    yield {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "jobs"},
        "subjects": [{"kind": "ServiceAccount", "name": "jobs", "namespace": jobs.namespace}],
    }
