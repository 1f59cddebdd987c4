"""Operations by a real engine against a real API server: the life of a stack, and what may go wrong in it."""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowscale_stacks.operations import Operator, Outcome
from flowscale_stacks.operations import errors as bad
from flowscale_stacks.program import Source
from flowscale_stacks.reading.errors import ClusterUnreachable, CredentialsRefused
from harness.control_plane import ControlPlane
from harness.pulumi import Pulumi
from harness.spec_folders import digest, write

pytestmark = [
    pytest.mark.services,
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    # Pulumi's SDK leaves the event loop of an inline program open where its update failed.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

FLOWSCALE = str(Path(sys.executable).parent / "flowscale")


def operator(folder: Path, environment: str = "test", **rest: Any) -> Operator:
    return Operator(source=Source(folder=folder, environment=environment), **rest)


def resource(cluster: ControlPlane, namespace: str, name: str = "hello") -> Any:
    return cluster.get("workflowdeployment.flowscale.ai", name, "-n", namespace)


def namespaces(cluster: ControlPlane) -> set[str]:
    return {each["metadata"]["name"] for each in cluster.get("namespaces")["items"]}


def definitions(cluster: ControlPlane) -> set[str]:
    """Those of our resources."""
    every = cluster.get("customresourcedefinitions")["items"]
    return {each["metadata"]["name"] for each in every if each["spec"]["group"] == "flowscale.ai"}


def touched(outcome: Outcome) -> set[tuple[str, str]]:
    return {(change.operation, change.kind) for change in outcome.changes}


def state(pulumi: Pulumi) -> Any:
    (file,) = (pulumi.folder / "state/.pulumi/stacks").rglob("*.json")
    return json.loads(file.read_text())["checkpoint"]["latest"]


def test_a_stack_goes_up_changes_drifts_heals_and_comes_down(
    cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path
) -> None:
    folder = write(tmp_path / "specs", {"test": "life"})
    first = operator(folder).up()
    assert touched(first) >= {("create", "Namespace"), ("create", "WorkflowDeployment")}
    assert first.outputs["releases"] == {"hello": {"1.0.0": digest("1")}}
    assert resource(cluster, "life")["spec"]["releases"] == {"1.0.0": digest("1")}
    assert operator(folder).preview().changes == ()
    assert operator(folder).drift().changes == ()

    write(folder, {"test": "life"}, description="second")
    assert ("update", "WorkflowDeployment") in touched(operator(folder).preview())
    operator(folder).up()
    assert resource(cluster, "life")["spec"]["description"] == "second"

    edit = json.dumps({"spec": {"description": "by hand"}})
    cluster.kubectl("patch", "wfd", "hello", "-n", "life", "--type=merge", "-p", edit)
    assert touched(operator(folder).drift()) == {("update", "WorkflowDeployment")}
    operator(folder).up(refresh=True)
    assert resource(cluster, "life")["spec"]["description"] == "second"

    operator(folder).destroy()
    assert "life" not in namespaces(cluster)
    assert definitions(cluster) == set()
    with pytest.raises(bad.Nowhere, match="has no stack test"):
        operator(folder).history()


def test_a_refused_object_leaves_the_rest_and_the_state_whole(
    cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path
) -> None:
    folder = write(tmp_path / "specs", {"test": "partial"}, deployments=("good", "evil"))
    policy = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": "no-evil"}}
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["deployments"],
    }
    says = [{"expression": "!object.metadata.name.contains('evil')", "message": "evil is not let in"}]
    spec = {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [rule]}, "validations": says}
    binding = {"policyName": "no-evil", "validationActions": ["Deny"]}
    cluster.apply(
        [
            {**policy, "kind": "ValidatingAdmissionPolicy", "spec": spec},
            {**policy, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding},
        ]
    )
    time.sleep(3)  # policies are compiled a moment after they were written
    try:
        with pytest.raises(bad.Refused, match="evil is not let in"):
            operator(folder).up()
        assert resource(cluster, "partial", "good")["spec"]["workflow"] == "hello"
        assert "pending_operations" not in state(pulumi)
    finally:
        cluster.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "no-evil")
    time.sleep(3)
    outcome = operator(folder).up()
    assert ("create", "Deployment") in touched(outcome)
    assert operator(folder).preview().changes == ()
    operator(folder).destroy()


def test_an_update_that_was_killed_is_recovered(
    cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path
) -> None:
    folder = write(tmp_path / "specs", {"test": "killed"}, deployments=("one", "two"))
    slow = {**os.environ, "FLOWSCALE_TEST_PROVIDER_DELAY": "2"}
    command = [FLOWSCALE, "up", str(folder), "-e", "test", "--yes"]
    update = subprocess.Popen(command, env=slow, start_new_session=True, stderr=subprocess.DEVNULL)
    while "killed" not in namespaces(cluster):
        assert update.poll() is None
        time.sleep(0.2)
    time.sleep(1)
    os.killpg(update.pid, signal.SIGKILL)
    update.wait()
    assert state(pulumi)["pending_operations"]

    outcome = operator(folder).up()
    assert outcome.recovered
    assert "pending_operations" not in state(pulumi)
    assert {each["metadata"]["name"] for each in cluster.get("wfd", "-n", "killed")["items"]} == {
        "one",
        "two",
    }
    assert operator(folder).preview().changes == ()
    operator(folder).destroy()
    assert "killed" not in namespaces(cluster)


def test_two_environments_live_side_by_side(cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path) -> None:
    folder = write(tmp_path / "specs", {"east": "east", "west": "west"})
    for name in ("east", "west"):
        operator(folder, name).up()
    operator(folder, "east").destroy()
    assert "east" not in namespaces(cluster)
    assert resource(cluster, "west")["spec"]["workflow"] == "hello"
    assert definitions(cluster) == {"budgets.flowscale.ai", "workflowdeployments.flowscale.ai"}
    assert operator(folder, "west").drift().changes == ()
    operator(folder, "west").destroy()
    assert definitions(cluster) == set()


def test_fifty_deployments_go_up_at_once(cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path) -> None:
    names = tuple(f"number-{number}" for number in range(50))
    folder = write(tmp_path / "specs", {"test": "fifty"}, deployments=names)
    operator(folder).up()
    assert {each["metadata"]["name"] for each in cluster.get("wfd", "-n", "fifty")["items"]} == set(names)
    operator(folder).destroy()
    assert "fifty" not in namespaces(cluster)


def test_a_rollback_stands_until_git_names_another_release(
    cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path
) -> None:
    folder = write(tmp_path / "specs", {"test": "back"})
    operator(folder).up()
    write(folder, {"test": "back"}, version="2.0.0", letter="2")
    operator(folder).up()
    operator(folder).rollback()
    assert resource(cluster, "back")["spec"]["releases"] == {"1.0.0": digest("1")}
    operator(folder).up()
    assert resource(cluster, "back")["spec"]["releases"] == {"1.0.0": digest("1")}
    write(folder, {"test": "back"}, version="3.0.0", letter="3")
    operator(folder).up()
    assert resource(cluster, "back")["spec"]["releases"] == {"3.0.0": digest("3")}

    entries = operator(folder).history()
    served = [entry.record.served["hello"].releases for entry in entries if entry.record]
    assert served == [
        (("3.0.0", digest("3")),),
        (("1.0.0", digest("1")),),
        (("1.0.0", digest("1")),),
        (("2.0.0", digest("2")),),
        (("1.0.0", digest("1")),),
    ]
    operator(folder).rollback(["hello"], "2222")
    assert resource(cluster, "back")["spec"]["releases"] == {"2.0.0": digest("2")}
    with pytest.raises(bad.Nowhere, match="hello never served a release 9999"):
        operator(folder).rollback(["hello"], "9999")
    operator(folder).destroy()


def test_pulumi_up_from_a_shell_makes_the_same_stack(
    cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path
) -> None:
    folder = write(tmp_path / "specs", {"test": "shell"})
    (folder / "Pulumi.yaml").write_text(
        "name: flowscale-default\nruntime: python\nconfig:\n  flowscale:specs: {value: .}\n"
        "  flowscale:environment: {value: test}\n"
    )
    (folder / "__main__.py").write_text(
        "from flowscale_stacks.program import project_program\n\nproject_program()\n"
    )
    pulumi.run("stack", "init", "test", folder=folder)
    pulumi.run("up", "--yes", "--skip-preview", folder=folder)
    assert resource(cluster, "shell")["spec"]["releases"] == {"1.0.0": digest("1")}
    assert operator(folder).preview().changes == ()
    operator(folder).destroy()


def test_bad_input_says_what_to_do_and_leaves_no_trace(
    cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "specs", {"test": "clash"})
    cluster.kubectl("create", "namespace", "clash")
    with pytest.raises(
        bad.NameClash, match="Namespace clash is in the cluster already and belongs to somebody"
    ):
        operator(folder).up()
    cluster.kubectl("delete", "namespace", "clash")

    routed = write(
        tmp_path / "routed",
        {"test": "routed"},
        rest=", domain: a.example.com, hosting: {route: {gatewayClass: envoy}}",
    )
    with pytest.raises(bad.KindMissing, match="install the definitions of the Gateway API"):
        operator(routed).up()

    config = yaml.safe_load(cluster.kubeconfig.read_text())
    wrong = tmp_path / "kubeconfig"
    monkeypatch.setenv("KUBECONFIG", str(wrong))
    with pytest.raises(ClusterUnreachable, match="set KUBECONFIG"):
        operator(folder).up()
    config["users"][0]["user"]["token"] = "expired"
    wrong.write_text(yaml.safe_dump(config))
    with pytest.raises(CredentialsRefused, match="log in to the cluster again"):
        operator(folder).up()
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    wrong.write_text(yaml.safe_dump(config))
    with pytest.raises(ClusterUnreachable, match=r"no API server answers at https://127\.0\.0\.1:9"):
        operator(folder).up()
    assert namespaces(cluster).isdisjoint({"routed"})


def test_what_is_done_leaves_no_folder_behind(
    cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "specs", {"test": "tidy"})
    (scratch := tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with pytest.raises(bad.Nowhere):
        operator(folder).history()
    operator(folder).up()
    operator(folder).preview()
    gc.collect()
    assert list(scratch.iterdir()) == []
