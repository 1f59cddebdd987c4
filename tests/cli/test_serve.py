"""Starting a server, and every reason why it can't."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(sys.executable).parent / "flowscale"
Run = Callable[..., Any]


def test_a_folder_that_is_not_there(flowscale: Run) -> None:
    done = flowscale("serve", "nowhere")
    assert (done.code, done.err) == (2, "flowscale: there is no folder nowhere\n")


def test_a_folder_without_specs(flowscale: Run, tmp_path: Path) -> None:
    done = flowscale("serve", ".")
    assert (done.code, "declares nothing to serve" in done.err, done.err.count("\n")) == (3, True, 1)
    assert list(tmp_path.iterdir()) == []


def test_wrong_specs_are_told_with_their_places(flowscale: Run, tmp_path: Path) -> None:
    flowscale("init", "x")
    spec = tmp_path / "x/flowscale.yaml"
    spec.write_text(spec.read_text().replace("inputs:", "input:"))
    done = flowscale("serve", "x")
    assert done.code == 3
    assert done.err.splitlines()[0].startswith("x/flowscale.yaml:6:3: spec.input: ")
    assert done.err.splitlines()[-1] == "flowscale: 1 error in x"


def test_a_port_in_use(flowscale: Run) -> None:
    flowscale("init", "x")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = flowscale("serve", "x", "--port", port)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert f"port {port} of 127.0.0.1 is in use" in done.err


def test_a_host_that_is_not_this_machine(flowscale: Run) -> None:
    flowscale("init", "x")
    done = flowscale("serve", "x", "--host", "192.0.2.1", "--port", "0")
    assert (done.code, "can't listen on port 0 of 192.0.2.1" in done.err) == (1, True)


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none(flowscale: Run, port: str) -> None:
    assert flowscale("serve", ".", "--port", port).code == 2


@pytest.mark.services
def test_data_in_use(server: Any, hello: Path, environment: dict[str, str]) -> None:
    command = [PROGRAM, "serve", hello, "--port", "0", "--data", server.data]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"another server uses {server.data}" in done.stderr
    assert server.url  # what the running one says of itself is untouched


@pytest.mark.services
def test_a_signal_ends_it_and_takes_its_announcement_away(
    start: Callable[..., Any], hello: Path, tmp_path: Path
) -> None:
    one = start(hello, tmp_path / "data")
    assert (tmp_path / "data/server.json").is_file()
    one.stop()
    assert one.process.returncode == 0
    assert not (tmp_path / "data/server.json").exists()
    assert (tmp_path / "data/owner.key").stat().st_mode & 0o777 == 0o600
