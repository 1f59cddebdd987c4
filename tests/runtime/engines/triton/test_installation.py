"""A Triton server is found where it may be, in this order: named, on PATH, NVIDIA's folder, the cache."""

import pytest

from flowscale_runtime.engines.errors import EngineMissing
from flowscale_runtime.engines.triton import installation


@pytest.fixture(autouse=True)
def no_image(monkeypatch, tmp_path):
    monkeypatch.setattr(installation, "NVIDIA", tmp_path / "opt")


def server(folder):
    program = folder / "bin" / "tritonserver"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return folder


def test_nothing_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(EngineMissing, match="scripts/triton ensure"):
        installation.find({"HOME": str(tmp_path), "PATH": ""})


def test_each_place_comes_before_the_next(tmp_path):
    variables = {"PATH": "", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    cached = server(tmp_path / "cache" / "flowscale" / "triton" / "nvidia-pytriton-0.7.0")
    assert installation.find(variables).folder == cached
    image = server(tmp_path / "opt")
    assert installation.find(variables).folder == image
    own = server(tmp_path / "own")
    assert installation.find(variables | {"PATH": str(own / "bin")}).folder == own
    named = server(tmp_path / "named")
    assert installation.find(variables | {"PATH": str(own), "FLOWSCALE_TRITON": str(named)}).folder == named


def test_a_named_folder_without_a_server_is_not_replaced_by_another(tmp_path):
    server(tmp_path / "opt")
    with pytest.raises(EngineMissing):
        installation.find({"PATH": "", "FLOWSCALE_TRITON": str(tmp_path / "none")})


def test_its_libraries_come_before_those_of_the_machine(tmp_path):
    found = installation.Installation(tmp_path).environment({"LD_LIBRARY_PATH": "/theirs", "A": "b"})
    assert found["LD_LIBRARY_PATH"].startswith(f"{tmp_path}/lib:")
    assert found["LD_LIBRARY_PATH"].endswith(":/theirs")
    assert found["A"] == "b"
