"""Bytes that a gateway sends are counted without a write, and charged when they are written down."""

import csv
import io
from dataclasses import replace

import pytest
from sqlalchemy import select

from flowscale_runtime.stores import outbox
from flowscale_runtime.stores.errors import Unavailable
from flowscale_runtime.stores.tables import holdings, ledger
from flowscale_runtime.stores.values import SECOND
from flowscale_specs import ResolvedPrices

API = "/api/v1"
HOUR = 3600 * SECOND
BUDGET = """
apiVersion: flowscale.ai/v1
kind: Budget
metadata: {name: all}
spec: {limit: $0.01/month, scope: project, alerts: [50%]}
"""
PRICES = ResolvedPrices(storage=10**15, egress=10**12)  # a byte that is sent costs a thousand micro-dollars


@pytest.fixture
async def run(server, kit):
    """A completed run of a deployment whose project pays for bytes; its outputs have 5 bytes and 2."""
    hooks = [{"url": "https://hook.example/x", "events": ["budget.alert"]}]
    await server.serve(kit.WORKFLOW, kit.deployment("words", webhooks=hooks), BUDGET)
    server.state.served.catalog = replace(server.state.served.catalog, prices=PRICES)
    await server.client.post(f"{API}/runs", json={"inputs": {}, "tags": ["den"]})
    [claimed] = await server.claim()
    await server.finish(claimed)
    return (await server.client.get(f"{API}/runs/{claimed.run_id}")).json()["data"]


async def written(server):
    query = select(ledger).where(ledger.c.bytes.is_not(None)).order_by(ledger.c.id)
    return await server.state.database.read(lambda connection: connection.execute(query).all())


async def usage(server, query=""):
    return (await server.client.get(f"{API}/usage{query}")).json()["data"]


async def test_downloads_are_counted_and_charged_when_they_are_written_down(server, run):
    link = run["outputs"][0]["url"]
    await server.client.get(link)
    await server.client.get(link, headers={"range": "bytes=0-1"})
    await server.client.head(link)
    assert await written(server) == []
    await server.state.meter.flush()
    [line] = await written(server)
    assert (line.kind, line.bytes, line.amount, line.deployment) == ("egress", 7, 7000, "words")
    [row] = (await usage(server, "?by=deployment,tag"))["rows"]
    assert (row["tag"], row["egress_bytes"], row["egress_cost"], row["total_cost"]) == (
        "den",
        7,
        0.007,
        0.007,
    )
    await server.state.meter.flush()
    assert len(await written(server)) == 1


async def test_an_archive_counts_for_its_run_and_an_upload_for_the_project(server, run):
    archive = await server.client.get(f"{API}/runs/{run['run_id']}/outputs.zip")
    sent = await server.client.post(
        f"{API}/uploads", content=b"hello", headers={"content-type": "text/plain"}
    )
    await server.client.get(sent.json()["data"]["url"])
    await server.state.meter.flush()
    assert [(line.deployment, line.bytes) for line in await written(server)] == [
        ("words", len(archive.content)),
        ("", 5),
    ]


async def test_the_budget_that_bytes_spend_refuses_runs_and_tells(server, run):
    for _ in range(2):
        await server.client.get(run["outputs"][0]["url"])
    await server.state.meter.flush()
    [budget] = (await server.client.get(f"{API}/budgets")).json()["data"]["budgets"]
    assert (budget["spent"], budget["left"], budget["alerted"]) == (0.01, 0.0, 50)
    refused = await server.client.post(f"{API}/runs", data={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "BUDGET_EXCEEDED")
    told = await server.state.database.write(outbox.due, server.clock())
    assert [message.url for message in told] == ["https://hook.example/x"]


async def test_what_is_kept_is_charged_by_the_hour(server, run):
    await server.state.meter.count_kept()
    assert await written(server) == []
    server.clock.ahead += 3600
    await server.state.meter.count_kept()
    await server.state.meter.count_kept()
    [line] = await written(server)
    assert (line.kind, line.bytes, line.tags) == ("storage", 7, ["den"])
    assert line.seconds == pytest.approx(3600, abs=60)
    total = (await usage(server))["total"]
    assert total["storage_cost"] == pytest.approx(7e6 / 730 / 1e6, rel=0.05)


async def test_an_upload_is_kept_under_the_key_that_sent_it(server, run):
    await server.client.post(f"{API}/uploads", content=b"hello", headers={"content-type": "text/plain"})
    row = await server.state.database.read(lambda connection: connection.execute(select(holdings)).one())
    assert (row.size, row.key_id is None) == (5, False)


async def test_a_store_that_is_away_makes_nothing_forgotten(server, run, monkeypatch):
    await server.client.get(run["outputs"][0]["url"])

    async def away(*_args, **_kwargs):
        raise Unavailable("the database can't be reached")

    with monkeypatch.context() as broken:
        broken.setattr(server.state.database, "read", away)
        with pytest.raises(Unavailable):
            await server.state.meter.flush()
    await server.client.get(run["outputs"][0]["url"])
    await server.state.meter.close()
    assert [line.bytes for line in await written(server)] == [10]


async def test_bytes_stand_in_the_csv(server, run):
    await server.client.get(run["outputs"][0]["url"])
    await server.state.meter.flush()
    reply = await server.client.get(f"{API}/usage?by=key&format=csv")
    [row] = csv.DictReader(io.StringIO(reply.text))
    assert (row["key_name"], row["egress_bytes"], row["egress_cost"]) == ("owner", "5", "0.005")
