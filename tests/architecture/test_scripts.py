"""The helpers behind scripts/check tell good from bad."""

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def helper(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"scripts_{name}", ROOT / "scripts/lib" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PYPROJECT = '[project]\nname = "x"\nversion = "{version}"\ndependencies = ["{dependency}"]\n'


def test_a_lock_is_stale_when_dependencies_change_and_only_then() -> None:
    locking = helper("locking")
    first = locking.mark(PYPROJECT.format(version="1", dependency="httpx"))
    assert locking.mark(PYPROJECT.format(version="2", dependency="httpx")) == first
    assert locking.mark(PYPROJECT.format(version="1", dependency="httpx>=1")) != first


def test_stamping_a_lock_twice_keeps_one_mark() -> None:
    locking = helper("locking")
    once = locking.stamped("httpx==1\n", locking.mark())
    assert locking.stamped(once, locking.mark()) == once
    assert once.splitlines()[1] == "httpx==1"


@pytest.mark.parametrize(
    "line",
    [
        "index = https://py" + "pi.org/simple",
        "see /ro" + "ot/.cache/x",
        "-----BEGIN RSA PRIV" + "ATE KEY-----",
    ],
)
def test_hosts_machine_paths_and_keys_are_found(line: str) -> None:
    tidy = helper("tidy")
    assert len(list(tidy.findings("a.md", f"fine\n{line}\n".encode(), tidy.RULES))) == 1
    assert next(tidy.findings("a.md", f"fine\n{line}\n".encode(), tidy.RULES)).startswith("a.md:2: ")


@pytest.mark.parametrize(
    "line", ["run ./work/now", "$HOME/work/", "https://example.com/root/", "/home/me/flowscale"]
)
def test_harmless_lines_pass(line: str) -> None:
    tidy = helper("tidy")
    assert list(tidy.findings("a.md", line.encode(), tidy.RULES)) == []


def test_binary_files_are_not_read_as_text() -> None:
    tidy = helper("tidy")
    assert list(tidy.findings("a.bin", b"\0 py" + b"pi.org", tidy.RULES)) == []


def test_the_hosts_of_this_machines_registries_are_found_too() -> None:
    rules = helper("tidy").configured(
        {"PIP_INDEX_URL": "https://mirror.example/simple", "GOPROXY": "https://go.example,direct"}
    )
    (pattern,) = rules.values()
    assert re.search(pattern, "from mirror.example")
    assert re.search(pattern, "from go.example")


@pytest.mark.parametrize("script", ["setup", "lock", "check", "test", "demo", "toolchain"])
def test_every_verb_can_be_run_and_says_what_it_does(script: str) -> None:
    path = ROOT / "scripts" / script
    assert path.stat().st_mode & 0o111
    assert path.read_text().splitlines()[1].startswith(f"# {script}")
    assert subprocess.run(["bash", "-n", path]).returncode == 0
