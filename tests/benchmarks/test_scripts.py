"""Every benchmark runs in a tiny size and prints its tables: counts are asserted, never times."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SCRIPTS = {
    "http_submit": ("--runs", "15", "--connections", "4", "--sizes", "8", "16", "--quick", "--peers"),
    "startup": ("--runs", "1"),
    "cache": ("--runs", "3"),
    "graph_chain": ("--sizes", "10", "20", "--repeats", "1"),
    "specs_load": ("--documents", "100", "--repeat", "1"),
    "compiling": ("--deployments", "5", "10", "--repeat", "1"),
    "comfyui_servers": ("--nodes", "5", "--runs", "2"),
}
ON_TRITON = {
    "engines": ("--nodes", "3", "--runs", "2"),
    "batching": ("--runs", "2", "--rounds", "1", "--layers", "4"),
}
EXPECTED = {
    "http_submit": (
        "15 requests one after another",
        "4 clients, 30 requests",
        "30 accepted, 30 found, **0 lost**",
        "Memory over many runs",
    ),
    "startup": ("From the start of the process", "Parts, each in a process of its own"),
    "cache": (
        "A picture of 512 x 512, blurred",
        "| repeated, from the cache | 15 | 15 |",
        "asked for 16 times at once: computed 1 time(s)",
    ),
    "graph_chain": ("ours", "µs/node"),
    "specs_load": ("documents", "bare YAML"),
    "compiling": ("compile over YAML", "| 5 |", "| 10 |"),
    "comfyui_servers": ("through over alone", "| 5 |"),
    "engines": ("Triton over ours", "| 3 |"),
    "batching": ("| batching off |", "| 1.00 | 1.00 x |"),
}


def printed(benchmarks: Path, name: str, *options: str) -> str:
    """What a benchmark prints."""
    command = [sys.executable, str(benchmarks / f"{name}.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_benchmark_prints_what_it_counted_and_its_tables(benchmarks: Path, name: str) -> None:
    text = printed(benchmarks, name, *SCRIPTS[name])
    for said in EXPECTED[name]:
        assert said in text


@pytest.mark.triton
@pytest.mark.parametrize("name", ON_TRITON)
def test_a_benchmark_on_triton_prints_its_table(benchmarks: Path, name: str) -> None:
    text = printed(benchmarks, name, *ON_TRITON[name])
    for said in EXPECTED[name]:
        assert said in text
