"""Erase: the runs of a group are removed from a server, once somebody agreed."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from flowscale import FlowScaleClient

Run = Callable[..., Any]


@pytest.mark.services
def test_the_runs_of_a_group_are_removed_and_no_others(
    flowscale: Run, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    with FlowScaleClient(api_key=server.key, base_url=server.url) as client:
        mine = client.runs.execute(workflow_id="hello", group_id="order-7")
        other = client.runs.execute(workflow_id="hello", group_id="order-8")
        asked = flowscale("erase", "--group", "order-7", "--data", server.data)
        assert asked.code == 1  # nobody agreed
        told = flowscale("erase", "--group", "order-7", "--yes", "--json", "--data", server.data)
        assert (told.code, json.loads(told.out)["erased"]["runs"]) == (0, 1)
        assert list(client.runs.list(group_id="order-7")) == []
        assert client.runs.get(other.run_id)["status"] == "completed"
    assert mine.run_id


@pytest.mark.parametrize("words", [(), ("--tag", "a", "--group", "b")])
def test_whose_runs_is_said_exactly(flowscale: Run, words: tuple[str, ...]) -> None:
    done = flowscale("erase", *words)
    assert done.code == 2
    assert "exactly one of --tag, --group and --key" in done.err
