"""Programs of the toolchain come from pins, are found where they are, and are built where they are not."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts/lib"


@pytest.fixture
def toolchain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    return load("toolchain", monkeypatch, tmp_path)


def load(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("FLOWSCALE_TOOLCHAIN", raising=False)
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def program(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_pins_are_complete(toolchain: ModuleType) -> None:
    known = toolchain.programs((SCRIPTS / "toolchain.toml").read_text())
    assert {
        "etcd",
        "hyperkube",
        "kubectl",
        "kubelet",
        "pulumi",
        "argoexec",
        "kwok",
        "versitygw",
        "coredns",
    } <= set(known)
    assert all(each.version.startswith("v") and each.sum.startswith("h1:") for each in known.values())
    assert known["kubectl"] is known["hyperkube"]


def test_the_named_folder_wins_over_path_and_cache(
    toolchain: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    etcd = toolchain.programs((SCRIPTS / "toolchain.toml").read_text())["etcd"]
    assert toolchain.find("etcd", etcd) is None
    cached = program(etcd.folder, "etcd")
    assert toolchain.find("etcd", etcd) == cached
    on_path = program(tmp_path / "path", "etcd")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert toolchain.find("etcd", etcd) == on_path
    named = program(tmp_path / "named", "etcd")
    monkeypatch.setenv("FLOWSCALE_TOOLCHAIN", str(named.parent))
    assert toolchain.find("etcd", etcd) == named


def test_building_without_go_says_what_to_install(toolchain: ModuleType) -> None:
    etcd = toolchain.programs((SCRIPTS / "toolchain.toml").read_text())["etcd"]
    with pytest.raises(SystemExit, match="install Go"):
        toolchain.ensure("etcd", etcd)


def test_local_replaces_become_published_versions(toolchain: ModuleType) -> None:
    gomod = {
        "Replace": [
            {"Old": {"Path": "k8s.io/api"}, "New": {"Path": "./staging/src/k8s.io/api"}},
            {
                "Old": {"Path": "k8s.io/sample-controller"},
                "New": {"Path": "./staging/src/k8s.io/sample-controller"},
            },
            {"Old": {"Path": "a/b"}, "New": {"Path": "c/d", "Version": "v1.0.0"}},
        ]
    }
    assert toolchain.published(gomod, "v0.34.4") == {
        "k8s.io/api": "k8s.io/api v0.34.4",
        "k8s.io/sample-controller": "./empty",
        "a/b": "c/d v1.0.0",
    }
    assert toolchain.published(gomod, "") == {"a/b": "c/d v1.0.0"}


def test_a_file_that_the_archive_lacks_is_copied_from_its_twin(toolchain: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "module"
    source.mkdir()
    (source / "signal_darwin.go").write_text("package osspecific\n")
    source.chmod(0o555)
    entry = toolchain.Program("x", "m", "v1", "h1:", copies={"signal_linux.go": "signal_darwin.go"})
    patched = toolchain.patched(entry, source, tmp_path / "patched")
    assert (patched / "signal_linux.go").read_text() == "package osspecific\n"
    assert os.access(patched, os.W_OK)
