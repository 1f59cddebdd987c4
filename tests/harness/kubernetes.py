"""What a test does with any Kubernetes cluster: kubectl, objects applied, clients, namespaces, definitions."""

import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lightkube import Client, KubeConfig
from lightkube.config.models import User
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.core_v1 import Namespace

from harness.programs import program


class Kubernetes:
    """A cluster behind a kubeconfig of its administrator; `folder` is scratch."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self._kubeconfig = kubeconfig
        self.folder = folder
        self.clients: list[Client] = []

    @property
    def kubeconfig(self) -> Path:
        return self._kubeconfig

    def close(self) -> None:
        """Closes the clients that are still open."""
        while self.clients:
            self.clients.pop().close()

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Runs kubectl as the administrator and returns what it printed; its failure is an AssertionError."""
        command = [str(program("kubectl")), f"--kubeconfig={self.kubeconfig}", *words]
        cache = {"KUBECACHEDIR": str(self.folder / "kubectl"), "HOME": str(self.folder)}
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=cache, timeout=120, check=False
        )
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
        return done.stdout

    def get(self, *words: str) -> Any:
        """What `kubectl get` says, as plain values."""
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def apply(self, objects: Iterable[Mapping[str, Any]], *words: str) -> None:
        """Applies plain objects on the server's side, in their order."""
        stdin = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("apply", "--server-side", "--force-conflicts", *words, "-f", "-", stdin=stdin)

    def client(self, namespace: str = "default") -> Client:
        """A lightkube client of the administrator, closed with the control plane if not before."""
        return self._client(KubeConfig.from_file(self.kubeconfig), namespace)

    def client_of(self, account: str) -> Client:
        """A client that is `namespace:serviceaccount`, with the rights of that account alone."""
        namespace, name = account.split(":")
        token = self.kubectl("create", "token", name, "-n", namespace).strip()
        cluster = KubeConfig.from_file(self.kubeconfig).get().cluster
        config = KubeConfig.from_one(
            cluster=cluster, user=User(token=token), namespace=namespace, fname=self.kubeconfig
        )
        return self._client(config, namespace)

    def namespace(self, prefix: str = "test") -> str:
        """Makes a namespace that no other test uses; returns its name."""
        name = f"{prefix}-{secrets.token_hex(4)}"
        with self.client() as client:
            client.create(Namespace(metadata=ObjectMeta(name=name)))
        return name

    def install(self, crds: Iterable[Mapping[str, Any]]) -> None:
        """Applies custom resource definitions and waits until the API serves them."""
        definitions = list(crds)
        self.apply(definitions)
        names = [each["metadata"]["name"] for each in definitions]
        with self.client() as client:
            wait(lambda: all(established(client, name) for name in names), "definitions are served")

    def _client(self, config: KubeConfig, namespace: str) -> Client:
        client = Client(config=config.get(), namespace=namespace, field_manager="tests", trust_env=False)
        self.clients.append(client)
        return client


def established(client: Client, name: str) -> bool:
    """Whether the API serves what a custom resource definition defines."""
    status = client.get(CustomResourceDefinition, name).status
    return any(
        condition.type == "Established" and condition.status == "True"
        for condition in (status and status.conditions) or ()
    )


def wait(ready: Callable[[], bool], what: str, seconds: float = 100, tell: Callable[[], str] = str) -> None:
    """Waits until `ready`; afterwards it is an AssertionError that quotes what `tell` says."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"not within {seconds} s: {what}\n{tell()}"
        time.sleep(0.1)
