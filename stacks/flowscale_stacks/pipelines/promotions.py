"""A Promotion as a template: a pod takes it as far as it goes, and while people are waited for there is none."""

from hera.workflows import Step, Steps, Suspend

from flowscale_specs.kinds.promotion import Promotion
from flowscale_stacks.pipelines.errors import JobsError
from flowscale_stacks.pipelines.pods import command, template
from flowscale_stacks.pipelines.settings import Jobs, Object, object_name

FOLDER = "/tmp/specs"  # noqa: S108 (a folder in a pod of its own)


def promotion_template(jobs: Jobs, promotion: Promotion) -> Object:
    """The template that moves releases through the stages. Its parameter `revision` says what is promoted in git.

    A pause ends when somebody decides and resumes it, or with the time for it. The pod after it reads what was said:
    it goes on, waits for those who haven't answered, or fails and gives the stage back what it had.
    """
    if jobs.repository is None:
        raise JobsError(f"Promotion {promotion.name}: say which git repository holds the specs")
    words = ["promote", promotion.name, "--id", "{{workflow.name}}", "--folder", FOLDER]
    source = ["--clone", jobs.repository, "--revision", "{{workflow.parameters.revision}}"]
    pauses = [
        Suspend(name=f"wait-{number}", duration=str(int(max(float(one.timeout) for one in stage.approvals))))
        for number, stage in enumerate(promotion.spec.stages)
        if stage.approvals
    ]
    begin = command(jobs, "begin", [*words, *source], attempts=5, memory="4Gi")
    go_on = command(jobs, "go-on", [*words, *source, "--wait"], attempts=20, memory="4Gi")
    with Steps(name="promote") as promote:
        Step(name="begin", template="begin")
        for pause in pauses:
            Step(name=str(pause.name), template=pause.name)
            Step(name=f"after-{pause.name}", template="go-on")
    templates = [promote, begin, *([go_on, *pauses] if pauses else [])]
    name = object_name("promotion", promotion.name)
    return template(jobs, name, "promotion", templates, "promote", parameters={"revision": "HEAD"})
