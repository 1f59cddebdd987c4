"""The templates under Argo's real controller, on a real Kubernetes API: it takes them all, and a schedule fires."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.argo import workflow_controller
from harness.control_plane import ControlPlane
from harness.kubernetes import Kubernetes, wait
from harness.programs import need

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
GOLDEN = Path(__file__).parent / "golden"
NAMESPACE = "studio"


@pytest.fixture(scope="module")
def argo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubernetes]:
    """A namespace with all golden objects in it, looked after by Argo."""
    need("etcd", "kube-apiserver", "kubectl", "workflow-controller")
    folder = tmp_path_factory.mktemp("argo")
    with ControlPlane(folder) as plane:
        plane.kubectl("create", "namespace", NAMESPACE)
        with workflow_controller(plane, NAMESPACE, folder):
            plane.apply(yaml.safe_load(path.read_text()) for path in sorted(GOLDEN.glob("*.yaml")))
            yield plane


def workflow(argo: Kubernetes, name: str) -> Any:
    return argo.get("workflow", name, "-n", NAMESPACE)


def started(argo: Kubernetes, template: str, suffix: str, **parameters: str) -> Any:
    """A workflow of a template, once the controller has looked at it."""
    given = [{"name": name, "value": value} for name, value in parameters.items()]
    name = f"{template}-{suffix}"
    made = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"workflowTemplateRef": {"name": template}, "arguments": {"parameters": given}},
    }
    argo.apply([made])
    wait(lambda: "phase" in workflow(argo, name).get("status", {}), f"{name} is looked at")
    return workflow(argo, name)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("WorkflowTemplate-*.yaml")), ids=lambda path: path.stem)
def test_argo_takes_the_template_and_makes_its_first_pod(argo: Kubernetes, path: Path) -> None:
    template = yaml.safe_load(path.read_text())["metadata"]["name"]
    found = started(argo, template, "taken")
    assert found["status"]["phase"] == "Running", found["status"].get("message")
    selector = f"workflows.argoproj.io/workflow={found['metadata']['name']}"
    wait(lambda: argo.get("pods", "-n", NAMESPACE, "-l", selector)["items"], "its first pod")
    (pod,) = argo.get("pods", "-n", NAMESPACE, "-l", selector)["items"]
    main = next(one for one in pod["spec"]["containers"] if one["name"] == "main")
    assert "flowscale" in str(main["command"])


def test_what_a_pod_is_told_is_what_was_written(argo: Kubernetes) -> None:
    found = started(argo, "batch-catalogue", "told", inputs='{"prompt": "a \\"cat\\""}')
    selector = f"workflows.argoproj.io/workflow={found['metadata']['name']}"
    wait(lambda: argo.get("pods", "-n", NAMESPACE, "-l", selector)["items"], "its first pod")
    (pod,) = argo.get("pods", "-n", NAMESPACE, "-l", selector)["items"]
    words = next(one for one in pod["spec"]["containers"] if one["name"] == "main")["args"]
    assert words[words.index("feed") + 1] == found["metadata"]["name"]
    assert json.loads(words[words.index("--shared") + 1]) == {"prompt": 'a "cat"'}
    assert json.loads(words[words.index("--plan") + 1])["spec"]["deployment"] == "portrait"


def test_argo_takes_the_schedules_and_one_that_is_due_fires(argo: Kubernetes) -> None:
    schedule = yaml.safe_load((GOLDEN / "CronWorkflow-schedule-hourly.yaml").read_text())
    schedule["spec"]["schedules"] = ["* * * * *"]
    argo.apply([schedule])
    fired = "workflows.argoproj.io/cron-workflow=schedule-hourly"
    wait(
        lambda: argo.get("workflows", "-n", NAMESPACE, "-l", fired)["items"],
        "the schedule fires",
        seconds=150,
    )
    for name in ("schedule-hourly", "schedule-nightly"):
        conditions = argo.get("cronworkflow", name, "-n", NAMESPACE).get("status", {}).get("conditions") or []
        assert [one for one in conditions if one["type"].endswith("Error")] == []
