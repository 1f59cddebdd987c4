"""The security scan of a promotion: models that would run code when they are loaded, and packs with dangerous code."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from picklescan.scanner import scan_file_path

PICKLED = frozenset({".bin", ".ckpt", ".pkl", ".pickle", ".pt", ".pth"})
SKIPPED = frozenset({".git", ".flowscale", "node_modules", "__pycache__", ".venv"})


def findings(folder: Path) -> list[str]:
    """One sentence for each danger in models and packs below a folder."""
    return [*_models(folder), *_packs(folder)]


def _models(folder: Path) -> Iterator[str]:
    for path in _files(folder):
        if path.suffix in PICKLED:
            result = scan_file_path(str(path))
            for one in result.globals:
                if one.safety.value == "dangerous":
                    yield f"{path.relative_to(folder)} runs {one.module}.{one.name} when it is loaded"
            if result.scan_err:
                yield f"{path.relative_to(folder)} can't be scanned: it is no model file that is known"


def _packs(folder: Path) -> Iterator[str]:
    """What bandit finds of high severity in Python files."""
    files = [str(path) for path in _files(folder) if path.suffix == ".py"]
    if not files:
        return
    done = subprocess.run(  # noqa: S603 - our own interpreter and files of this folder
        [sys.executable, "-m", "bandit", "--quiet", "--format", "json", "--severity-level", "high", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    for one in json.loads(done.stdout)["results"]:
        path = Path(one["filename"]).relative_to(folder)
        yield f"{path}:{one['line_number']}: {one['issue_text']} ({one['test_id']})"


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not SKIPPED & set(path.relative_to(folder).parts):
            yield path
