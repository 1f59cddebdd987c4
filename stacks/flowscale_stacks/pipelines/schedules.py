"""A Schedule as a template that triggers start, and as a CronWorkflow that starts it by time."""

from collections.abc import Iterator

from hera.workflows import CronWorkflow, Parameter, Step, Steps
from hera.workflows import models as m

from flowscale_specs.kinds.schedule import Schedule
from flowscale_stacks.pipelines.pods import as_json, command, labels, template
from flowscale_stacks.pipelines.settings import Jobs, Object, object_name

POLICIES = {"allow": "Allow", "forbid": "Forbid", "replace": "Replace"}


def schedule_objects(jobs: Jobs, schedule: Schedule) -> Iterator[Object]:
    """The template of what is started, with the parameter `inputs`, and the CronWorkflow where there is a time."""
    yield _started(jobs, schedule)
    if schedule.spec.cron is not None:
        yield _cron(jobs, schedule)


def _started(jobs: Jobs, schedule: Schedule) -> Object:
    target, name = schedule.spec.run, object_name("schedule", schedule.name)
    inputs = {"inputs": as_json(_plain(schedule))}
    if target.deployment is not None:
        words = ["run", target.deployment, "--inputs", "{{workflow.parameters.inputs}}", "--json"]
        runner = command(
            jobs,
            "run",
            [*words, "--idempotency-key", "{{workflow.uid}}", "--output", "/tmp/outputs"],  # noqa: S108
        )
        return template(jobs, name, "schedule", [runner], "run", parameters=inputs)
    kind, entry = ("batch", "feed") if target.batch is not None else ("pipeline", "run")
    reference = m.TemplateRef(name=object_name(kind, target.batch or target.pipeline or ""), template=entry)
    with Steps(name="start") as start:
        Step(name=entry, template_ref=reference)
    return template(jobs, name, "schedule", [start], "start", parameters=inputs)


def _cron(jobs: Jobs, schedule: Schedule) -> Object:
    spec = schedule.spec
    inputs = as_json(_plain(schedule)).replace("${time}", "{{workflow.scheduledTime}}")
    made = CronWorkflow(
        name=object_name("schedule", schedule.name),
        namespace=jobs.namespace,
        labels=labels(jobs, "schedule"),
        schedules=[str(spec.cron)],
        timezone=str(spec.time_zone),
        concurrency_policy=POLICIES[spec.concurrency],
        starting_deadline_seconds=int(spec.deadline),
        cron_suspend=spec.suspended,
        successful_jobs_history_limit=3,
        failed_jobs_history_limit=3,
        workflow_metadata=m.WorkflowMetadata(labels=labels(jobs, "schedule")),
        workflow_template_ref=m.WorkflowTemplateRef(name=object_name("schedule", schedule.name)),
        arguments=[Parameter(name="inputs", value=inputs)],
    )
    return dict(made.to_dict())


def _plain(schedule: Schedule) -> dict[str, object]:
    return dict(schedule.spec.inputs)
