"""A real Kubernetes API with etcd beneath it, ready in seconds; several may run side by side."""

import json
import secrets
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from lightkube import Client, KubeConfig
from lightkube.config.models import Cluster, User
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.core_v1 import Namespace

from harness.processes import Processes, free_ports
from harness.programs import program

SERVICES = "10.96.0.0/16"
USERS = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "node": ("system:node:node", "system:nodes"),
}


@dataclass
class ControlPlane:
    """etcd and an API server with RBAC, in a folder of their own, on ports of their own.

    With `controllers` the controller manager runs too (service accounts, Deployments, garbage collection); with
    `scheduler` the scheduler. There is no node: pods stay pending, or are moved by kwok. Use it in a `with`.
    """

    folder: Path
    controllers: bool = False
    scheduler: bool = False
    address: str = "127.0.0.1"
    linger: bool = False
    flags: tuple[str, ...] = ()
    processes: Processes = field(init=False)
    tokens: dict[str, str] = field(default_factory=dict, init=False)
    port: int = field(default=0, init=False)
    clients: list[Client] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.processes = Processes(self.folder / "logs", self.linger)

    @property
    def url(self) -> str:
        return f"https://{self.address}:{self.port}"

    @property
    def certificate(self) -> Path:
        """The API server's own certificate, which its clients trust."""
        return self.folder / "pki/apiserver.crt"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.kubeconfig_of("admin")

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
        (self.folder / "pki").mkdir(parents=True, exist_ok=True)
        self._write_secrets()
        etcd, peers, self.port = free_ports(3, self.address)
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
        while self.clients:
            self.clients.pop().close()
        self.processes.stop()

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
        config = KubeConfig.from_one(
            cluster=Cluster(server=self.url, certificate_auth=str(self.certificate)),
            user=User(token=token),
            context_name="account",
            namespace=namespace,
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
            self.processes.wait(lambda: all(established(client, name) for name in names), "definitions")

    def _client(self, config: KubeConfig, namespace: str) -> Client:
        client = Client(config=config.get(), namespace=namespace, field_manager="tests", trust_env=False)
        self.clients.append(client)
        return client

    def _write_secrets(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (self.folder / "pki/accounts.key").write_bytes(private)
        (self.folder / "pki/accounts.pub").write_bytes(public)
        self.tokens = {user: secrets.token_hex(16) for user in USERS}
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
        local = self.address.startswith("127.")
        self._start(
            "kube-apiserver",
            *without,
            *(("--endpoint-reconciler-type=none",) if local else ()),
            *self.flags,
            etcd_servers=f"http://127.0.0.1:{etcd}",
            secure_port=self.port,
            bind_address=self.address,
            advertise_address=self.address,
            cert_dir=self.folder / "pki",
            authorization_mode="Node,RBAC",
            token_auth_file=self.folder / "pki/tokens.csv",
            service_account_key_file=self.folder / "pki/accounts.pub",
            service_account_signing_key_file=self.folder / "pki/accounts.key",
            service_account_issuer="https://kubernetes.default.svc",
            service_cluster_ip_range=SERVICES,
            allow_privileged="true",
            kubelet_preferred_address_types="InternalIP",
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


def established(client: Client, name: str) -> bool:
    """Whether the API serves what a custom resource definition defines."""
    status = client.get(CustomResourceDefinition, name).status
    return any(
        condition.type == "Established" and condition.status == "True"
        for condition in (status and status.conditions) or ()
    )


def scratch(prefix: str = "flowscale-") -> "tempfile.TemporaryDirectory[str]":
    """A folder for a control plane, removed with all that it holds."""
    return tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
