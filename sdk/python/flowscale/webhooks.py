"""Webhooks that a deployment sends, verified. Needs the extra `flowscale-sdk[webhooks]`.

event = webhooks.verify(request.body, request.headers, secret="whsec_...")
if event.event_type == "run.completed":
    print(event.run["outputs"][0]["url"])
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowscale.exceptions import FlowScaleConfigurationError, FlowScaleWebhookError

try:
    from standardwebhooks import Webhook
    from standardwebhooks.webhooks import EmptyWebhookSecretError
except ImportError as error:
    raise ImportError("webhooks need a further package: pip install 'flowscale-sdk[webhooks]'") from error


@dataclass(frozen=True)
class WebhookEvent:
    """What happened: `run.completed`, `run.failed`, `run.cancelled`, `deployment.updated` or `budget.alert`."""

    id: str
    """The same for every delivery of one event: remember it to handle the event once."""
    event_type: str
    data: Mapping[str, Any]
    timestamp: Any

    @property
    def run(self) -> Mapping[str, Any] | None:
        """The run object of a run's event."""
        return self.data if self.event_type.startswith("run.") else None


def verify(payload: bytes | str, headers: Mapping[str, str], *, secret: str | Sequence[str]) -> WebhookEvent:
    """The event, if one of the secrets (several while they rotate) signed it in the last five minutes.

    payload: the body exactly as it came. Raises FlowScaleWebhookError.
    """
    secrets = [secret] if isinstance(secret, str) else list(secret)
    plain = {name.lower(): value for name, value in headers.items()}
    reasons = [_refusal(payload, plain, one) for one in secrets]
    if not reasons:
        raise FlowScaleConfigurationError("no webhook secret is given")
    if None not in reasons:
        raise FlowScaleWebhookError(f"the webhook is not to be trusted: {reasons[-1]}")
    return _event(payload, plain["webhook-id"])


def _refusal(payload: bytes | str, headers: dict[str, str], secret: str) -> str | None:
    """Why the signature does not hold, or None. Any error of the library means that it does not."""
    try:
        webhook = Webhook(secret)
    except (ValueError, EmptyWebhookSecretError) as error:
        raise FlowScaleConfigurationError("a webhook secret looks like whsec_ and base64") from error
    try:
        webhook.verify(payload, headers, json_parse=False)
    except Exception as error:  # noqa: BLE001  malformed headers raise whatever the library meets first
        return str(error) or type(error).__name__
    return None


def _event(payload: bytes | str, event_id: str) -> WebhookEvent:
    try:
        body = json.loads(payload)
        return WebhookEvent(event_id, body["event_type"], body["data"], body.get("timestamp"))
    except (ValueError, TypeError, KeyError) as error:
        raise FlowScaleWebhookError("the webhook is signed but holds no event") from error
