"""A Promotion as a template: for each stage its steps one after the other, a question as a suspended step, rollback at the end."""

from collections.abc import Iterator

from hera.workflows import Parameter, Step, Steps, Suspend

from flowscale_specs.kinds.promotion import Promotion, Stage
from flowscale_stacks.pipelines.errors import JobsError
from flowscale_stacks.pipelines.pods import command, template
from flowscale_stacks.pipelines.settings import Jobs, Object, object_name

DO = "do"


def promotion_template(jobs: Jobs, promotion: Promotion) -> Object:
    """The template that moves releases through the stages. Its parameter `revision` names what is promoted in git."""
    if jobs.repository is None:
        raise JobsError(f"Promotion {promotion.name}: say which git repository holds the specs")
    words = ["promote", promotion.name, "--id", "{{workflow.name}}", "--repository", jobs.repository]
    one = command(
        jobs,
        DO,
        [
            *words,
            "--revision",
            "{{workflow.parameters.revision}}",
            "--stage",
            "{{inputs.parameters.stage}}",
            "--step",
            "{{inputs.parameters.step}}",
        ],
        attempts=3,
        memory="4Gi",
        inputs=[Parameter(name="stage"), Parameter(name="step")],
    )
    back = command(jobs, "back", [*words, "--step", "settle", "--outcome", "{{workflow.status}}"], attempts=5)
    questions = list(_questions(promotion))
    with Steps(name="promote") as promote:
        for stage in promotion.spec.stages:
            _stage(stage)
    return template(
        jobs,
        object_name("promotion", promotion.name),
        "promotion",
        [promote, one, back, *questions],
        "promote",
        parameters={"revision": "HEAD"},
        on_exit="back",
    )


def steps_of(stage: Stage) -> list[str]:
    """What is done in a stage, in order; `ask` is followed by a pause."""
    wanted = {check.kind for check in stage.tests}
    return [
        "check",
        *(["ask", "agreed"] if stage.approvals else []),
        *(["security"] if "security" in wanted else []),
        "deploy",
        *(["canary"] if stage.canary is not None else []),
        *(["golden"] if "golden" in wanted else []),
        *(["performance"] if "performance" in wanted else []),
        *(["extra"] if wanted & {"integration", "command", "webhook"} else []),
        "verify",
    ]


def _stage(stage: Stage) -> None:
    for step in steps_of(stage):
        name = f"{stage.environment.lower()}-{step}"
        Step(name=name, template=DO, arguments={"stage": stage.environment, "step": step})
        if step == "ask":
            Step(name=f"{stage.environment.lower()}-wait", template=_waiting(stage))


def _questions(promotion: Promotion) -> Iterator[Suspend]:
    """Pauses: they end when somebody decides, or with the time for it; the step after them looks at what was said."""
    for stage in promotion.spec.stages:
        if stage.approvals:
            longest = max(float(one.timeout) for one in stage.approvals)
            yield Suspend(name=_waiting(stage), duration=f"{int(longest)}")


def _waiting(stage: Stage) -> str:
    return f"wait-{stage.environment.lower()}"
