"""`Environment`: where a project goes, and what differs there."""

from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, model_validator

from flowscale_specs.kinds.base import Document, Part, SecretRef
from flowscale_specs.kinds.fields import (
    TEXT,
    Digest,
    Name,
    Patch,
    SecretName,
    Setting,
    Text,
    Variable,
    WebUrl,
    Word,
)
from flowscale_specs.kinds.hosting import Hosting, Label
from flowscale_specs.kinds.prices import Prices
from flowscale_specs.values import Version

Domain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"), TEXT]
Overlaid = Annotated[Patch | None, WithJsonSchema({"type": ["object", "null"]})]


def _no_password(url: str) -> str:
    try:
        parts = urlsplit(url)
        open_secret = parts.password is not None
    except ValueError:
        raise ValueError("not an address") from None
    if open_secret:
        raise ValueError(
            "a password doesn't belong in a spec: put the whole address in a secret, {secret: name/key}"
        )
    if url != "bundled" and not parts.scheme:
        raise ValueError(
            "not an address: write bundled, an address such as s3://bucket, or {secret: name/key}"
        )
    return url


def _all_different(targets: "tuple[Target, ...]") -> "tuple[Target, ...]":
    names = [target.name for target in targets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two targets are called {twice[0]}: each needs a name of its own")
    return targets


class Store(Part):
    """Where data is kept: `bundled`, an address, or a secret that holds the address."""

    short_forms = ({"type": "string"},)

    url: Annotated[Text, AfterValidator(_no_password)] | None = Field(
        None, description="An address without a password, or `bundled`: one that comes along, for trials."
    )
    secret: SecretName | None = Field(None, description="The secret that holds the address: `name/key`.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"url": short} if isinstance(short, str) else short

    @property
    def reference(self) -> str:
        """`bundled`, the address, or `secret:name/key`."""
        return f"secret:{self.secret}" if self.secret else self.url or "bundled"


class Stores(Part):
    """Where data is kept."""

    database: Store = Field(default_factory=Store, description="Runs, keys and events: SQLite or Postgres.")
    objects: Store = Field(
        default_factory=Store, description="Inputs, outputs, models, releases: a folder or S3."
    )
    direct: bool | WebUrl = Field(
        False,
        description="Whether callers get files from the bucket itself and send them there, by presigned addresses; or the "
        "endpoint by which they reach it. Files go through the gateway unless said.",
    )

    @model_validator(mode="after")
    def _direct_needs_a_bucket(self) -> Self:
        if self.direct is True and self.objects.reference == "bundled":
            raise ValueError(
                "callers don't reach the bundled store: give direct the address by which they do"
            )
        return self


class Cluster(Part):
    """Which Kubernetes cluster. A word alone is the context."""

    short_forms = ({"type": "string"},)

    context: Word | None = Field(None, description="The context in the kubeconfig.")
    kubeconfig: SecretRef | None = Field(None, description="The secret that holds the kubeconfig.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"context": short} if isinstance(short, str) else short


class Target(Part):
    """One of the clusters that an environment is in. A word alone is its name, and the context of that name."""

    short_forms = ({"type": "string"},)

    name: Label = Field(description="What the target is called; part of the name of its stack.")
    cluster: Cluster | None = Field(
        None, description="Which Kubernetes cluster; that of the environment unless said."
    )
    namespace: Label | None = Field(None, description="The namespace; that of the environment unless said.")
    domain: Domain | None = Field(None, description="The domain; that of the environment unless said.")
    region: Text | None = Field(None, description="Where the cluster is, for people: `eu-central`.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"name": short, "cluster": {"context": short}} if isinstance(short, str) else short


class State(Part):
    """Where Pulumi keeps what it knows of the cluster. A text alone is the backend."""

    short_forms = ({"type": "string"},)

    backend: Annotated[Text, AfterValidator(_no_password)] | None = Field(
        None,
        description="`s3://bucket/prefix`, `gs://`, `azblob://`, `file:///folder`, or the address of Pulumi Cloud. Unless "
        "said: `PULUMI_BACKEND_URL`, or the folder `.flowscale/state` beside the specs.",
    )
    secrets: Text | None = Field(
        None,
        description="Pulumi's secrets provider: `passphrase`, `awskms://...`, `gcpkms://...`, `azurekeyvault://...`, "
        "`hashivault://...`, or `default` for Pulumi Cloud's own.",
    )

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"backend": short} if isinstance(short, str) else short


class EnvironmentSpec(Part):
    """Where a project goes, and what differs there."""

    overlay: dict[Text, dict[Text, Overlaid]] = Field(
        default_factory=dict,
        description="What differs: kind, then name (`*` for all of the kind), then a part of the spec, merged as RFC 7396 "
        "says. A null instead of a spec leaves the document out.",
    )
    cluster: Cluster | None = Field(
        None, description="Which Kubernetes cluster; the current context unless said."
    )
    namespace: Label | None = Field(
        None, description="The namespace; `flowscale-` and the environment's name unless said."
    )
    domain: Domain | None = Field(None, description="The domain that deployments answer under.")
    targets: Annotated[tuple[Target, ...], AfterValidator(_all_different)] = Field(
        (),
        description="Several clusters or regions that the environment is in, each with a stack of its own.",
    )
    state: State = Field(
        default_factory=State, description="Where Pulumi keeps what it knows of the cluster."
    )
    hosting: Hosting = Field(
        default_factory=Hosting,
        description="How it stands in its cluster: route, monitoring, volumes, who scales.",
    )
    stores: Stores = Field(default_factory=Stores, description="Where data is kept; bundled unless said.")
    prices: Prices | None = Field(
        None, description="What bytes cost there; as the project says, else `$0.10/GB/month` and `$0.12/GB`."
    )
    releases: dict[Name, dict[Version, Digest]] = Field(
        default_factory=dict,
        description="Releases by workflow and version: what a promotion wrote, over flowscale.lock.",
    )
    variables: dict[Variable, Setting] = Field(default_factory=dict, description="Over those of the project.")
    secrets: dict[Variable, SecretRef] = Field(default_factory=dict, description="Over those of the project.")
    logging: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least level that is logged."
    )


class Environment(Document):
    """Where a project goes, and what differs there."""

    executes: ClassVar[bool] = True
    kind: Literal["Environment"] = Field("Environment", description="`Environment`.")
    spec: EnvironmentSpec = Field(default_factory=EnvironmentSpec, description="The environment.")
