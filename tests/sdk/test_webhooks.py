"""Webhooks: only what the secret signed, just now, is an event."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from flowscale import FlowScaleConfigurationError, FlowScaleWebhookError, webhooks

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = json.dumps(
    {"event_type": "run.completed", "data": {"run_id": "r"}, "timestamp": "2026-01-01T00:00:00Z"}
)


def signed(body=BODY, secret=SECRET, age=0):
    moment = datetime.now(UTC) - timedelta(seconds=age)
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(moment.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("msg_1", moment, body),
    }


def test_a_signed_event_is_read():
    event = webhooks.verify(BODY.encode(), signed(), secret=SECRET)
    assert (event.id, event.event_type, event.run, event.timestamp) == (
        "msg_1", "run.completed", {"run_id": "r"}, "2026-01-01T00:00:00Z",
    )  # fmt: skip


def test_while_secrets_rotate_either_will_do():
    assert webhooks.verify(BODY, signed(secret=OTHER), secret=[SECRET, OTHER]).event_type == "run.completed"


def test_events_of_other_kinds_hold_no_run():
    body = json.dumps({"event_type": "budget.alert", "data": {"budget": "studio"}})
    assert webhooks.verify(body, signed(body), secret=SECRET).run is None


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY + " ", signed()),
        (BODY, signed(secret=OTHER)),
        (BODY, signed(age=3600)),
        (BODY, signed(age=-3600)),
        (BODY, {}),
        (BODY, {**signed(), "Webhook-Signature": "nonsense"}),
        (BODY, {**signed(), "Webhook-Timestamp": "yesterday"}),
        (b"\xff", signed()),
    ],
    ids=["changed", "other secret", "old", "future", "bare", "malformed", "no time", "no text"],
)
def test_everything_else_is_refused(body, headers):
    with pytest.raises(FlowScaleWebhookError, match="not to be trusted"):
        webhooks.verify(body, headers, secret=SECRET)


@pytest.mark.parametrize("body", ["{}", "[]", "no json"])
def test_a_signed_body_without_an_event_is_refused(body):
    with pytest.raises(FlowScaleWebhookError, match="holds no event"):
        webhooks.verify(body, signed(body), secret=SECRET)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_no base64!é", []])
def test_a_secret_that_is_none_is_a_mistake_of_setting_up(secret):
    with pytest.raises(FlowScaleConfigurationError, match="secret"):
        webhooks.verify(BODY, signed(), secret=secret)
