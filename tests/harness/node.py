"""A whole Kubernetes node on this machine, as root: it runs containers. One at a time; it leaves nothing behind."""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import yaml

from harness import host, layers
from harness.containers import GATEWAY, NETWORK, PAUSE, PODS, Containers
from harness.control_plane import ControlPlane
from harness.images import Built
from harness.processes import free_ports
from harness.programs import MissingProgramError, program

NAME = "node"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
DEBIAN = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "nft": "nftables",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "socat": "socat",
    "/bin/busybox": "busybox-static",
}
NAMES = """
.:53 {{
  bind {address}
  kubernetes cluster.local in-addr.arpa {{
    kubeconfig {kubeconfig} flowscale
  }}
  errors
}}
"""
DNS_RIGHTS = [
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "dns"},
        "rules": [
            {
                "apiGroups": [""],
                "resources": ["endpoints", "services", "pods", "namespaces"],
                "verbs": ["list", "watch"],
            },
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
        ],
    },
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "dns"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dns"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dns"}],
    },
]


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flowscale"


def why_not() -> str:
    """Why no node can run here; nothing when one can."""
    if os.geteuid():
        return "a node needs root"
    missing = [package for name, package in DEBIAN.items() if not shutil.which(name)]
    if missing:
        return f"a node needs Debian packages: apt-get install {' '.join(missing)}"
    try:
        for name in (*PROGRAMS, "kubectl", "coredns"):
            program(name)
    except MissingProgramError as error:
        return str(error)
    return ""


class Node(ControlPlane):
    """A control plane and a kubelet with containerd, Services by nftables, names by CoreDNS. Use it in a `with`.

    Pods get addresses of 10.244.0.0/16, which this machine reaches; images are those that `containers.load` imported.
    """

    def __init__(self, folder: Path, *, linger: bool = False) -> None:
        super().__init__(folder, controllers=True, scheduler=True, advertise=GATEWAY, linger=linger)
        self.containers = Containers(folder, cache() / "containerd")

    def start(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes.inherited = (take_lock(),)
        host.remember(self.state)
        host.add_bridge(NETWORK, GATEWAY, PODS)
        self._start_containerd()
        super().start()
        self.apply(DNS_RIGHTS)
        self._start_names()
        self._start_kubelet()
        self._start_proxy()
        self.processes.wait(self._node_is_ready, "the node")
        self.processes.wait(lambda: ["ip", "kube-proxy"] in host.tables(), "Services")
        return self

    @property
    def state(self) -> Path:
        """How the host was before."""
        return self.folder / "host.json"

    def stop(self) -> None:
        """Takes everything down and puts the host back as it was."""
        for name in ("kube-controller-manager", "kube-scheduler"):
            self.processes.stop_one(name)
        with contextlib.suppress(AssertionError):
            self.kubectl("delete", "pods", "--all", "-A", "--grace-period=1", "--timeout=40s")
        for name in ("kubelet", "kube-proxy"):
            self.processes.stop_one(name)
        if self.containers.ready():
            self.containers.remove_everything()
        super().stop()
        host.unmount_beneath(self.folder)
        host.remove_bridge(NETWORK)
        host.remove_cgroups("kubepods")
        if self.state.exists():
            host.restore(self.state)
            self.state.unlink()

    def load(self, image: Built) -> str:
        """Loads an image, unless the node has it: the layers that it lacks. Returns the image's name."""
        if image.name not in self.containers.images():
            archive = self.folder / "image.tar"
            image.write(archive, self.containers.blobs())
            self.containers.load(archive)
            archive.unlink()
        return image.name

    def add_volumes(self, count: int) -> None:
        """Folders of this machine for claims that name no storage class."""
        names = (f"folder-{secrets.token_hex(4)}" for _ in range(count))
        self.apply(volume(name, self.folder / "volumes" / name) for name in names)

    def _start_containerd(self) -> None:
        self.containers.write_config()
        self.processes.start("containerd", "containerd", "--config", self.containers.config)
        self.processes.wait(self.containers.ready, "containerd")
        self.load(pause_image())

    def _start_names(self) -> None:
        written = self.folder / "Corefile"
        written.write_text(NAMES.format(address=GATEWAY, kubeconfig=self.kubeconfig_of("dns")))
        self.processes.start("coredns", program("coredns"), "-conf", written)

    def _start_kubelet(self) -> None:
        (self.folder / "resolv.conf").write_text("")
        config = self.folder / "kubelet.yaml"
        config.write_text(yaml.safe_dump(self._kubelet_config()))
        self._start(
            "kubelet",
            config=config,
            kubeconfig=self.kubeconfig_of("node"),
            root_dir=self.folder / "kubelet",
            cert_dir=self.folder / "kubelet-pki",
            hostname_override=NAME,
            node_ip=GATEWAY,
        )

    def _kubelet_config(self) -> dict[str, object]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": GATEWAY,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(self.folder / "pki/clients.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "cgroupDriver": "cgroupfs",
            "failCgroupV1": False,
            "failSwapOn": False,
            "clusterDNS": [GATEWAY],
            "clusterDomain": "cluster.local",
            "resolvConf": str(self.folder / "resolv.conf"),
            "containerRuntimeEndpoint": f"unix://{self.containers.socket}",
            # Otherwise images are collected on a disk that is full of other things.
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "nodeStatusUpdateFrequency": "2s",
            "podLogsDir": str(self.folder / "pod-logs"),
            "volumePluginDir": str(self.folder / "volume-plugins"),
            "maxPods": 60,
        }

    def _start_proxy(self) -> None:
        health, metrics = free_ports(2)
        self._start(
            "kube-proxy",
            kubeconfig=self.kubeconfig_of("proxy"),
            proxy_mode="nftables",
            hostname_override=NAME,
            cluster_cidr=PODS,
            nodeport_addresses=f"{GATEWAY}/32",
            conntrack_max_per_core=0,
            healthz_bind_address=f"127.0.0.1:{health}",
            metrics_bind_address=f"127.0.0.1:{metrics}",
        )

    def _node_is_ready(self) -> bool:
        nodes = self.get("nodes")["items"]
        conditions = (condition for node in nodes for condition in node["status"].get("conditions", ()))
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def volume(name: str, folder: Path) -> dict[str, object]:
    """A volume in a folder that any user may write to, as the kubelet changes no owners there."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Ti"},
            "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": str(folder), "type": "Directory"},
        },
    }


def take_lock() -> int:
    """Waits until no other node runs on this machine. The node's processes hold the lock as long as they live."""
    cache().mkdir(parents=True, exist_ok=True)
    handle = os.open(cache() / "node.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def pause_image() -> Built:
    """An image of one static program, which holds the namespaces of a pod, or serves as a small test container."""

    def write(path: Path) -> None:
        host.run("tar", "-C", "/", "--transform=s,^bin/,,", "-cf", str(path), "bin/busybox")

    config = {"Entrypoint": ["/busybox", "sleep", "2147483647"]}
    return Built(PAUSE, (layers.kept("busybox-1.tar", write),), config)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Node]:
    """A node for the time of a `with`."""
    with Node(folder) as node:
        yield node
