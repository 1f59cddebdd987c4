"""containerd of a test node: its configuration, the images that it holds, and what is left of its containers."""

import subprocess
from pathlib import Path

PAUSE = "flowscale.test/pause:1"
NETWORK = "flowscale0"
PODS = "10.244.0.0/16"
GATEWAY = "10.244.0.1"

CONFIG = """
version = 2
root = "{root}"
state = "{folder}/containerd"
[grpc]
  address = "{folder}/containerd.sock"
[ttrpc]
  address = "{folder}/containerd.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
"""

# The bridge is the node's own address, so a node needs no network but its own.
CNI = """
{{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {{"type": "bridge", "bridge": "{bridge}", "isGateway": true, "isDefaultGateway": true, "hairpinMode": true,
    "ipam": {{"type": "host-local", "ranges": [[{{"subnet": "{pods}", "gateway": "{gateway}"}}]], "dataDir": "{folder}/addresses"}}}},
  {{"type": "loopback"}}
]}}
"""


class Containers:
    """containerd in a node's folder. `root`, which holds images, outlives the node."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.root = root

    @property
    def socket(self) -> Path:
        return self.folder / "containerd.sock"

    @property
    def config(self) -> Path:
        return self.folder / "containerd.toml"

    def write_config(self) -> None:
        (self.folder / "cni").mkdir(parents=True, exist_ok=True)
        self.root.mkdir(parents=True, exist_ok=True)
        self.config.write_text(CONFIG.format(root=self.root, folder=self.folder, pause=PAUSE))
        network = CNI.format(bridge=NETWORK, pods=PODS, gateway=GATEWAY, folder=self.folder)
        (self.folder / "cni/10-pods.conflist").write_text(network)

    def ready(self) -> bool:
        return self.socket.exists() and self._run("version").returncode == 0

    def ctr(self, *words: str) -> str:
        """Runs containerd's own client in the namespace of Kubernetes."""
        done = self._run("-n", "k8s.io", *words)
        assert done.returncode == 0, f"ctr {' '.join(words)}: {done.stderr}"
        return done.stdout

    def images(self) -> set[str]:
        return set(self.ctr("images", "ls", "-q").split())

    def blobs(self) -> set[str]:
        """The digests of everything that images are made of."""
        return set(self.ctr("content", "ls", "-q").split())

    def load(self, archive: Path) -> None:
        """Imports an OCI archive."""
        self.ctr("images", "import", str(archive))

    def pids(self, namespace: str, container: str) -> list[int]:
        """The first processes of the containers of this name in pods of a namespace."""
        labels = {"pod.namespace": namespace, "container.name": container}
        wanted = ",".join(f'labels."io.kubernetes.{name}"=={value}' for name, value in labels.items())
        names = set(self.ctr("containers", "ls", "-q", wanted).split())
        rows = [line.split() for line in self.ctr("tasks", "ls").splitlines()[1:]]
        return [int(pid) for name, pid, state in rows if name in names and state == "RUNNING"]

    def remove_everything(self) -> None:
        """Kills and forgets the containers that are left; images stay."""
        for name in self.ctr("tasks", "ls", "-q").split():
            self._run("-n", "k8s.io", "tasks", "rm", "--force", name)
        for name in self.ctr("containers", "ls", "-q").split():
            self._run("-n", "k8s.io", "containers", "rm", name)

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = ["ctr", "--address", str(self.socket), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
