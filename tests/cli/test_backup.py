"""A drill: serve, run, back up while serving, restore elsewhere, serve again; and what is refused."""

import io
import json
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from flowscale import FlowScaleClient
from flowscale_cli.archives import save
from flowscale_cli.errors import CliError
from flowscale_cli.unpacking import unpack

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Run = Callable[..., Any]


def history(server: Any) -> list[tuple[Any, ...]]:
    """What a server says of its runs, with the bytes of their outputs."""
    with FlowScaleClient(api_key=server.key, base_url=server.url) as client:
        return [
            (
                run.run_id,
                run.status,
                run.workflow_id,
                run["inputs"][0]["value"],
                [o.data for o in run.outputs],
            )
            for run in client.runs.iterate()
        ]


@pytest.mark.services
def test_the_drill(
    flowscale: Run, start: Callable[..., Any], hello: Path, media: Path, tmp_path: Path
) -> None:
    name = "all.tar.gz"
    specs = shutil.copytree(hello, tmp_path / "specs")
    assert flowscale("pin", specs, "--data", tmp_path / "first").code == 0
    first = start(specs, tmp_path / "first")
    words = ("--data", first.data)
    assert flowscale("run", "hello", "-i", "name=Ada", *words).code == 0
    assert flowscale("run", "resize", "-i", f"photo=@{media}/photo.png", *words).code == 0
    key = flowscale("keys", "create", "partner", *words).out.strip()
    unfinished = flowscale("run", "slow", "-i", "seconds=60", "--no-wait", *words).out.strip()
    before = history(first)
    done = flowscale("backup", specs, "-o", name, *words)
    assert (done.code, done.out) == (0, f"{name}\n")
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    flowscale("cancel", unfinished, *words)
    first.stop()

    elsewhere = shutil.copytree(hello, tmp_path / "elsewhere")
    assert flowscale("restore", name, elsewhere).code == 0
    assert (elsewhere / "flowscale.lock").read_bytes() == (specs / "flowscale.lock").read_bytes()
    second = start(elsewhere, elsewhere / ".flowscale")
    with FlowScaleClient(api_key=key, base_url=second.url) as partner:
        partner.runs.cancel(unfinished)  # it was under way at the time of the backup, so it runs again
        after = history(second)
        assert [run for run in after if run[0] != unfinished] == [
            run for run in before if run[0] != unfinished
        ]
        assert len(after) == 3
        assert partner.runs.execute(name="Bob", workflow_id="hello").outputs[0].data == b"Hello, Bob!"
    assert flowscale("pin", elsewhere, "--check").code == 0
    second.stop()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small data folder, made by hand."""
    folder = tmp_path / "data"
    with_object = folder / "objects" / "2c" / sha256(b"foo").hexdigest()
    with_object.parent.mkdir(parents=True)
    with_object.write_bytes(b"foo")
    (folder / "objects/incoming").mkdir()
    (folder / "objects/incoming/half").write_bytes(b"ha")
    (folder / "owner.key").write_text("fs_secret")
    (folder / "server.json").write_text("{}")
    with closing(sqlite3.connect(folder / "flowscale.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE runs (id)")
        database.execute("INSERT INTO runs VALUES ('one')")
        database.commit()
    return folder


def test_what_a_process_left_is_not_in_it(data: Path, tmp_path: Path) -> None:
    manifest = save(data, tmp_path / "none.lock", tmp_path / "b.tar", NOW)
    assert sorted(manifest["files"]) == [
        "flowscale.db",
        f"objects/2c/{sha256(b'foo').hexdigest()}",
        "owner.key",
    ]
    with tarfile.open(tmp_path / "b.tar") as tar:
        assert tar.getnames()[-1] == "manifest.json"
        assert {(entry.uname, entry.mode) for entry in tar} == {("", 0o600)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "data"]


def test_rows_that_are_not_yet_in_the_main_file_are_kept(data: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data / "flowscale.db")) as writing:
        writing.execute("INSERT INTO runs VALUES ('two')")
        writing.commit()
        writing.execute("INSERT INTO runs VALUES ('not committed')")
        save(data, tmp_path / "none.lock", tmp_path / "b.tar", NOW)
    unpack(tmp_path / "b.tar", tmp_path / "restored")
    with closing(sqlite3.connect(tmp_path / "restored/flowscale.db")) as restored:
        assert restored.execute("SELECT id FROM runs").fetchall() == [("one",), ("two",)]


def test_a_folder_without_data_is_not_backed_up(flowscale: Run, tmp_path: Path) -> None:
    done = flowscale("backup")
    assert (done.code, "is no data folder" in done.err) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_error(data: Path, tmp_path: Path) -> None:
    with pytest.raises(CliError, match="can't be written"):
        save(data, tmp_path / "none.lock", tmp_path / "nowhere/b.tar", NOW)


def test_restore_overwrites_nothing(flowscale: Run, data: Path, tmp_path: Path) -> None:
    assert flowscale("backup", "-o", "b.tar", "--data", data).code == 0
    before = sorted(path.name for path in data.iterdir())
    done = flowscale("restore", "b.tar", "--data", data)
    assert (done.code, "is not empty" in done.err) == (1, True)
    assert sorted(path.name for path in data.iterdir()) == before


def test_another_lock_is_left_alone(flowscale: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "flowscale.lock").write_text("old")
    flowscale("backup", "-o", "b.tar", "--data", data)
    (tmp_path / "flowscale.lock").write_text("new")
    done = flowscale("restore", "b.tar")
    assert (done.code, "is not the lock of the backup" in done.err) == (0, True)
    assert (tmp_path / "flowscale.lock").read_text() == "new"
    assert (tmp_path / ".flowscale/flowscale.lock").read_text() == "old"


def rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """A copy of an archive with files changed, or left out."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for entry in old:
            file = old.extractfile(entry)
            content = change(entry.name, file.read() if file else b"")
            if content is not None:
                entry.size = len(content)
                new.addfile(entry, io.BytesIO(content))


def swapped(name: str, content: bytes) -> bytes:
    return b"bar" if "objects" in name else content


def left_out(name: str, content: bytes) -> bytes | None:
    return None if "objects" in name else content


def other_format(name: str, content: bytes) -> bytes:
    return content.replace(b"backup/v1", b"backup/v9") if name == "manifest.json" else content


def without_manifest(name: str, content: bytes) -> bytes | None:
    return None if name == "manifest.json" else content


def forged(name: str, content: bytes) -> bytes:
    """An object swapped together with its line in the manifest."""
    if name != "manifest.json":
        return swapped(name, content)
    manifest = json.loads(content)
    for file, facts in manifest["files"].items():
        if "objects" in file:
            facts["sha256"] = sha256(b"bar").hexdigest()
    return json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (swapped, "is not what the manifest says"),
        (left_out, "is not in both"),
        (other_format, "this version reads"),
        (without_manifest, "ends too early"),
        (forged, "is not named by its content"),
    ],
)
def test_a_damaged_archive_is_refused(
    data: Path, tmp_path: Path, change: Callable[[str, bytes], bytes | None], said: str
) -> None:
    save(data, tmp_path / "none.lock", tmp_path / "b.tar", NOW)
    rewritten(tmp_path / "b.tar", tmp_path / "bad.tar", change)
    with pytest.raises(CliError, match=said):
        unpack(tmp_path / "bad.tar", tmp_path / "restored")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "bad.tar", "data"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_half_an_archive_is_refused(data: Path, tmp_path: Path, share: float) -> None:
    save(data, tmp_path / "none.lock", tmp_path / "b.tar.gz", NOW)
    whole = (tmp_path / "b.tar.gz").read_bytes()
    (tmp_path / "half").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(CliError, match="half"):
        unpack(tmp_path / "half", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    with pytest.raises(CliError, match=r"evil\.tar can't be restored"):
        unpack(tmp_path / "evil.tar", tmp_path / "restored")
    assert [path.name for path in tmp_path.iterdir()] == ["evil.tar"]


def test_a_file_that_is_not_there(flowscale: Run) -> None:
    done = flowscale("restore", "nowhere.tar")
    assert (done.code, done.err) == (1, "flowscale: there is no file nowhere.tar\n")
