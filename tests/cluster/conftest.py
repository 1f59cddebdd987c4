"""The node that these tests share: a fresh one on this machine, or the cluster of $FLOWSCALE_TEST_KUBECONFIG."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import programs
from harness.kubernetes import Kubernetes
from harness.node import Node, why_not

REACHED = ["127.0.0.1", "::1", "localhost", "10.244.0.0/16", "10.96.0.0/16"]


def pytest_itemcollected(item: pytest.Item) -> None:
    """All of them need the node, take their time, and speak with pods."""
    for mark in (pytest.mark.cluster, pytest.mark.timeout(900), pytest.mark.allow_hosts(REACHED)):
        item.add_marker(mark)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubernetes]:
    """A cluster that runs pods."""
    folder = tmp_path_factory.mktemp("node")
    if kubeconfig := os.environ.get("FLOWSCALE_TEST_KUBECONFIG"):
        existing = attach(Path(kubeconfig), folder)
        yield existing
        existing.close()
        return
    if reason := why_not():
        programs.unavailable(reason)
    with Node(folder) as node:
        yield node


def attach(kubeconfig: Path, folder: Path) -> Kubernetes:
    """A cluster that is up already; the one of scripts/dev-cluster is known with its machine."""
    own = Node(kubeconfig.parent)
    return own if own.containers.socket.exists() else Kubernetes(kubeconfig, folder)


@pytest.fixture
def node(cluster: Kubernetes) -> Node:
    """The cluster, where it is the harness's own."""
    if not isinstance(cluster, Node):
        pytest.skip("$FLOWSCALE_TEST_KUBECONFIG names a cluster whose machines are out of reach")
    return cluster
