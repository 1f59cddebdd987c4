"""The API server gives the same verdict on every rule and deployment as the CEL library does."""

import json
import time
from pathlib import Path

import pytest
from lightkube import ApiError
from lightkube.generic_resource import create_namespaced_resource

from flowscale_specs.resources import definitions
from flowscale_stacks.policies.evaluating import broken
from harness.control_plane import ControlPlane, scratch
from harness.programs import need
from stacks import compiling
from stacks.policies.corpus import DEPLOYMENTS, RULES, resource

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
Deployments = create_namespaced_resource("flowscale.ai", "v1", "WorkflowDeployment", "workflowdeployments")
SENTINEL = "deployment.description != 'refuse me'"


@pytest.fixture(scope="module")
def plane():
    need("etcd", "kube-apiserver", "kubectl")
    with scratch() as folder, ControlPlane(Path(folder)) as plane:
        plane.install(definitions())
        yield plane


@pytest.fixture(scope="module")
def verdicts(plane):
    """(rule, deployment) -> whether the server takes it, each rule bound to a namespace of its own."""
    rules = {**RULES, "sentinel": SENTINEL}
    places = {rule: plane.namespace(rule) for rule in rules}
    for rule, namespace in places.items():
        plane.apply(admission(rule, rules[rule], namespace))
    wait_until_enforced(plane, places["sentinel"])
    return {
        (rule, name): taken(plane, places[rule], resource(name)) for rule in RULES for name in DEPLOYMENTS
    }


def admission(name, rule, namespace):
    """The objects of one policy, as they are compiled."""
    quoted = json.dumps(rule)
    text = (
        f"kind: Policy\nmetadata: {{name: {name}}}\nspec: {{rule: {quoted}, message: Broken.}}\n---\n"
        f"kind: Environment\nmetadata: {{name: there}}\nspec: {{namespace: {namespace}}}\n"
    )
    objects = compiling.compiled(compiling.small(text, "there"))
    return [item for item in objects if item["kind"].startswith("ValidatingAdmissionPolicy")]


def taken(plane, namespace, item):
    """True, or what the server said when it refused a dry run."""
    client = plane.client(namespace)
    item = {**item, "metadata": {"name": item["metadata"]["name"], "namespace": namespace}}
    try:
        client.create(Deployments(item), dry_run=True)
    except ApiError as error:
        return error.status.message
    return True


def wait_until_enforced(plane, namespace):
    """The server reads policies some moments after they were written; the last one it reads is the last written."""
    refused = resource("plain")
    refused["spec"]["description"] = "refuse me"
    for _ in range(300):
        if taken(plane, namespace, refused) is not True:
            time.sleep(2)
            return
        time.sleep(0.2)
    pytest.fail("the server never enforced the policy")


@pytest.mark.parametrize("rule", RULES)
def test_library_and_server_agree(verdicts, rule):
    for name in DEPLOYMENTS:
        library = broken(RULES[rule], resource(name)) is None
        assert (verdicts[rule, name] is True) == library, (name, verdicts[rule, name])


def test_a_refusal_names_the_rule(verdicts):
    assert "budget: Broken." in verdicts["budget", "plain"]


def test_every_rule_is_kept_by_some_and_broken_by_others(verdicts):
    for rule in set(RULES) - {"missing", "retention", "team", "pinned", "digests", "version"}:
        assert len({verdicts[rule, name] is True for name in DEPLOYMENTS}) == 2, rule
