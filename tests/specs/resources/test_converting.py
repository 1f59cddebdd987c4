"""Resources say all that a resolved deployment or budget says, and can be read back from JSON."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from flowscale_specs import Unpinned, load, resolve
from flowscale_specs.resources import (
    budget_resource_of,
    read_budget_resource,
    read_resource,
    resource_of,
)
from specs.resources import deployments as any_

EXAMPLE = Path(__file__).parents[3] / "examples" / "01-photo-upscale"
COMPLETE = Path(__file__).parents[1] / "complete"
OLD, NEW = "sha256:" + "0f" * 32, "sha256:" + "1e" * 32
RELEASES = {"portrait": {"2.0.0": OLD, "2.1.0": NEW}}


@pytest.fixture(scope="module")
def project():
    return resolve(load(COMPLETE), "production")


@settings(max_examples=60, deadline=None)
@given(any_.projects())
def test_any_deployment_is_read_back_as_it_was_written(given):
    project, releases = given
    ((name, deployment),) = project.deployments.items()

    read = read_resource(json.loads(json.dumps(resource_of(project, name, releases))))

    assert read.deployment == deployment
    assert read.releases == releases[deployment.workflow]
    assert read.budgets == tuple(b.name for b in project.budgets.values() if name in b.deployments)
    assert (read.project.name, read.project.environment) == (project.name, project.environment)
    assert (read.project.organization, read.project.team) == (project.organization, project.team)
    assert read.project.roles == project.roles
    assert (read.project.members, read.project.retention) == (project.members, project.retention)
    assert read.project.prices == project.prices


@settings(max_examples=40, deadline=None)
@given(any_.projects())
def test_any_budget_is_read_back_as_it_was_written(given):
    project, _ = given
    ((name, budget),) = project.budgets.items()

    read = read_budget_resource(json.loads(json.dumps(budget_resource_of(project, name))))

    assert read.budget == budget
    assert read.project.name == project.name


def test_values_are_bare_numbers_in_fixed_units(project):
    spec = resource_of(project, "portrait", RELEASES)["spec"]

    assert spec["limits"] == {
        "timeout": 600,
        "queue": 500,
        "concurrency": 6,
        "body": 52_428_800,
        "rate": {"requests": 10, "seconds": 1},
        "memory": 8 * 2**30,
        "attempts": 2,
        "idempotencyWindow": 60,
    }
    assert spec["traffic"] == {"2.1.0": 10, "2.0.0": 90}
    assert spec["gpuType"]["price"] == 2_000_000
    assert isinstance(spec["limits"]["timeout"], int)


def test_release_digests_go_with_the_versions_that_get_traffic(project):
    resource = resource_of(project, "portrait", {"portrait": {**RELEASES["portrait"], "1.0.0": OLD}})

    assert resource["spec"]["releases"] == {"2.1.0": NEW, "2.0.0": OLD}


def test_a_version_without_a_release_is_refused(project):
    with pytest.raises(Unpinned, match=r"portrait 2\.1\.0 has no release: run `flowscale pin`"):
        resource_of(project, "portrait", {"portrait": {"2.0.0": OLD}})


def test_what_is_not_given_is_empty_text_for_names_and_absent_otherwise():
    project = resolve(load(EXAMPLE))
    spec = resource_of(project, "photo-upscale", {"photo-upscale": {"1.0.0": OLD}})["spec"]

    assert spec["budget"] == ""
    assert spec["gpuType"]["resource"] == ""
    assert "jwt" not in spec["auth"]
    assert "latency" not in spec["scaling"]


def test_keys_that_a_newer_release_wrote_are_left_out(project):
    resource = resource_of(project, "portrait", RELEASES)
    resource["spec"]["invented"] = {"later": True}
    resource["spec"]["limits"]["invented"] = 3

    assert read_resource(resource).deployment == project.deployments["portrait"]


def test_shares_stay_exact(project):
    resource = resource_of(project, "portrait", RELEASES)
    resource["spec"]["traffic"] = {"2.1.0": 0.1, "2.0.0": 99.9}

    assert read_resource(resource).deployment.traffic == (
        ("2.1.0", Decimal("0.1")),
        ("2.0.0", Decimal("99.9")),
    )
