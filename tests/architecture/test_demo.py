"""scripts/demo against a stand-in for the `flowscale` command: what it prints, what it leaves running, what it says when it fails."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.services

STAND_IN = """#!{python}
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

verb, *words = sys.argv[1:]
option = dict(zip(words[1::2], words[2::2]))
if verb == "run":
    Path(option["-o"]).mkdir(parents=True)
    Path(option["-o"], "upscaled.png").write_bytes(Path(option["-i"].partition("=@")[2]).read_bytes())
    print(json.dumps({{"run_id": "1", "execution_time": 1.25, "cost": 0.0005, "key": Path(option["--key-file"]).read_text()}}))
    sys.exit()
if "{fault}":
    sys.exit("{fault}")

class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

server = HTTPServer((option["--host"], int(option["--port"])), Ready)
data = Path(option["--data"])
data.mkdir(parents=True)
(data / "owner.key").write_text("secret")
url = f"http://127.0.0.1:{{server.server_port}}"
(data / "server.json.part").write_text(json.dumps({{"url": url, "pid": os.getpid(), "key_file": str(data / "owner.key")}}))
(data / "server.json.part").rename(data / "server.json")
server.serve_forever()
"""


def clone(folder: Path, fault: str = "") -> Path:
    """A repository with the real demo, an example without a workflow, and the stand-in."""
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "scripts/setup").write_text("#!/bin/sh\n")
    example = folder / "examples/01-photo-upscale"
    example.mkdir(parents=True)
    (example / "photo.jpg").write_bytes(b"photo")
    programs = folder / ".venv/bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs / "flowscale").write_text(STAND_IN.format(python=sys.executable, fault=fault))
    (programs / "flowscale").chmod(0o755)
    return folder


def demo(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = ["bash", str(folder / "scripts/demo"), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def facts(output: str) -> dict[str, str]:
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in output.splitlines()}


def servers(folder: Path) -> list[int]:
    """Process ids of the servers that this clone started and that are alive."""
    pids = [json.loads(path.read_text())["pid"] for path in folder.glob(".flowscale/demo/*/data/server.json")]
    return [pid for pid in pids if Path(f"/proc/{pid}/stat").exists()]


def test_two_demos_at_once_each_show_their_own_result(tmp_path: Path) -> None:
    folder = clone(tmp_path)
    running = [demo(folder), demo(folder)]
    outputs = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    told = [facts(stdout) for stdout, _ in outputs]
    assert {(told["time"], told["cost"]) for told in told} == {("1.25 s", "$0.0005")}
    results = [folder / each["result"] for each in told]
    assert [path.read_bytes() for path in results] == [b"photo", b"photo"]
    assert results[0] != results[1]
    assert told[0]["docs"].endswith("/api/v1/docs")
    assert servers(folder) == []


def test_keep_leaves_the_server_and_says_how_to_stop_it(tmp_path: Path) -> None:
    folder = clone(tmp_path)
    process = demo(folder, "--keep")
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    (pid,) = servers(folder)
    assert facts(stdout)["stop"] == f"kill {pid}"
    os.kill(pid, 15)


def test_a_server_that_dies_has_its_last_words_shown(tmp_path: Path) -> None:
    process = demo(clone(tmp_path, fault="the port is taken"))
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the server stopped before it was ready" in stderr
    assert "the port is taken" in stderr


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    process = demo(clone(tmp_path), "--kep")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "unknown option --kep" in stderr
