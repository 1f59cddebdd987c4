"""The platform on a cluster: a spec folder compiled, applied and called, with images of this checkout."""

import os
import shutil
import signal
import subprocess
import sys
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import httpx
import yaml

from flowscale import FlowScaleClient
from flowscale_runtime.stores.buckets import BucketObjects
from flowscale_specs import load, resolve
from flowscale_specs.releases import LOCK_NAME, read_lock
from flowscale_stacks.compile import Images, Object, compile_project
from harness import images, layers, stores
from harness.kubernetes import wait
from harness.node import Node

HOSTING = {"gateways": {"min": 1, "max": 1}, "engine": "inprocess", "storage": "1Gi"}
FLOWSCALE = Path(sys.executable).parent / "flowscale"


@dataclass
class Platform:
    """An installation in a namespace of its own."""

    node: Node
    namespace: str
    folder: Path
    objects: tuple[Object, ...] = ()
    key: str = ""
    controllers: int = 0

    @property
    def specs(self) -> Path:
        """The spec folder, for a test to change."""
        return self.folder / "specs"

    def kubectl(self, *words: str) -> str:
        return self.node.kubectl("-n", self.namespace, *words)

    def ready(self, *workloads: str, seconds: int = 300) -> None:
        """Waits until workloads are as they should be; afterwards their pods are described."""
        for workload in workloads:
            try:
                self.kubectl("rollout", "status", workload, f"--timeout={seconds}s")
            except AssertionError as error:
                told = self.kubectl("get", "pods", "-o", "wide") + self.logs(workload)
                raise AssertionError(f"{error}\n{told}\n{self.kubectl('get', 'events')[-3000:]}") from error

    def served(self) -> None:
        """Waits until the gateway serves every deployment: bundles may reach its store after it has started."""
        named = (each["metadata"]["name"] for each in self.objects if each["kind"] == "WorkflowDeployment")
        wanted = dict.fromkeys(named, "ready")

        def found() -> dict[str, str]:
            listed = self.get("/api/v1/deployments").json()["data"]["deployments"]
            return {one["name"]: one["status"] for one in listed}

        wait(
            lambda: found() == wanted,
            f"the gateway serves {', '.join(wanted)}",
            100,
            lambda: self.logs("deployment/gateway"),
        )

    def logs(self, workload: str) -> str:
        try:
            return self.kubectl("logs", workload, "--tail=40", "--all-containers")
        except AssertionError as error:
            return str(error)

    def executors(self) -> list[str]:
        """The names of the executors' Deployments."""
        return [f"deployment/{each['metadata']['name']}" for each in self.objects if is_executor(each)]

    def address(self, service: str) -> str:
        """Where a Service is reached from outside of pods."""
        return str(self.node.get("service", service, "-n", self.namespace)["spec"]["clusterIP"])

    def secret(self, name: str, key: str) -> str:
        return b64decode(self.node.get("secret", name, "-n", self.namespace)["data"][key]).decode()

    def client(self) -> FlowScaleClient:
        """A client of the gateway with the owner's key."""
        return FlowScaleClient(api_key=self.owner_key(), base_url=self.url(), timeout=120)

    def url(self) -> str:
        return f"http://{self.address('gateway')}:8000"

    def get(self, path: str) -> httpx.Response:
        """One request of a caller that keeps no connection."""
        headers = {"Authorization": f"Bearer {self.owner_key()}"}
        return httpx.get(f"{self.url()}{path}", headers=headers, timeout=60, trust_env=False)

    def kill(self, container: str) -> None:
        """Kills containers of this name as the kernel would."""
        pids = self.node.containers.pids(self.namespace, container)
        assert pids
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        """Takes everything away; the pods go in their own time."""
        self.node.kubectl("delete", "namespace", self.namespace, "--wait=false")

    def owner_key(self) -> str:
        """The key that the first gateway made; only that pod has it, so it is read once."""
        if not self.key:
            self.key = self.kubectl("exec", "deployment/gateway", "--", "cat", "/data/owner.key").strip()
        return self.key


def install(node: Node, source: Path, folder: Path, *, controllers: int = 0) -> Platform:
    """Pins a spec folder, compiles it with images of this checkout, and applies all that comes of it.

    Without `controllers` a test decides on the number of pods itself.
    """
    platform = Platform(node, node.namespace("platform"), folder, controllers=controllers)
    shutil.copytree(source, platform.specs)
    (platform.specs / "environment.yaml").write_text(environment(platform.namespace))
    deploy(platform)
    return platform


def deploy(platform: Platform) -> None:
    """Pins the specs as they are now and applies what comes of them; bundles go first where there is a store."""
    pin = (FLOWSCALE, "pin", platform.specs, "--data", platform.folder / "data")
    subprocess.run(pin, check=True, stdout=subprocess.DEVNULL)
    if platform.objects:
        publish(platform, platform.folder / "data/objects")
    platform.objects = compiled(platform.node, platform.specs, platform.controllers)
    definitions = [each for each in platform.objects if each["kind"] == "CustomResourceDefinition"]
    platform.node.install(definitions)
    platform.node.apply(platform.objects)
    platform.ready("statefulset/objects")
    publish(platform, platform.folder / "data/objects")


def environment(namespace: str) -> str:
    """An Environment with stores that come along, for one gateway."""
    spec = {"namespace": namespace, "hosting": HOSTING}
    document = {"apiVersion": "flowscale.ai/v1", "kind": "Environment", "metadata": {"name": "test"}}
    return yaml.safe_dump({**document, "spec": spec})


def compiled(node: Node, specs: Path, controllers: int) -> tuple[Object, ...]:
    """The objects of a spec folder, small enough for a test."""
    project = resolve(load(specs), "test")
    releases = read_lock(specs / LOCK_NAME).releases
    objects = compile_project(project, releases, loaded(node, specs))
    return tuple(small(each, controllers) for each in objects)


def loaded(node: Node, specs: Path) -> Images:
    """The images of this checkout on the node; the executor has the folder's own nodes and models."""
    recipes = images.RECIPES
    return Images(
        gateway=node.load(images.build(recipes["gateway"])),
        controllers=node.load(images.build(recipes["controllers"])),
        executor=node.load(images.build(recipes["executor"], layers.workflow(specs))),
        jobs="registry.example.com/jobs:none",  # no pod of these specs asks for it
        database=node.load(stores.database()),
        objects=node.load(stores.objects()),
    )


def small(each: Object, controllers: int) -> Object:
    """The same object with requests that two processors hold, and with the models that its image has."""
    template = each.get("spec", {}).get("template", {}).get("spec", {})
    for container in template.get("containers", ()):
        container["resources"] = {"requests": {"cpu": "5m", "memory": "32Mi"}}
        for variable in container.get("env", ()):
            if variable["name"] == "FLOWSCALE_MODELS":
                variable["value"] = f"/{layers.WORKFLOW}/models"
        if "startupProbe" in container:
            container["startupProbe"]["failureThreshold"] = 300
    if each["kind"] == "Deployment" and each["metadata"]["name"] == "controllers":
        each["spec"]["replicas"] = controllers
    return each


def is_executor(each: Object) -> bool:
    return each["kind"] == "Deployment" and each["metadata"]["name"].startswith("executor-")


def publish(platform: Platform, objects: Path) -> None:
    """Puts the releases that `flowscale pin` stored in a folder into the cluster's object store."""
    settings = {
        "AWS_ENDPOINT_URL": f"http://{platform.address('objects')}:7070",
        "AWS_ACCESS_KEY_ID": platform.secret("flowscale-objects", "access-key"),
        "AWS_SECRET_ACCESS_KEY": platform.secret("flowscale-objects", "secret-key"),
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    with patch.dict(os.environ, settings):
        store = BucketObjects("s3://flowscale", platform.folder / "cache")
        for path in objects.rglob("*"):
            if path.is_file():
                store.put(path.read_bytes())
