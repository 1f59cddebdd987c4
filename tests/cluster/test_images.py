"""The platform's images on a node: small where they can be, run by nobody, with nothing to write but /tmp."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness import images, layers
from harness.node import Node

MISSING = "import importlib.util as u; print([n for n in {names!r} if u.find_spec(n)])"
HARDENED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
}
Ran = Callable[[str, str], str]


@pytest.fixture
def ran(node: Node) -> Ran:
    """Runs a line of Python in a pod of an image, as an expert would restrict it; returns what it printed."""
    namespace = node.namespace()

    def run(name: str, code: str) -> str:
        image = node.load(images.build(images.RECIPES[name]))
        container = {
            "name": "it",
            "image": image,
            "command": ["python3", "-c", code],
            "securityContext": HARDENED,
        }
        pod = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [container]}
        meta = {"name": name, "namespace": namespace}
        node.apply([{"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": pod}])
        where = ("-n", namespace, f"pod/{name}")
        node.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=100s", *where)
        return node.kubectl("logs", *where)

    return run


def test_the_gateway_has_what_it_imports_and_nothing_that_computes(ran: Ran) -> None:
    absent = ("torch", "pulumi", "hera", "kubernetes")
    code = f"import flowscale_runtime.gateway.app, flowscale_cli.main; {MISSING.format(names=absent)}"
    assert ran("gateway", code) == "[]\n"


def test_nobody_can_change_an_image(ran: Ran) -> None:
    code = (
        "import os, json\n"
        "def writable(path):\n"
        "    try: open(path + '/x', 'w').close()\n"
        "    except OSError: return False\n"
        "    return True\n"
        f"print(json.dumps([os.getuid(), writable('/{layers.LIBRARIES}'), writable('/etc')]))"
    )
    assert json.loads(ran("gateway", code)) == [65532, False, False]


def test_an_image_says_what_it_is_made_of(ran: Ran) -> None:
    bill: dict[str, Any] = json.loads(ran("gateway", "print(open('/opt/flowscale/sbom.json').read())"))
    versions = {component["name"]: component["version"] for component in bill["components"]}
    found = layers.closure(images.RECIPES["gateway"].extras)
    assert versions == {each.name: each.version for each in found}


@pytest.mark.slow
def test_the_executor_computes_with_torch(ran: Ran) -> None:
    code = "import torch, flowscale_runtime.nodes; print(torch.arange(4).sum().item())"
    assert ran("executor", code) == "6\n"
