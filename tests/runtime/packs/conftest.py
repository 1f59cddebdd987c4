"""A folder of wheels that uv finds everything in: no test of packs asks an index."""

from pathlib import Path

import pytest

from harness.packs import wheel


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Wheels of two packages: `clash` in two versions, and `needs_old`, which wants the first of them."""
    folder = tmp_path / "wheels"
    for version in ("1.0", "2.0"):
        wheel(folder, "clash", version)
    wheel(folder, "needs_old", "1.0", "clash<2")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"file://{tmp_path}/index")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return folder
