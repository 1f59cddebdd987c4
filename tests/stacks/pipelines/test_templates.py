"""Every template is the YAML that lies in golden/ (UPDATE_GOLDEN=1 rewrites it), and says what its spec says."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowscale_specs import ResolvedProject, parse, resolve
from flowscale_specs.kinds.batch import BatchSpec
from flowscale_stacks.pipelines import Jobs, JobsError, compile_jobs
from flowscale_stacks.pipelines.pods import literal
from flowscale_stacks.pipelines.settings import LONGEST_NAME, object_name

HERE = Path(__file__).parent
JOBS = Jobs(
    namespace="studio",
    image="registry.example.com/flowscale/jobs:0.1.0",
    state="s3://studio/jobs",
    repository="https://git.example.com/studio/specs",
    labels={"flowscale.ai/project": "studio"},
)


@pytest.fixture(scope="module")
def project() -> ResolvedProject:
    return resolve(parse((HERE / "specs.yaml").read_bytes(), HERE / "specs.yaml"))


@pytest.fixture(scope="module")
def objects(project: ResolvedProject) -> dict[str, Any]:
    return {f"{one['kind']}-{one['metadata']['name']}": one for one in compile_jobs(project, JOBS)}


def test_every_template_is_the_golden_one(objects: dict[str, Any]) -> None:
    files = {name: yaml.safe_dump(one, sort_keys=False, width=120) for name, one in objects.items()}
    golden = HERE / "golden"
    if os.environ.get("UPDATE_GOLDEN"):
        for path in golden.glob("*.yaml"):
            path.unlink()
        for name, text in files.items():
            (golden / f"{name}.yaml").write_text(text)
    assert files == {path.stem: path.read_text() for path in golden.glob("*.yaml")}


def test_a_batch_of_any_size_is_one_pod(objects: dict[str, Any]) -> None:
    spec = objects["WorkflowTemplate-batch-catalogue"]["spec"]
    (template,) = spec["templates"]
    words = template["container"]["args"]
    plan = json.loads(words[words.index("--plan") + 1])
    assert BatchSpec.model_validate(plan["spec"]).parallelism == 8
    assert (
        template["retryStrategy"]["expression"] == "lastRetry.status == 'Error' || lastRetry.exitCode != '5'"
    )
    assert spec["activeDeadlineSeconds"] == 6 * 3600 + 600


def test_a_schedule_keeps_its_zone_and_what_happens_when_it_is_late_or_still_runs(
    objects: dict[str, Any],
) -> None:
    spec = objects["CronWorkflow-schedule-nightly"]["spec"]
    assert (spec["schedules"], spec["timezone"]) == (["30 2 * * mon-fri"], "Europe/Berlin")
    assert (spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == ("Forbid", 1200)
    assert objects["CronWorkflow-schedule-hourly"]["spec"]["concurrencyPolicy"] == "Replace"


def test_a_schedule_without_a_time_is_a_template_that_waits_to_be_started(objects: dict[str, Any]) -> None:
    assert "WorkflowTemplate-schedule-uploads" in objects
    assert "CronWorkflow-schedule-uploads" not in objects


def test_the_time_of_a_start_is_filled_in_by_argo(objects: dict[str, Any]) -> None:
    (given,) = objects["CronWorkflow-schedule-hourly"]["spec"]["workflowSpec"]["arguments"]["parameters"]
    assert json.loads(given["value"]) == {"prompt": "a clock at {{workflow.scheduledTime}}"}


def test_a_promotion_has_no_pod_while_people_are_waited_for(objects: dict[str, Any]) -> None:
    spec = objects["WorkflowTemplate-promotion-release"]["spec"]
    steps = next(one for one in spec["templates"] if one["name"] == "promote")["steps"]
    assert [step["name"] for group in steps for step in group] == ["begin", "wait-1", "after-wait-1"]
    assert next(one for one in spec["templates"] if one["name"] == "wait-1")["suspend"] == {
        "duration": "3600"
    }


def test_nothing_in_a_plan_looks_like_a_parameter_to_argo() -> None:
    plan = json.dumps({"text": "${{'a': 1}}", "more": {"b": "{{workflow.name}}"}})
    assert "{{" not in literal(plan)
    assert json.loads(literal(plan)) == json.loads(plan)
    assert literal("{{workflow.name}}") == "{{workflow.name}}"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("{format: sql, secret: {secret: shop/url}, query: SELECT title AS prompt FROM products ORDER BY id}", "rows.csv",
         "a pod can't read rows.csv"),
        ('"s3://pictures/done"', "done", "what a pod writes to done is lost"),
    ],
)  # fmt: skip
def test_what_a_pod_cant_have_is_refused(old: str, new: str, complaint: str) -> None:
    text = (HERE / "specs.yaml").read_text().replace(old, new)
    with pytest.raises(JobsError, match=complaint):
        compile_jobs(resolve(parse(text.encode(), HERE / "specs.yaml")), JOBS)


def test_a_project_without_jobs_has_no_objects() -> None:
    assert compile_jobs(resolve(parse(b"kind: Project\nmetadata: {name: a}\n", Path("a.yaml"))), JOBS) == ()


def test_names_are_short_lower_case_and_not_shared() -> None:
    names = [object_name("batch", name) for name in ("a", "A", "a.b", "a-b", "x" * 63, "x" * 62)]
    assert names[0] == "batch-a"
    assert len(set(names)) == len(names)
    assert all(len(name) <= LONGEST_NAME and name == name.lower() and "." not in name for name in names)
