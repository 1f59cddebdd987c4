"""The older distribution of the same package name is noticed and explained."""

import importlib
import subprocess
import sys
from importlib.metadata import version

import pytest

import flowscale
from flowscale import MixedInstallationWarning, installation


@pytest.fixture
def older(tmp_path, monkeypatch):
    """The older distribution, installed beside ours."""
    info = tmp_path / "flowscale-1.1.4.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: flowscale\nVersion: 1.1.4\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_clean_installation_is_quiet():
    assert installation.mixed() is None


def test_a_mixed_installation_says_what_to_do(older):
    problem = installation.mixed()
    assert "'flowscale' 1.1.4" in problem
    assert "pip uninstall -y flowscale flowscale-sdk" in problem


def test_importing_in_a_mixed_installation_warns(older):
    code = "import flowscale; print(flowscale.FlowScaleClient.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(older)}
    )
    assert done.stdout == "FlowScaleClient\n"
    assert MixedInstallationWarning.__name__ in done.stderr


def test_the_older_clients_name_is_explained():
    with pytest.raises(ImportError, match="whose client is FlowScaleClient"):
        exec("from flowscale import FlowscaleAPI")


def test_other_unknown_names_are_ordinary_errors():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        flowscale.nothing  # noqa: B018


def test_no_module_of_ours_is_called_like_one_of_the_older_package():
    for name in ("api", "types"):
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(f"flowscale.{name}")


def test_the_version_is_that_of_the_distribution():
    assert flowscale.__version__ == version("flowscale-sdk")
