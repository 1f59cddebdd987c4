"""The import contracts of .importlinter hold, and heavy libraries stay out of light processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]

HEAVY = {
    "torch",
    "fastapi",
    "starlette",
    "sqlalchemy",
    "alembic",
    "av",
    "numpy",
    "tokenizers",
    "safetensors",
    "pulumi",
}
LIGHT = (
    ("flowscale", HEAVY | {"pydantic", "yaml", "flowscale_specs", "flowscale_runtime"}),
    ("flowscale_specs", HEAVY),
    ("flowscale_workflows", HEAVY),
    ("flowscale_cli.main", HEAVY),
    ("flowscale_runtime.graph", HEAVY - {"numpy"}),
    ("flowscale_runtime.stores", {"torch", "fastapi", "starlette", "av", "pulumi"}),
    ("flowscale_runtime.gateway", {"torch", "av", "tokenizers", "safetensors", "pulumi"}),
)


def test_import_contracts_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(cache_dir=None)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize(("module", "unwanted"), LIGHT, ids=[module for module, _ in LIGHT])
def test_importing_stays_light(module: str, unwanted: set[str]) -> None:
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    if "ModuleNotFoundError" in done.stderr and f"'{module}'" in done.stderr:
        pytest.skip(f"{module} does not exist yet")
    assert done.returncode == 0, done.stderr
    assert unwanted & set(done.stdout.split()) == set()
