"""A folder as it was at a revision, from the repository that it lies in."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from flowscale_stacks.reading.errors import NotRevision

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def at_revision(folder: Path, revision: str) -> Iterator[Path]:
    """The folder's files at a revision, in a place of their own for as long as the block runs. Raises NotRevision."""
    archive = _git(folder, "archive", "--format=tar", revision, "--", ".")
    with tempfile.TemporaryDirectory(prefix="flowscale-") as place:
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(place, filter="data")
        yield Path(place)


def _git(folder: Path, *words: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise NotRevision("git isn't installed: compare with a file or a cluster")
    done = subprocess.run([git, "-C", str(folder), *words], capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip()
        raise NotRevision(f"git can't give {folder} at {words[2]}: {told}")
    return done.stdout
