"""Components in a third party's own program, run by a real engine from a shell, against a real API server."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.control_plane import ControlPlane
from harness.pulumi import Pulumi

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(600)]

PROGRAM = """
import json, pathlib, pulumi
from flowscale_stacks.components import Project, ProjectArgs

objects = json.loads(pathlib.Path("objects.json").read_text())
project = Project("studio", ProjectArgs(objects=objects, releases={"hello": {"1.0.0": "sha256:1"}}))
pulumi.export("urls", project.urls)
pulumi.export("releases", project.deployments["hello"].releases)
"""


def objects(namespace: str, data: str = "1") -> list[dict[str, Any]]:
    place = {"namespace": namespace}
    pod = {
        "metadata": {"labels": {"app": "hello"}},
        "spec": {"containers": [{"name": "main", "image": "example.com/none:1"}]},
    }
    mine = {"flowscale.ai/deployment": "hello"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings", **place},
            "data": {"a.b_c": data},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "token", **place},
            "stringData": {"t": "tops3cret"},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "executor", "labels": mine, **place},
            "spec": {"selector": {"matchLabels": {"app": "hello"}}, "template": pod},
        },
    ]


def write(folder: Path, wanted: list[dict[str, Any]]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "Pulumi.yaml").write_text("name: studio\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "objects.json").write_text(json.dumps(wanted))


def test_a_program_with_components_goes_up_changes_and_comes_down(
    cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path
) -> None:
    folder = tmp_path / "program"
    write(folder, objects("studio-shell"))
    pulumi.run("stack", "init", "dev", folder=folder)
    pulumi.run("up", "--yes", "--skip-preview", folder=folder)
    settings = cluster.get("configmap", "settings", "-n", "studio-shell")
    assert settings["data"] == {"a.b_c": "1"}
    outputs = json.loads(pulumi.run("stack", "output", "--json", folder=folder).stdout)
    assert outputs == {
        "urls": ["http://gateway.studio-shell.svc:8000"],
        "releases": {"1.0.0": "sha256:1"},
    }
    state = subprocess.run(
        ["grep", "-rlE", "tops3cret|dG9wczNjcmV0", str(pulumi.folder / "state")],
        capture_output=True,
        text=True,
    )
    assert state.stdout == ""

    write(folder, objects("studio-shell", "2"))
    preview = pulumi.run("preview", "--json", folder=folder)
    steps = {step["urn"].rpartition("::")[2]: step["op"] for step in json.loads(preview.stdout)["steps"]}
    assert {name: op for name, op in steps.items() if op != "same"} == {"settings": "update"}

    protected = pulumi.run("destroy", "--yes", "--skip-preview", folder=folder, check=False)
    assert "protected" in protected.stdout + protected.stderr
    pulumi.run("state", "unprotect", "--all", "--yes", folder=folder)
    pulumi.run("destroy", "--yes", "--skip-preview", folder=folder)
    left = json.loads(cluster.kubectl("get", "namespaces", "-o", "json"))
    assert "studio-shell" not in {each["metadata"]["name"] for each in left["items"]}
