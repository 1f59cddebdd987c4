"""Installing: environments by content, made once, above the platform's packages."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flowscale_runtime.packs.errors import InstallFailed
from flowscale_runtime.packs.once import made
from flowscale_runtime.packs.provision import Provision
from flowscale_runtime.packs.values import Group, Wanted
from harness.packs import PACK, Repository, wheel


def test_an_environment_has_its_wheels_and_what_the_platform_has(tmp_path: Path, wheels: Path) -> None:
    made_ = Repository(tmp_path, "Old", init=PACK.format(name="Old"), requirements__txt="needs_old\n")
    provision = Provision(tmp_path / "store")
    groups = provision.lock([Wanted(made_.source)], tmp_path)
    (installed,) = provision.install(groups, tmp_path)
    code = "import clash, needs_old, orjson, flowscale_runtime; print(clash.VERSION, clash.__file__)"
    told = subprocess.run([installed.python, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == f"1.0 {installed.packages}/clash.py\n"
    assert [path.name for folder in installed.folders for path in folder.iterdir()] == ["Old"]
    assert not (installed.folders[0] / "Old" / ".git").exists()


def test_what_was_installed_is_found_again_without_source_and_wheels(tmp_path: Path, wheels: Path) -> None:
    made_ = Repository(tmp_path, "Old", init="", requirements__txt="clash\n")
    first = Provision(tmp_path / "store")
    groups = first.lock([Wanted(made_.source)], tmp_path)
    installed = first.install(groups, tmp_path)
    shutil.rmtree(wheels)
    shutil.rmtree(made_.folder)
    assert Provision(tmp_path / "store").install(groups, tmp_path) == installed


def test_a_wheel_that_was_changed_is_refused_and_leaves_nothing(
    tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provision = Provision(tmp_path / "store")
    made_ = Repository(tmp_path, "Old", init="", requirements__txt="clash==2.0\n")
    groups = provision.lock([Wanted(made_.source)], tmp_path)
    wheel(wheels, "clash", "2.0", body="VERSION = 'evil'\n")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "another"))
    with pytest.raises(InstallFailed, match="Hash mismatch"):
        provision.install(groups, tmp_path)
    assert [path.suffix for path in (tmp_path / "store" / "environments").iterdir() if path.is_dir()] == [
        ".new"
    ]


def test_a_group_without_wheels_runs_on_the_platform_s_python(tmp_path: Path) -> None:
    (installed,) = Provision(tmp_path).install([Group()], tmp_path)
    assert (installed.folders, installed.packages) == ((), None)
    assert installed.python.exists()


def test_a_folder_is_made_by_one_alone_and_whole(tmp_path: Path) -> None:
    calls = []

    def make(folder: Path) -> None:
        calls.append(folder)
        for name in "abc":
            (folder / name).touch()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: made(tmp_path / "x", make), range(8)))
    assert len(calls) == 1
    assert {len(list(folder.iterdir())) for folder in found} == {3}


def test_what_failed_half_way_is_made_anew(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        made(tmp_path / "x", fail)
    assert list(made(tmp_path / "x", lambda folder: (folder / "whole").touch()).iterdir()) == [
        tmp_path / "x" / "whole"
    ]
