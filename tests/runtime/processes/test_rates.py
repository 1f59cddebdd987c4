"""Two gateways over one PostgreSQL: a key's rate holds for both together."""

import asyncio
import itertools
import time

import pytest

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


async def test_the_rate_of_a_key_holds_for_all_gateways_together(fleet):
    fleet.gateway("one")
    fleet.gateway("two")
    async with fleet.client("one") as one, fleet.client("two") as two:
        made = await one.post("/api/v1/keys", json={"name": "site", "role": "contributor", "rate": "40/h"})
        assert made.status_code == 201, made.text
        headers = {"X-API-KEY": made.json()["data"]["key"]}

        async def submit(client):
            return await client.post("/api/v1/runs", data={"color": "1"}, headers=headers)

        clients = itertools.cycle((one, two))
        replies = await asyncio.gather(*(submit(next(clients)) for _ in range(120)))
        statuses = [reply.status_code for reply in replies]
        assert (statuses.count(200), statuses.count(429)) == (40, 80)
        refused = next(reply for reply in replies if reply.status_code == 429)
        assert refused.json()["error"]["code"] == "RATE_LIMITED"
        assert 0 < int(refused.headers["retry-after"]) <= 3826
        assert (await two.post("/api/v1/runs", data={"color": "1"})).status_code == 200


async def test_a_rate_by_the_second_holds_in_any_second_of_a_flood(fleet):
    fleet.gateway("one")
    fleet.gateway("two")
    async with fleet.client("one") as one, fleet.client("two") as two:
        made = await one.post("/api/v1/keys", json={"name": "site", "role": "contributor", "rate": "20/2s"})
        headers = {"X-API-KEY": made.json()["data"]["key"]}
        admitted = []

        async def flood(client, until):
            while time.monotonic() < until:
                sent = time.monotonic()
                reply = await client.post("/api/v1/runs", data={"color": "1"}, headers=headers)
                if reply.status_code == 200:
                    admitted.append((sent, time.monotonic()))

        until = time.monotonic() + 8
        await asyncio.gather(*(flood(client, until) for client in (one, one, two, two)))
    # those that were sent and answered within two seconds were admitted within them
    for start, _ in admitted:
        assert sum(start <= sent and got <= start + 2 for sent, got in admitted) <= 20
    assert len(admitted) > 20
