"""Who may call a deployment, from where, and who is told: parts of `WorkflowDeployment`."""

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from flowscale_specs.kinds.base import Part, SecretRef
from flowscale_specs.kinds.fields import TEXT, Text, WebUrl, Word
from flowscale_specs.values import Duration

Event = Literal["run.completed", "run.failed", "run.cancelled", "deployment.updated", "budget.alert"]
RUN_EVENTS: tuple[Event, ...] = ("run.completed", "run.failed", "run.cancelled")


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError("not a network: write an address or a range like 10.0.0.0/8") from None


Network = Annotated[Text, AfterValidator(_network)]
Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[^\s/?#@]+)$", max_length=300), TEXT]


class Jwt(Part):
    """Tokens of another issuer that are accepted beside API keys."""

    issuer: WebUrl = Field(description="Who signs them: the `iss` claim.")
    audience: Word = Field(description="For whom they are: the `aud` claim.")
    keys: WebUrl | None = Field(
        None,
        description="Where the issuer's public keys are (JWKS); found by OpenID Connect discovery unless said.",
    )
    user: Word = Field("sub", description="The claim that says who it is.")
    groups: Word = Field("groups", description="The claim with the holder's groups.")
    role: Literal["none", "viewer", "contributor", "admin", "owner"] = Field(
        "contributor",
        description="What holders may do whom the project doesn't name among its members; `none` refuses them.",
    )
    leeway: Duration = Field(Duration(60), description="How far the issuer's clock may be off.")


class Auth(Part):
    """Who may call. `false` alone opens a deployment to everybody who reaches it."""

    short_forms = ({"type": "boolean"},)

    required: bool = Field(True, description="Whether a key is needed.")
    allowed_addresses: tuple[Network, ...] = Field(
        (), description="Networks that calls may come from; all unless said. Others get 403."
    )
    signed: bool = Field(
        False, description="Whether requests must be signed (HMAC over method, path, time and body)."
    )
    jwt: Jwt | None = Field(None, description="Tokens of another issuer that are accepted beside API keys.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"required": short} if isinstance(short, bool) else short


class Cors(Part):
    """Which web pages may call from a browser. A list alone is the origins."""

    short_forms = ({"type": ["string", "array"]},)

    origins: tuple[Origin, ...] = Field(
        (), description="Origins such as `https://app.example.com`; `*` is any."
    )
    headers: tuple[Word, ...] = Field(
        (), description="Request headers that pages may send beside the usual ones."
    )
    credentials: bool = Field(False, description="Whether cookies may be sent.")
    max_age: Duration = Field(Duration(600), description="How long browsers may remember the answer.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        if isinstance(short, str):
            return {"origins": [short]}
        return {"origins": short} if isinstance(short, list) else short


class Webhook(Part):
    """An address that is told about events. The address alone is a short form."""

    short_forms = ({"type": "string"},)

    url: WebUrl = Field(description="Where events are posted.")
    events: Annotated[tuple[Event, ...], Field(min_length=1)] = Field(
        RUN_EVENTS, description="Which events; the ends of runs unless said."
    )
    secret: SecretRef | None = Field(None, description="The secret that deliveries are signed with.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"url": short} if isinstance(short, str) else short
