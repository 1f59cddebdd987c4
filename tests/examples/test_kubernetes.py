"""Every example goes to Kubernetes: its lock is what pinning gives, and an API server takes its golden objects."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from harness.control_plane import ControlPlane, scratch
from harness.programs import need

EXAMPLES = sorted(path.parent for path in Path(__file__).parents[2].glob("examples/*/environment.yaml"))
every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
pytestmark = [pytest.mark.services, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    need("etcd", "kube-apiserver", "kubectl")
    with scratch() as folder, ControlPlane(Path(folder)) as plane:
        yield plane


@every_example
def test_a_lock_names_the_releases_that_pinning_makes(example: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "flowscale"
    shutil.copytree(example, tmp_path / example.name)
    made = subprocess.run(
        [program, "pin", tmp_path / example.name, "--check", "--data", tmp_path / "data"],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr


@every_example
def test_an_api_server_takes_every_golden_object(example: Path, plane: ControlPlane) -> None:
    objects = list(yaml.safe_load_all((example / "kubernetes.yaml").read_text()))
    first = [each for each in objects if each["kind"] in {"Namespace", "CustomResourceDefinition"}]
    plane.install([each for each in first if each["kind"] == "CustomResourceDefinition"])
    plane.apply([each for each in first if each["kind"] == "Namespace"])
    told = plane.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", example / "kubernetes.yaml")
    assert len(told.splitlines()) == len(objects)
