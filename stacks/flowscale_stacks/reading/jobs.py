"""The jobs of a project as objects of a target: where Argo's pods find images, the gateway and what they keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_stacks.compile import settings
from flowscale_stacks.compile.context import NOWHERE, Context
from flowscale_stacks.compile.objects import ownership
from flowscale_stacks.reading.errors import NotDeployable

if TYPE_CHECKING:
    from flowscale_specs import ResolvedProject
    from flowscale_stacks.compile import Images, Object
    from flowscale_stacks.pipelines import Jobs

FOLDER = "jobs"
JOB_VERSIONS = {"WorkflowTemplate": "argoproj.io/v1alpha1", "CronWorkflow": "argoproj.io/v1alpha1"}
"""The kinds of Argo that are made -> apiVersion."""


def job_objects(project: ResolvedProject, images: Images) -> tuple[Object, ...]:
    """Argo's templates for batches, schedules, pipelines and promotions; nothing where there are none, or where the
    environment has others run them. Raises NotDeployable."""
    context = Context(project=project, target=project.target or NOWHERE, images=images, releases={})
    if not context.has_jobs:
        return ()
    # hera takes a second to load, which projects without jobs don't need.
    from flowscale_stacks.pipelines import JobsError, compile_jobs

    try:
        return compile_jobs(project, _jobs(context))
    except JobsError as error:
        raise NotDeployable(str(error)) from error


def _jobs(context: Context) -> Jobs:
    from flowscale_stacks.pipelines import Jobs

    address, variables = settings.objects_address(context)
    return Jobs(
        namespace=context.namespace,
        image=context.images.jobs,
        state=f"{address}/{FOLDER}",
        gateway=f"http://gateway:{settings.HTTP}",
        repository=context.hosting.jobs.repository,
        labels=ownership(context),
        environment=tuple(variables),
    )
