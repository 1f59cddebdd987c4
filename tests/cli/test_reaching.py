"""Finding a server, and the ends that mean none was found."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowscale import exceptions
from flowscale_cli.connection import credentials, running_server, translated
from flowscale_cli.errors import CliError, RunFailed, Unreachable, UsageError


def announced(data: Path, **facts: Any) -> None:
    data.mkdir(exist_ok=True)
    (data / "owner.key").write_text("fs_secret\n")
    known = {"url": "http://127.0.0.1:9", "pid": os.getpid(), "key_file": str(data / "owner.key"), **facts}
    (data / "server.json").write_text(json.dumps(known))


def test_no_server_is_said_with_what_to_do(flowscale: Callable[..., Any]) -> None:
    done = flowscale("runs")
    assert (done.code, done.out) == (4, "")
    assert "start one here with `flowscale serve .`" in done.err


def test_a_server_that_does_not_answer(flowscale: Callable[..., Any], free_port: Callable[[], int]) -> None:
    done = flowscale("run", "--url", f"http://127.0.0.1:{free_port()}", "--no-wait")
    assert (done.code, done.err.count("Traceback")) == (4, 0)


def test_the_server_of_the_data_folder_is_found_with_its_key(tmp_path: Path) -> None:
    announced(tmp_path / "data")
    assert credentials(None, None, tmp_path / "data") == ("http://127.0.0.1:9", "fs_secret")


def test_a_server_that_has_ended_is_none(tmp_path: Path) -> None:
    announced(tmp_path / "data", pid=2**22 + 1)
    assert running_server(tmp_path / "data") is None


def test_the_key_never_goes_to_another_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWSCALE_API_KEY", "mine")
    announced(tmp_path / "data")
    assert credentials("http://elsewhere", None, tmp_path / "data") == ("http://elsewhere", "mine")


def test_a_key_in_the_environment_comes_before_the_owner_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWSCALE_API_KEY", "mine")
    announced(tmp_path / "data")
    assert credentials(None, None, tmp_path / "data") == ("http://127.0.0.1:9", "mine")


def test_a_key_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="can't be read"):
        credentials("http://elsewhere", tmp_path / "none", None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exceptions.FlowScaleNetworkError("x"), Unreachable),
        (exceptions.FlowScaleAuthenticationError("x"), Unreachable),
        (exceptions.FlowScalePermissionError("x"), Unreachable),
        (exceptions.FlowScaleProtocolError("x"), Unreachable),
        (exceptions.FlowScaleRunFailedError("x"), RunFailed),
        (exceptions.FlowScaleRunCancelledError("x"), RunFailed),
        (exceptions.FlowScaleTimeoutError("x", run={"status": "timed_out"}), RunFailed),
        (exceptions.FlowScaleTimeoutError("x", run={"status": "running"}), CliError),
        (exceptions.FlowScaleConfigurationError("x"), UsageError),
        (exceptions.FlowScaleValidationError("x"), CliError),
        (exceptions.FlowScaleBudgetError("x"), CliError),
    ],
)
def test_errors_of_the_client_become_ends(error: exceptions.FlowScaleError, kind: type[CliError]) -> None:
    assert type(translated(error, "http://x")) is kind


@pytest.mark.services
def test_a_wrong_key_ends_with_4(flowscale: Callable[..., Any], server: Any, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("fs_wrong")
    done = flowscale("runs", "--url", server.url, "--key-file", "key")
    assert (done.code, server.url in done.err) == (4, True)
