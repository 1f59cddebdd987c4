"""A real API server and a real Pulumi engine for the tests of stacks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.control_plane import ControlPlane
from harness.programs import need
from harness.pulumi import Pulumi


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """An API server with controllers, for all tests that need one."""
    need("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
    with ControlPlane(tmp_path_factory.mktemp("cluster"), controllers=True) as plane:
        yield plane


@pytest.fixture
def pulumi(cluster: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pulumi:
    """An engine with no stacks yet; its settings are in the environment of this process too."""
    need("pulumi")
    engine = Pulumi(tmp_path / "pulumi", cluster.kubeconfig)
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    return engine
