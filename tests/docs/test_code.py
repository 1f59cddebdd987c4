"""Code in the documentation: commands are known, snippets parse, specs load, what is marked `run` runs."""

import ast
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import flowscale_specs as specs

ROOT = Path(__file__).resolve().parents[2]
SHELLS = {"sh", "bash", "console"}
TOOLS = re.compile(r"cat|cd|cp|curl|echo|export|git|kill|kubectl|ls|mkdir|mv|pip|python|rm|sudo|uv")


def commands(code: str) -> Iterator[list[str]]:
    """The words of each simple command in a block; pipes and lists are taken apart."""
    code = re.sub(r"<<-?\s*'?(\w+)'?(.*?)\n.*?^\1$", r"\2", code, flags=re.DOTALL | re.MULTILINE)
    lexer = shlex.shlex(code.replace("\\\n", " "), posix=True, punctuation_chars="|;&()<>\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, "#"
    words: list[str] = []
    for token in lexer:
        if set(token) <= set("|;&()\n"):
            yield words
            words = []
        else:
            words.append(token)
    yield words


def program(words: list[str]) -> list[str]:
    """A command without the variables set before it."""
    while words and re.match(r"\w+=", words[0]):
        words = words[1:]
    return words


def known_commands(app: Any) -> dict[str, set[str]]:
    """The options of every verb, by the words that call it."""
    import typer

    found: dict[str, set[str]] = {}

    def visit(command: Any, words: str) -> None:
        found[words] = {
            option for parameter in command.params for option in parameter.opts + parameter.secondary_opts
        }
        for name, child in getattr(command, "commands", {}).items():
            visit(child, f"{words} {name}")

    visit(typer.main.get_command(app), "flowscale")
    return found


def complaint(words: list[str], verbs: dict[str, set[str]]) -> str | None:
    """What is wrong with a command, or None."""
    name = words[0]
    if name.startswith(("scripts/", ".ci/")):
        return None if os.access(ROOT / name, os.X_OK) else f"no script {name}"
    if name != "flowscale":
        return None if TOOLS.fullmatch(name) else f"unknown program {name}"
    verb = "flowscale"
    for word in words[1:]:
        if f"{verb} {word}" not in verbs:
            break
        verb = f"{verb} {word}"
    if verb == "flowscale" and len(words) > 1 and not words[1].startswith("-"):
        return f"no verb `flowscale {words[1]}`"
    unknown = (
        {word.split("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)} - verbs[verb] - {"--help"}
    )
    return f"`{verb}` has no option {', '.join(sorted(unknown))}" if unknown else None


def test_commands_exist(fences: list[Any]) -> None:
    app = pytest.importorskip("flowscale_cli.main", reason="the command line is not there yet").app
    verbs = known_commands(app)
    wrong = [
        f"{fence}: {problem}"
        for fence in fences
        if fence.words[0] in SHELLS
        for words in map(program, commands(fence.code))
        if words and (problem := complaint(words, verbs))
    ]
    assert wrong == []


def test_python_parses(fences: list[Any]) -> None:
    for fence in fences:
        if fence.words[0] == "python":
            compile(fence.code, str(fence), "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_json_parses(fences: list[Any]) -> None:
    for fence in fences:
        if fence.words[0] == "json":
            json.loads(fence.code)


def test_specs_load(fences: list[Any]) -> None:
    for fence in fences:
        if fence.words[0] == "yaml" and "apiVersion: flowscale.ai" in fence.code:
            try:
                specs.parse(fence.code.encode(), Path("flowscale.yaml"))
            except specs.SpecErrors as errors:
                pytest.fail(f"{fence}: {errors}")


def marked(fences: list[Any]) -> dict[Path, list[Any]]:
    """Blocks to run, by page."""
    found: dict[Path, list[Any]] = {}
    for fence in fences:
        if {"run", "file", "serve"} & set(fence.words[1:]):
            found.setdefault(fence.page, []).append(fence)
    return found


class Reader:
    """Does what a page says, in a folder with the clone's examples: files are written, servers started, commands run."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.servers: list[subprocess.Popen[bytes]] = []
        (folder / "examples").symlink_to(ROOT / "examples")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {
            **os.environ,
            "PATH": path,
            "XDG_STATE_HOME": str(folder / ".state"),
            "HOME": str(folder),
        }

    def follow(self, fence: Any) -> None:
        code = fence.code.replace("8000", str(self.port))
        match fence.words[1:]:
            case ("file", name):
                target = self.folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(code)
            case ("serve",):
                self.serve(code)
            case _:
                done = self.shell(code)
                assert done.returncode == 0, (
                    f"{fence}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
                )

    def shell(self, code: str) -> subprocess.CompletedProcess[str]:
        script = ["bash", "-euo", "pipefail", "-c", code]
        return subprocess.run(
            script, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=100
        )

    def serve(self, code: str) -> None:
        log = self.folder / "server.log"
        script = ["bash", "-c", f"exec {code.strip()} >{log} 2>&1"]
        server = subprocess.Popen(script, cwd=self.folder, env=self.environment)
        self.servers.append(server)
        ready = f"curl -sf http://127.0.0.1:{self.port}/readyz"
        for _ in range(300):
            if self.shell(ready).returncode == 0:
                return
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        pytest.fail(f"the server was not ready after 30 s: {log.read_text()}")

    def close(self) -> None:
        for server in self.servers:
            server.send_signal(signal.SIGTERM)
            server.wait(20)


def test_pages_run_as_written(fences: list[Any], tmp_path: Path, free_port: Callable[[], int]) -> None:
    cli: ModuleType = pytest.importorskip("flowscale_cli.main", reason="the command line is not there yet")
    assert cli.app
    for number, (page, blocks) in enumerate(marked(fences).items()):
        folder = tmp_path / f"{number}-{page.stem}"
        folder.mkdir()
        reader = Reader(folder, free_port())
        try:
            for block in blocks:
                reader.follow(block)
        finally:
            reader.close()
