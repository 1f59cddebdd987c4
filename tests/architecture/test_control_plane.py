"""The harness's Kubernetes API: it stores, it refuses what RBAC doesn't grant, two of it don't meet, it leaves nothing."""

import os
from pathlib import Path

import pytest
from lightkube.core.exceptions import ApiError
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Secret

from harness import programs
from harness.control_plane import ControlPlane
from harness.crds import crds
from harness.processes import free_ports


def test_objects_are_stored(control_plane: ControlPlane) -> None:
    namespace = control_plane.namespace()
    meta = {"name": "first", "namespace": namespace}
    control_plane.apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"a": "1"}}])
    assert control_plane.client(namespace).get(ConfigMap, "first").data == {"a": "1"}
    assert control_plane.get("configmap", "first", "-n", namespace)["data"] == {"a": "1"}


def test_only_what_is_granted_is_allowed(control_plane: ControlPlane) -> None:
    namespace = control_plane.namespace()
    control_plane.kubectl("create", "serviceaccount", "reader", "-n", namespace)
    account = f"{namespace}:reader"
    control_plane.kubectl(
        "create", "role", "reader", "--verb=get,list", "--resource=configmaps", "-n", namespace
    )
    binding = ("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={account}")
    control_plane.kubectl(*binding, "-n", namespace)
    client = control_plane.client_of(account)
    assert list(client.list(ConfigMap)) == []
    with pytest.raises(ApiError, match='cannot list resource "secrets"'):
        list(client.list(Secret))


def test_two_of_them_share_nothing(control_plane: ControlPlane, tmp_path: Path) -> None:
    with ControlPlane(tmp_path) as other:
        other.client().create(ConfigMap(metadata=ObjectMeta(name="only-here")))
        with pytest.raises(ApiError, match="not found"):
            control_plane.client().get(ConfigMap, "only-here")
        pids = [process.pid for process in other.processes.running.values()]
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_definitions_of_other_projects_are_served(control_plane: ControlPlane) -> None:
    control_plane.install(crds("argo"))
    assert control_plane.get("workflows.argoproj.io", "-A")["items"] == []


def test_ports_are_different() -> None:
    assert len(set(free_ports(20))) == 20


def test_a_missing_program_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="scripts/toolchain ensure nothing-of-this-name"):
        programs.unavailable("make it with `scripts/toolchain ensure nothing-of-this-name`")
    monkeypatch.setitem(os.environ, "CI", "true")
    with pytest.raises(pytest.fail.Exception, match="missing"):
        programs.need("nothing-of-this-name")
