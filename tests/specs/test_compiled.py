"""What specs were compiled to may lie beside them, and isn't read as a spec."""

from pathlib import Path

from flowscale_specs import load

SPEC = "kind: WorkflowDeployment\nmetadata: {name: hello}\nspec: {workflow: hello}\n"
WORKFLOW = "kind: Workflow\nmetadata: {name: hello}\nspec: {source: hello.json}\n"
RESOURCE = """
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: hello, namespace: studio, labels: {app.kubernetes.io/managed-by: flowscale}}
spec: {workflow: hello, releases: {}}
"""


def test_resources_of_a_cluster_are_left_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "hello.json").write_text("{}")
    (tmp_path / "flowscale.yaml").write_text(f"{WORKFLOW}---\n{SPEC}")
    (tmp_path / "kubernetes.yaml").write_text(RESOURCE)
    assert [entry.document.kind for entry in load(tmp_path).entries] == ["Workflow", "WorkflowDeployment"]
