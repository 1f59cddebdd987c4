"""Jobs of a project stand among the objects of a target, with what their pods need to reach."""

from pathlib import Path
from typing import Any

import pytest

from flowscale_stacks.compile import Object
from flowscale_stacks.reading import Source, objects_of, read_specs
from flowscale_stacks.reading.errors import NotDeployable
from harness.spec_folders import write

BATCH = "---\nkind: Batch\nmetadata: {name: all}\nspec: {deployment: hello, inputs: [{}]}\n"
PROMOTION = "---\nkind: Promotion\nmetadata: {name: on}\nspec: {stages: [test]}\n"


def objects(folder: Path, text: str, rest: str = "") -> dict[tuple[str, str], Object]:
    write(folder, {"test": "jobs"}, rest=rest)
    with (folder / "flowscale.yaml").open("a") as file:
        file.write(text)
    found = objects_of(read_specs(Source(folder=folder, environment="test")))
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def variables(found: dict[tuple[str, str], Object]) -> list[dict[str, Any]]:
    (template,) = found["WorkflowTemplate", "batch-all"]["spec"]["templates"]
    return list(template["container"]["env"])


def test_a_batch_is_applied_with_the_rest_and_is_ours(tmp_path: Path) -> None:
    found = objects(tmp_path, BATCH)
    template = found["WorkflowTemplate", "batch-all"]
    assert template["metadata"]["namespace"] == "jobs"
    assert template["metadata"]["labels"]["flowscale.ai/environment"] == "test"
    assert {"name": "FLOWSCALE_BATCHES", "value": "s3://flowscale/jobs/batches"} in variables(found)
    assert {"name": "AWS_ENDPOINT_URL", "value": "http://objects:7070"} in variables(found)


def test_an_address_that_a_secret_holds_is_known_before_it_is_used(tmp_path: Path) -> None:
    found = variables(objects(tmp_path, BATCH, ", stores: {objects: {secret: bucket/url}}"))
    names = [each["name"] for each in found]
    assert names.index("FLOWSCALE_OBJECTS") < names.index("FLOWSCALE_BATCHES")
    assert {"name": "FLOWSCALE_BATCHES", "value": "$(FLOWSCALE_OBJECTS)/jobs/batches"} in found


def test_pods_of_jobs_reach_the_gateway_and_the_store_and_nothing_else_inside(tmp_path: Path) -> None:
    policy = objects(tmp_path, BATCH)["NetworkPolicy", "jobs"]["spec"]
    inside = [
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for rule in policy["egress"]
        for peer in rule["to"]
        if "podSelector" in peer
    ]
    assert inside == ["gateway", "objects"]


@pytest.mark.parametrize(("text", "rest"), [("", ""), (BATCH, ", hosting: {jobs: none}")])
def test_without_jobs_or_argo_there_is_nothing_of_them(tmp_path: Path, text: str, rest: str) -> None:
    found = objects(tmp_path, text, rest)
    assert ("NetworkPolicy", "jobs") not in found
    assert "WorkflowTemplate" not in {kind for kind, _ in found}


def test_a_promotion_wants_a_repository(tmp_path: Path) -> None:
    with pytest.raises(NotDeployable, match="Promotion on: say which git repository holds the specs"):
        objects(tmp_path / "without", PROMOTION)
    found = objects(
        tmp_path / "with", PROMOTION, ", hosting: {jobs: {repository: https://git.example.com/specs}}"
    )
    assert ("WorkflowTemplate", "promotion-on") in found
