"""A real Kubernetes API with etcd beneath it, ready in seconds; several may run side by side."""

import secrets
import ssl
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from harness import pki
from harness.kubernetes import Kubernetes
from harness.processes import Processes, free_ports
from harness.programs import program

SERVICES = "10.96.0.0/16"
USERS = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "node": ("system:node:node", "system:nodes"),
    "dns": ("dns", ""),
}


class ControlPlane(Kubernetes):
    """etcd and an API server with RBAC, in a folder of their own, on ports of their own.

    With `controllers` the controller manager runs too (service accounts, Deployments, garbage collection); with
    `scheduler` the scheduler. There is no node: pods stay pending, or are moved by kwok. Use it in a `with`.
    With an `advertise` address the API also listens there, for pods. What `linger`s outlives this process.
    """

    def __init__(
        self,
        folder: Path,
        *,
        controllers: bool = False,
        scheduler: bool = False,
        advertise: str = "",
        linger: bool = False,
        flags: tuple[str, ...] = (),
    ) -> None:
        super().__init__(folder / "admin.kubeconfig", folder)
        self.controllers = controllers
        self.scheduler = scheduler
        self.advertise = advertise
        self.flags = flags
        self.processes = Processes(folder / "logs", linger)
        self.tokens = {user: secrets.token_hex(16) for user in USERS}
        self.port = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.advertise else f"https://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> Path:
        """The API server's own certificate, which its clients trust."""
        return self.folder / "pki/apiserver.crt"

    def kubeconfig_of(self, user: str) -> Path:
        return self.folder / f"{user}.kubeconfig"

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Starts everything and waits until the API is ready."""
        self._write_secrets()
        etcd, peers, self.port = free_ports(3)
        self._start_etcd(etcd, peers)
        self._start_api(etcd)
        self.processes.wait(self._ready, "the API server")
        for user in USERS:
            self._write_kubeconfig(user)
        if self.controllers:
            self._start_controllers()
        if self.scheduler:
            config = self.kubeconfig_of("scheduler")
            self._start("kube-scheduler", kubeconfig=config, leader_elect="false", secure_port=0)
        return self

    def stop(self) -> None:
        self.close()
        self.processes.stop()

    def _write_secrets(self) -> None:
        (self.folder / "pki").mkdir(parents=True, exist_ok=True)
        pki.write_accounts_key(self.folder / "pki")
        pki.write_kubelet_client(self.folder / "pki")
        lines = (f'{self.tokens[user]},{name},{name},"{group}"\n' for user, (name, group) in USERS.items())
        (self.folder / "pki/tokens.csv").write_text("".join(lines))
        (self.folder / "pki/tokens.csv").chmod(0o600)

    def _write_kubeconfig(self, user: str) -> None:
        cluster = {"server": self.url, "certificate-authority": str(self.certificate)}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "flowscale",
            "clusters": [{"name": "flowscale", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": self.tokens[user]}}],
            "contexts": [{"name": "flowscale", "context": {"cluster": "flowscale", "user": user}}],
        }
        self.kubeconfig_of(user).write_text(yaml.safe_dump(config))
        self.kubeconfig_of(user).chmod(0o600)

    def _start(self, name: str, *words: str, **flags: object) -> None:
        given = (f"--{flag.replace('_', '-')}={value}" for flag, value in flags.items())
        self.processes.start(name, program(name), *given, *words)

    def _start_etcd(self, port: int, peers: int) -> None:
        here, there = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"
        self._start(
            "etcd",
            data_dir=self.folder / "etcd",
            listen_client_urls=here,
            advertise_client_urls=here,
            listen_peer_urls=there,
            initial_advertise_peer_urls=there,
            initial_cluster=f"default={there}",
            unsafe_no_fsync="true",
            log_level="error",
        )

    def _start_api(self, etcd: int) -> None:
        # Nobody makes service accounts without the controller manager, and no pod is let in without one.
        without = () if self.controllers else ("--disable-admission-plugins=ServiceAccount",)
        here = () if self.advertise else ("--endpoint-reconciler-type=none",)
        self._start(
            "kube-apiserver",
            *without,
            *here,
            *self.flags,
            etcd_servers=f"http://127.0.0.1:{etcd}",
            secure_port=self.port,
            bind_address="0.0.0.0" if self.advertise else "127.0.0.1",
            advertise_address=self.advertise or "127.0.0.1",
            cert_dir=self.folder / "pki",
            authorization_mode="Node,RBAC",
            token_auth_file=self.folder / "pki/tokens.csv",
            service_account_key_file=self.folder / "pki/accounts.pub",
            service_account_signing_key_file=self.folder / "pki/accounts.key",
            service_account_issuer="https://kubernetes.default.svc",
            service_cluster_ip_range=SERVICES,
            allow_privileged="true",
            kubelet_preferred_address_types="InternalIP",
            kubelet_client_certificate=self.folder / "pki/api.crt",
            kubelet_client_key=self.folder / "pki/api.key",
        )

    def _start_controllers(self) -> None:
        self._start(
            "kube-controller-manager",
            kubeconfig=self.kubeconfig_of("controller-manager"),
            root_ca_file=self.certificate,
            service_account_private_key_file=self.folder / "pki/accounts.key",
            use_service_account_credentials="true",
            leader_elect="false",
            secure_port=0,
        )
        accounts = ("get", "serviceaccount", "default", "-n", "default")
        self.processes.wait(lambda: self._answers(*accounts), "the controller manager")

    def _answers(self, *words: str) -> bool:
        try:
            self.kubectl(*words)
        except AssertionError:
            return False
        return True

    def _ready(self) -> bool:
        if not self.certificate.exists():
            return False
        bearer = {"Authorization": f"Bearer {self.tokens['admin']}"}
        request = urllib.request.Request(f"{self.url}/readyz", headers=bearer)
        try:
            trust = ssl.create_default_context(cafile=str(self.certificate))
            with urllib.request.urlopen(request, timeout=5, context=trust) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError, ssl.SSLError):
            return False


def scratch(prefix: str = "flowscale-") -> "tempfile.TemporaryDirectory[str]":
    """A folder for a control plane, removed with all that it holds."""
    return tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
