"""The harness of these tests: no network but this machine, slow tests sampled on request, free ports."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_the_network_is_closed() -> None:
    with socket.socket() as client, pytest.raises(SocketConnectBlockedError):
        client.connect(("192.0.2.1", 80))


def test_this_machine_can_be_reached(free_port: Callable[[], int]) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)) as client:
        assert client.getpeername() == ("127.0.0.1", port)


@pytest.mark.parametrize(("choice", "passed"), [("none", 1), ("sample", 2), ("all", 3)])
def test_slow_tests_are_chosen(choice: str, passed: int, tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    slow = "@pytest.mark.slow\ndef test_{}():\n    pass\n"
    code = "import pytest\n" + slow.format("a") + slow.format("b") + "def test_c():\n    pass\n"
    (tmp_path / "test_some.py").write_text(code)
    command = [sys.executable, "-m", "pytest", "-q", f"--slow={choice}", "-p", "no:cacheprovider"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True)
    assert f"{passed} passed" in done.stdout
