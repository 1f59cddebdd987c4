"""Data folders from archives: nothing is in place before every file is what the manifest says."""

import json
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path, PurePosixPath

from flowscale_cli.archives import DATABASE, FORMAT, MANIFEST, Manifest, sha256_of
from flowscale_cli.errors import CliError


def unpack(archive: Path, target: Path) -> Manifest:
    """Restores an archive into a folder that holds nothing yet. Raises CliError, and leaves nothing behind then."""
    if target.exists() and any(target.iterdir()):
        raise CliError(f"{target} is not empty: restore into a new folder, or move away what is there")
    if not archive.is_file():
        raise CliError(f"there is no file {archive}")
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        manifest = _extracted(archive, aside)
        _verify(aside, manifest, archive)
        aside.replace(target)
    except (OSError, EOFError, tarfile.TarError, sqlite3.Error) as error:
        raise CliError(f"{archive} can't be restored: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return manifest


def _extracted(archive: Path, folder: Path) -> Manifest:
    """Takes an archive apart; answers with its manifest."""
    with tarfile.open(archive) as tar:
        for entry in tar:
            tar.extract(entry, folder, filter="data")
    path = folder / MANIFEST
    if not path.is_file():
        raise CliError(f"{archive} ends too early, or is no backup: it has no {MANIFEST}")
    manifest: Manifest = json.loads(path.read_bytes())
    path.unlink()
    if manifest.get("format") != FORMAT:
        raise CliError(f"{archive} has the format {manifest.get('format')!r}; this version reads {FORMAT!r}")
    return manifest


def _verify(folder: Path, manifest: Manifest, archive: Path) -> None:
    """Raises CliError unless the files are those of the manifest and the database is sound."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if differing := sorted(there ^ manifest["files"].keys()):
        raise CliError(f"{archive} is damaged: {differing[0]} is not in both the manifest and the archive")
    for name, facts in manifest["files"].items():
        if sha256_of(folder / name) != facts["sha256"]:
            raise CliError(f"{archive} is damaged: {name} is not what the manifest says")
        if name.startswith("objects/") and PurePosixPath(name).name != facts["sha256"]:
            raise CliError(f"{archive} is damaged: {name} is not named by its content")
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        (verdict,) = database.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise CliError(f"{archive} is damaged: the database says {verdict}")
