"""What is there: a file, an older commit, a cluster."""

import subprocess
from pathlib import Path

import pytest

from flowscale_stacks.plan import compare
from flowscale_stacks.reading import (
    ClusterUnreachable,
    NotObjects,
    NotRevision,
    Source,
    at_revision,
    objects_of,
    read_cluster,
    read_objects,
    read_specs,
    render_objects,
)
from harness.control_plane import ControlPlane, scratch
from harness.crds import crds
from harness.programs import need
from stacks import compiling


def test_objects_are_read_back_as_they_were_written(tmp_path):
    objects = compiling.compiled(compiling.complete())
    (tmp_path / "objects.yaml").write_text(render_objects(objects))

    assert read_objects(tmp_path / "objects.yaml") == objects


@pytest.mark.parametrize("text", ["- 1\n", "kind: A\n", "{", "a: b\n"])
def test_a_file_of_something_else_is_refused(tmp_path, text):
    (tmp_path / "objects.yaml").write_text(text)

    with pytest.raises(NotObjects, match=r"objects\.yaml"):
        read_objects(tmp_path / "objects.yaml")


@pytest.fixture
def repository(tmp_path):
    """A folder of specs in git, with one commit; then its specs change."""
    folder = tmp_path / "repository" / "specs"
    folder.mkdir(parents=True)
    (folder / "workflow.json").write_text("{}")
    (folder / "flowscale.yaml").write_text(_spec(2))
    (folder / "flowscale.lock").write_text(
        f"apiVersion: flowscale.ai/v1\nreleases:\n  hello:\n    1.0.0: {compiling.OLD}\n"
    )
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        author = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *author, *words], cwd=folder.parent, check=True)
    (folder / "flowscale.yaml").write_text(_spec(5))
    return folder


def _spec(most):
    return (
        "kind: Workflow\nmetadata: {name: hello}\nspec: {}\n---\n"
        f"kind: WorkflowDeployment\nspec: {{gpu: L4, scaling: {{max: {most}}}}}\n"
    )


def _objects(folder):
    return objects_of(read_specs(Source(folder=folder)))


def test_a_folder_is_read_as_it_was_at_a_revision(repository):
    with at_revision(repository, "HEAD") as before:
        old = _objects(before)

    changed = {
        (change.kind, field.path) for change in compare(old, _objects(repository)) for field in change.fields
    }

    assert changed == {
        ("WorkflowDeployment", "spec.scaling.max"),
        ("WorkflowDeployment", "spec.limits.concurrency"),
        ("ResourceQuota", "spec.hard['requests.nvidia.com/gpu']"),
    }


def test_a_revision_that_is_not_there_is_told(repository):
    with pytest.raises(NotRevision, match="at nowhere"), at_revision(repository, "nowhere"):
        pass


@pytest.fixture(scope="module")
def plane():
    need("etcd", "kube-apiserver", "kubectl")
    with scratch() as folder, ControlPlane(Path(folder)) as plane:
        plane.install(crds("gateway-api"))
        yield plane


@pytest.mark.services
@pytest.mark.timeout(600)
def test_a_plan_after_applying_is_empty_and_a_hand_edit_is_drift(plane, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig))
    objects = compiling.compiled(compiling.complete("edge"))
    plane.apply([item for item in objects if item["kind"] in {"Namespace", "CustomResourceDefinition"}])
    plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    before = read_cluster(objects)
    plane.apply(objects)

    assert {item["kind"] for item in before} == {"Namespace", "CustomResourceDefinition"}
    assert compare(read_cluster(objects), objects, live=True) == ()

    plane.kubectl("scale", "deployment/controllers", "--replicas=0", "-n", "flowscale-edge")
    (change,) = compare(read_cluster(objects), objects, live=True)

    assert (change.action, change.kind, change.name) == ("change", "Deployment", "controllers")
    assert [(field.path, field.before, field.after) for field in change.fields] == [("spec.replicas", 0, 2)]


def test_a_cluster_that_does_not_answer_is_told(tmp_path, monkeypatch):
    config = tmp_path / "config"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
        "clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: a, user: {}}]\n"
    )
    monkeypatch.setenv("KUBECONFIG", str(config))

    with pytest.raises(ClusterUnreachable, match="no API server answers"):
        read_cluster(compiling.compiled(compiling.small()))
