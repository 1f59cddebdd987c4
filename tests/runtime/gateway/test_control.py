"""Control routes: keys, deployments, usage, budgets, webhooks, the audit log."""

import csv
import io
import json
from dataclasses import replace

import pytest
from sqlalchemy import update

from flowscale_runtime.gateway.control.budgets import forecast, period_end
from flowscale_runtime.gateway.sealing import Sealer
from flowscale_runtime.stores import keys as stored
from flowscale_runtime.stores.outcomes import problem
from flowscale_runtime.stores.tables import audit
from flowscale_runtime.stores.values import SECOND, Outcome

API = "/api/v1"
BUDGET = """
apiVersion: flowscale.ai/v1
kind: Budget
metadata: {name: studio}
spec: {limit: $100/month, alerts: [50%, 100%]}
"""
DAY = 24 * 3600 * SECOND


@pytest.fixture
def call(server):
    """Calls a route; answers with status and data or error."""

    async def send(method, path, key=None, **options):
        headers = {**options.pop("headers", {}), **({"x-api-key": key} if key else {})}
        reply = await server.client.request(method, f"{API}{path}", headers=headers, **options)
        body = reply.json()
        return reply.status_code, body.get("data", body.get("error"))

    return send


async def test_a_key_is_shown_once_and_works(server, call):
    status, made = await call("POST", "/keys", json={"name": "site", "role": "contributor"})
    assert status == 201
    assert made["key"].startswith("fs_")
    assert (made["name"], made["role"], made["status"]) == ("site", "contributor", "active")
    assert (await call("POST", "/runs", made["key"]))[0] == 200
    _, listed = await call("GET", "/keys")
    [shown] = [key for key in listed["keys"] if key["id"] == made["id"]]
    assert "key" not in shown
    assert "hash" not in shown
    assert shown["prefix"] == made["key"][:7]
    assert made["key"] not in str(listed)


async def test_scopes_deployments_rate_and_expiry_hold(server, call):
    wanted = {
        "name": "reader",
        "scopes": ["runs:read"],
        "deployments": ["words"],
        "rate": "10/s",
        "expires_at": "2999-01-01",
    }
    _, made = await call("POST", "/keys", json=wanted)
    assert (made["role"], made["scopes"], made["deployments"]) == ("custom", ["runs:read"], ["words"])
    assert (made["rate"], made["expires_at"]) == ("10/s", "2999-01-01T00:00:00Z")
    assert (await call("GET", "/runs", made["key"]))[0] == 200
    assert (await call("POST", "/runs", made["key"]))[0] == 403


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a", "role": "king"}, "role"),
        ({"name": "a", "scopes": ["everything"]}, "scopes.0"),
        ({"name": "a", "scopes": []}, "scopes"),
        ({"name": "a", "rate": "fast"}, "rate"),
        ({"name": "a", "expires_at": "2001-01-01"}, "expires_at"),
        ({"name": "a", "deployments": ["nothing"]}, "deployments"),
        ({"name": "a", "hash": "x"}, "hash"),
    ],
)
async def test_keys_are_asked_for_strictly(call, wanted, field):
    status, error = await call("POST", "/keys", json=wanted)
    assert (status, error["code"], error["details"]["field"]) == (422, "VALIDATION_ERROR", field)


async def test_a_rotated_key_works_on_beside_its_successor(server, call):
    _, old = await call("POST", "/keys", json={"name": "site", "scopes": ["runs:read"]})
    status, new = await call("POST", f"/keys/{old['id']}/rotate", json={"overlap": 60})
    assert (status, new["replaces"], new["scopes"], new["name"]) == (200, old["id"], ["runs:read"], "site")
    assert [(await call("GET", "/runs", key["key"]))[0] for key in (old, new)] == [200, 200]
    server.clock.ahead = 61
    assert [(await call("GET", "/runs", key["key"]))[0] for key in (old, new)] == [401, 200]
    _, listed = await call("GET", "/keys")
    assert {key["id"]: key["status"] for key in listed["keys"]}[old["id"]] == "expired"


async def test_a_revoked_key_ends_at_once_and_cannot_be_rotated(call):
    _, made = await call("POST", "/keys", json={"name": "site"})
    assert (await call("GET", "/runs", made["key"]))[0] == 200
    assert (await call("DELETE", f"/keys/{made['id']}"))[0] == 200
    assert (await call("GET", "/runs", made["key"]))[0] == 401
    assert (await call("POST", f"/keys/{made['id']}/rotate"))[0] == 409
    assert (await call("DELETE", "/keys/nothing"))[0] == 404


async def test_nobody_gives_away_or_takes_over_more_than_they_have(server, call):
    admin = await server.key("admin")
    _, listed = await call("GET", "/keys")
    owner = next(key["id"] for key in listed["keys"] if key["role"] == "owner")
    assert (await call("POST", "/keys", admin, json={"name": "a", "role": "owner"}))[0] == 403
    assert (await call("POST", "/keys", admin, json={"name": "a", "scopes": ["admin"]}))[0] == 403
    assert (await call("POST", f"/keys/{owner}/rotate", admin))[0] == 403
    assert (await call("DELETE", f"/keys/{owner}", admin))[0] == 403
    assert (await call("POST", "/keys", admin, json={"name": "a", "role": "admin"}))[0] == 201


async def test_a_key_of_some_deployments_manages_only_keys_of_those(server, call, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("words"), kit.deployment("other", "words"))
    narrow = await server.key("admin", deployments=["words"])
    _, wide = await call("POST", "/keys", json={"name": "wide"})
    _, other = await call("POST", "/keys", json={"name": "other", "deployments": ["other"]})
    _, made = await call("POST", "/keys", narrow, json={"name": "mine", "role": "viewer"})
    assert made["deployments"] == ["words"]
    _, listed = await call("GET", "/keys", narrow)
    assert {key["name"] for key in listed["keys"]} == {"admin", "mine"}
    assert (await call("POST", "/keys", narrow, json={"name": "x", "deployments": ["other"]}))[0] == 404
    for key in (wide, other):
        assert (await call("DELETE", f"/keys/{key['id']}", narrow))[0] == 404


async def test_deployments_show_releases_weights_queue_hosts_and_limits(server, call):
    await server.submit()
    _, listed = await call("GET", "/deployments")
    [one] = listed["deployments"]
    assert (one["name"], one["status"], one["queue"]) == ("words", "ready", {"queued": 1, "running": 0})
    [release] = one["releases"]
    assert (release["version"], release["weight"]) == ("1.0.0", 100.0)
    assert release["digest"].startswith("sha256:")
    _, shown = await call("GET", "/deployments/words")
    assert shown["limits"]["concurrency"] == 8
    assert shown["problems"] == []
    assert (await call("GET", "/deployments/nothing"))[0] == 404


async def test_what_cannot_be_served_is_listed_with_the_reason(server, call):
    server.state.served.catalog = replace(server.state.served.catalog, problems=("broken: no such file",))
    _, listed = await call("GET", "/deployments")
    assert [(one["name"], one["status"]) for one in listed["deployments"]] == [
        ("words", "ready"),
        ("broken", "failed"),
    ]
    assert listed["deployments"][1]["problems"] == ["no such file"]


async def test_secrets_of_webhooks_are_never_shown(server, call, kit, monkeypatch):
    monkeypatch.setenv("HOOKS_STUDIO", "whsec_secret")
    hook = {"url": "https://example.com/hook", "secret": {"secret": "hooks/studio"}}
    await server.serve(kit.WORKFLOW, kit.deployment("words", webhooks=[hook]))
    await server.run()
    for path in ("/webhooks", "/webhooks/deliveries", "/deployments/words"):
        _, data = await call("GET", path)
        assert "whsec_" not in str(data)
    _, data = await call("GET", "/webhooks")
    assert data["endpoints"][0]["signed"] is True
    assert data["deliveries"] == {"pending": 1, "delivered": 0, "dead": 0}
    _, listed = await call("GET", "/webhooks/deliveries?status=pending")
    assert (listed["count"], listed["deliveries"][0]["event_type"]) == (1, "run.completed")
    assert (await call("POST", "/webhooks/dead-letters/replay"))[1] == {"replayed": 0}
    assert (await call("POST", "/webhooks/deliveries/nothing/replay"))[0] == 404
    assert (await call("GET", "/webhooks/deliveries?status=lost"))[0] == 400


@pytest.fixture
async def used(server, kit):
    """Three runs of a deployment that costs money: two completed, one failed."""
    await server.serve(
        kit.WORKFLOW, BUDGET, kit.deployment("words", gpu="L4", budget="studio", limits={"timeout": "1h"})
    )
    hour = Outcome("completed", 3600.0, ())
    for tags in (["a", "b"], ["a"]):
        await server.client.post(f"{API}/runs", json={"inputs": {}, "tags": tags})
        await server.finish((await server.claim())[0], hour)
    await server.run(Outcome("failed", 0.0, error=problem("NODE_FAILED", "It broke.")))
    return server


async def test_usage_adds_up_by_deployment_key_tag_and_day(used, call):
    _, by = await call("GET", "/usage")
    assert by["rows"] == [
        {
            "deployment": "words",
            "runs": 3,
            "completed": 2,
            "failed": 1,
            "cancelled": 0,
            "cached": 0,
            "seconds": 7200.0,
            "cost": 1.0,
            "egress_bytes": 0,
            "egress_cost": 0.0,
            "storage_gb_hours": 0.0,
            "storage_cost": 0.0,
            "total_cost": 1.0,
        }
    ]
    _, tags = await call("GET", "/usage?by=tag")
    assert {row["tag"]: (row["runs"], row["cost"]) for row in tags["rows"]} == {
        "a": (2, 1.0),
        "b": (1, 0.5),
        None: (1, 0.0),
    }
    assert (tags["total"]["runs"], tags["total"]["cost"]) == (3, 1.0)
    _, keys = await call("GET", "/usage?by=key,day")
    [row] = keys["rows"]
    assert (row["key_name"], row["runs"]) == ("owner", 3)
    assert len(row["day"]) == 10
    _, none = await call("GET", "/usage?from=2001-01-01&to=2002-01-01")
    assert (none["rows"], none["total"]["runs"]) == ([], 0)
    assert (await call("GET", "/usage?by=mood"))[0] == 400


async def test_usage_comes_as_csv_that_spreadsheets_take_for_text(used):
    await used.client.post(f"{API}/runs", json={"inputs": {}, "tags": ["=cmd()"]})
    by_format = await used.client.get(f"{API}/usage?by=tag&format=csv")
    by_accept = await used.client.get(f"{API}/usage?by=tag", headers={"accept": "text/csv"})
    assert by_format.text == by_accept.text
    assert by_format.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(by_format.text)))
    assert {row["tag"]: row["runs"] for row in rows} == {"": "1", "'=cmd()": "1", "a": "2", "b": "1"}


async def test_budgets_show_what_is_spent_reserved_left_and_forecast(used, call):
    await used.submit()
    _, data = await call("GET", "/budgets")
    [budget] = data["budgets"]
    assert (budget["name"], budget["limit"], budget["spent"]) == ("studio", 100.0, 1.0)
    reserved = 2 * 0.5  # two attempts of an hour
    assert budget["reserved"] == pytest.approx(reserved, abs=1e-5)
    assert budget["left"] == pytest.approx(99.0 - reserved, abs=1e-5)
    assert budget["forecast"] >= budget["spent"]
    assert budget["period_start"] < budget["period_end"]


def test_a_forecast_is_the_run_rate_to_the_end_of_the_period():
    assert forecast(1_000_000, 0, 10 * DAY, DAY) == 10.0
    assert forecast(1_000_000, 0, 10 * DAY, 10 * DAY) == 1.0
    assert forecast(0, 0, 10 * DAY, DAY) == 0.0
    assert forecast(5, 0, None, DAY) is None


def test_periods_end_where_the_next_begins():
    leap = 1_709_164_800 * SECOND  # 29 February 2024, a Thursday
    days = {"day": 1, "week": 4, "month": 1}
    for period, more in days.items():
        assert period_end(period, leap + 5) == leap + more * DAY
    assert period_end("total", leap) is None


async def test_changes_are_in_the_audit_log_without_secrets(server, call):
    _, made = await call("POST", "/keys", json={"name": "site"})
    _, fresh = await call("POST", f"/keys/{made['id']}/rotate")
    await call("DELETE", f"/keys/{fresh['id']}")
    await call("POST", "/keys", json={"name": "x", "role": "king"})
    _, log = await call("GET", "/audit")
    assert [(entry["action"], entry["resource"]) for entry in log["entries"]] == [
        ("key.revoked", fresh["id"]),
        ("key.rotated", made["id"]),
        ("key.created", "site"),
    ]
    owner = await server.state.database.read(stored.find, stored.digest(server.owner))
    assert {entry["actor"] for entry in log["entries"]} == {owner.id}
    assert made["key"] not in str(log)
    assert fresh["key"] not in str(log)
    _, some = await call("GET", "/audit?action=key.created&page_size=1")
    assert [entry["action"] for entry in some["entries"]] == ["key.created"]


async def test_the_audit_log_is_exported_in_order_and_checked_against_its_seals(server, call):
    assert (await call("GET", "/audit/head"))[0] == 404
    for name in ("one", "two"):
        await call("POST", "/keys", json={"name": name})
    digest = await Sealer(server.state.database, server.state.objects, server.clock).seal()
    _, newest = await call("GET", "/audit/head")
    assert (newest["number"], newest["digest"]) == (1, digest)
    exported = await server.client.get(f"{API}/audit/export")
    assert [json.loads(line)["resource"] for line in exported.text.splitlines()] == ["one", "two"]
    stranger = server.as_(await server.key("owner", "stranger"))
    assert (await server.client.get(f"{API}/audit/export", headers=stranger)).text == ""
    assert (await call("GET", f"/audit/verify?head={digest}"))[1] == {"intact": True, "problems": []}
    forge = update(audit).where(audit.c.resource == "one").values(actor="nobody")
    await server.state.database.write(lambda connection: connection.execute(forge) and None)
    _, found = await call("GET", "/audit/verify")
    assert found == {"intact": False, "problems": [{"block": 1, "what": "entry 1 is not as it was sealed"}]}
    _, lost = await call("GET", f"/audit/verify?head={'0' * 63}1")
    assert lost["problems"][-1]["block"] == 0
