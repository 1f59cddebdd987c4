"""Keys: the same verbs on a server and on a data folder that nobody works on."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flowscale_cli.errors import UsageError
from flowscale_cli.keys import moment, span

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Run = Callable[..., Any]


@pytest.fixture(params=["served", "stored"])
def keys(request: pytest.FixtureRequest, flowscale: Run, server: Any, kept: Path) -> Run:
    """`flowscale keys`, on a server or on a data folder."""
    data = server.data if request.param == "served" else kept
    return lambda *words: flowscale("keys", *words, "--data", data)


@pytest.fixture(scope="session")
def kept(hello: Path, start: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose server has ended."""
    one = start(hello, tmp_path_factory.mktemp("kept") / "data")
    one.stop()
    return Path(one.data)


@pytest.mark.services
class TestKeys:
    """What every place of keys can do."""

    def test_a_key_is_shown_once(self, keys: Run) -> None:
        made = json.loads(keys("create", "website", "--role", "viewer", "--rate", "10/second", "--json").out)
        assert made["key"].startswith("fs_")
        (listed,) = [key for key in json.loads(keys("list", "--json").out) if key["id"] == made["id"]]
        assert "key" not in listed
        assert "hash" not in listed
        assert (listed["name"], listed["role"], listed["rate"]) == ("website", "viewer", "10/s")
        assert listed["scopes"] == ["deployments:read", "runs:read", "workflows:read"]

    def test_the_key_alone_is_on_stdout(self, keys: Run) -> None:
        done = keys("create", "shell")
        assert done.out.startswith("fs_")
        assert done.out.count("\n") == 1
        assert "(contributor): keep it now" in done.err

    def test_rights_and_an_end_can_be_given(self, keys: Run) -> None:
        words = (
            "--scope",
            "runs:read",
            "--scope",
            "runs:execute",
            "--deployment",
            "hello",
            "--expires",
            "30d",
        )
        made = json.loads(keys("create", "narrow", *words, "--json").out)
        assert (made["role"], made["scopes"], made["deployments"]) == (
            "custom",
            ["runs:execute", "runs:read"],
            ["hello"],
        )
        ends = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
        assert timedelta(days=29) < ends <= timedelta(days=30)

    def test_a_rotated_key_works_on_for_the_overlap(self, keys: Run) -> None:
        made = json.loads(keys("create", "turning", "--json").out)
        fresh = json.loads(keys("rotate", made["id"], "--overlap", "2h", "--json").out)
        assert fresh["key"] not in ("", made["key"])
        (old,) = [key for key in json.loads(keys("list", "--json").out) if key["id"] == made["id"]]
        assert old["replaced_by"] == fresh["id"]
        assert datetime.fromisoformat(old["expires_at"]) - datetime.now(UTC) <= timedelta(hours=2)

    def test_a_revoked_key_is_not_rotated(self, keys: Run) -> None:
        made = json.loads(keys("create", "ending", "--json").out)
        assert keys("revoke", made["id"]).code == 0
        (old,) = [key for key in json.loads(keys("list", "--json").out) if key["id"] == made["id"]]
        assert old["revoked_at"]
        done = keys("rotate", made["id"])
        assert (done.code, "revoked" in done.err) == (1, True)

    def test_a_key_that_is_not_there(self, keys: Run) -> None:
        done = keys("revoke", "nothing")
        assert (done.code, "no key" in done.err) == (1, True)

    def test_the_list_is_a_table(self, keys: Run) -> None:
        lines = keys("list").out.splitlines()
        assert lines[0].split("\t")[:3] == ["id", "name", "role"]
        assert any(line.split("\t")[1:3] == ["owner", "owner"] for line in lines)


@pytest.mark.services
def test_a_key_made_without_a_server_opens_the_next_one(
    flowscale: Run, kept: Path, hello: Path, start: Callable[..., Any], tmp_path: Path
) -> None:
    key = flowscale("keys", "create", "early", "--data", kept).out.strip()
    (tmp_path / "key").write_text(key)
    one = start(hello, kept)
    try:
        assert flowscale("run", "hello", "--url", one.url, "--key-file", "key").code == 0
    finally:
        one.stop()


def test_without_any_data_there_are_no_keys(flowscale: Run) -> None:
    done = flowscale("keys", "list")
    assert (done.code, done.out) == (4, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scope", "runs:fly"), "runs:read, runs:execute"),
        (("--rate", "often"), "10/s"),
        (("--expires", "soon"), "span of time"),
        (("--expires", "2001-01-01"), "has passed"),
    ],
)
def test_wrong_words_are_wrong_usage(flowscale: Run, words: tuple[str, str], said: str) -> None:
    done = flowscale("keys", "create", "x", *words)
    assert (done.code, said in done.err) == (2, True)


@pytest.mark.services
def test_without_a_server_there_are_the_built_in_roles(flowscale: Run, kept: Path) -> None:
    done = flowscale("keys", "create", "x", "--role", "king", "--data", kept)
    assert (done.code, "viewer, contributor, admin, owner" in done.err) == (2, True)


def test_times_are_spans_or_dates() -> None:
    assert moment("90d", NOW) == NOW + timedelta(days=90)
    assert moment("2026-02-01", NOW) == datetime(2026, 2, 1, tzinfo=UTC)
    assert moment("2026-02-01T10:00+02:00", NOW) == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert span("1h30m") == timedelta(minutes=90)
    with pytest.raises(UsageError):
        moment("2025-12-31", NOW)
