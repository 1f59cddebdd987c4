"""Peers that can't be had are named; what is there is not installed twice."""

import argparse
import importlib
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def peers(benchmarks: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The peers, with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return importlib.import_module("peers")


def fake_uv(folder: Path, script: str) -> str:
    """A PATH on which `uv` is this shell script."""
    program = folder / "bin" / "uv"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{program.parent}:/usr/bin:/bin"


def test_a_peer_that_cannot_be_installed_is_named_as_left_out(
    peers: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(peers, "FLOORS", {})
    monkeypatch.setenv("PATH", fake_uv(tmp_path, "echo 'no such version' >&2; exit 1"))
    options = argparse.Namespace(peers=["kserve-1"], ray=False)
    rows, missing = importlib.import_module("http_submit").beside(options)
    assert rows == []
    assert missing == ["kserve-1 is left out: no such version"]


def test_a_machine_without_uv_leaves_peers_out(
    peers: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(peers.Missing, match="uv venv failed"):
        peers.installed("bentoml")


def test_a_peer_is_installed_once_and_again_when_its_pins_change(
    peers: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    monkeypatch.setenv(
        "PATH",
        fake_uv(tmp_path, f'echo "$1" >> {calls}; for last; do :; done; [ "$1" = pip ] || mkdir -p "$last"'),
    )
    assert peers.installed("bentoml") == peers.installed("bentoml")
    assert calls.read_text().split() == ["venv", "pip"]
    monkeypatch.setitem(peers.PINS, "bentoml", ("bentoml==0",))
    peers.installed("bentoml")
    assert calls.read_text().split() == ["venv", "pip", "venv", "pip"]


def test_all_peers_but_ray_are_measured_unless_some_are_named(benchmarks: Path) -> None:
    http_submit = importlib.import_module("http_submit")

    def chosen(*given: str) -> set[str]:
        options = http_submit.arguments(argparse.ArgumentParser()).parse_args(given)
        return {name for name, _ in http_submit.chosen(options)} - http_submit.peers.FLOORS.keys()

    everything = http_submit.peers.PEERS.keys()
    assert chosen() == everything - {"ray"}
    assert chosen("--ray") == everything
    assert chosen("--peers", "bentoml") == {"bentoml"}
    assert chosen("--peers") == set()
