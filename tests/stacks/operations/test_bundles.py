"""What goes into the object store before an update: bundles, each after the weights that lie beside its spec."""

import hashlib
import json
from pathlib import Path

import pytest

from flowscale_stacks.operations.bundles import OBJECTS, UrlStore, upload
from flowscale_stacks.operations.errors import SettingsWrong


def kept(folder: Path, data: bytes) -> str:
    """Puts bytes among the objects of a folder, as pinning does."""
    name = hashlib.sha256(data).hexdigest()
    path = folder / OBJECTS / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return name


def release(folder: Path, **models: dict[str, str]) -> tuple[str, dict[str, dict[str, str]]]:
    """A bundle that pins models; its name, and the releases of a deployment that serves it."""
    name = kept(folder, json.dumps({"models": models}).encode())
    return name, {"hello": {"1.0.0": f"sha256:{name}"}}


def files(place: Path) -> list[str]:
    return [
        path.name
        for path in sorted(place.rglob("*"), key=lambda path: path.stat().st_mtime_ns)
        if path.is_file()
    ]


def test_weights_beside_the_spec_come_before_the_bundle_that_pins_them(tmp_path: Path) -> None:
    weights = kept(tmp_path, b"weights")
    far = {"sha256": "0" * 64, "source": "hf:studio/flow/a.safetensors"}
    name, releases = release(tmp_path, near={"sha256": weights, "source": "models/a.safetensors"}, far=far)
    (tmp_path / "store").mkdir()
    assert upload(releases, tmp_path, UrlStore(str(tmp_path / "store"))) == (f"sha256:{name}",)
    assert files(tmp_path / "store") == [weights, name]
    assert upload(releases, tmp_path, UrlStore(str(tmp_path / "store"))) == ()


def test_weights_that_nobody_kept_are_named(tmp_path: Path) -> None:
    _, releases = release(tmp_path, near={"sha256": "0" * 64, "source": "models/a.safetensors"})
    (tmp_path / "store").mkdir()
    with pytest.raises(SettingsWrong, match=r"the model near is neither .* run `flowscale pin`"):
        upload(releases, tmp_path, UrlStore(str(tmp_path / "store")))
    assert files(tmp_path / "store") == []


def test_a_damaged_object_is_not_sent(tmp_path: Path) -> None:
    name, releases = release(tmp_path)
    (tmp_path / OBJECTS / name[:2] / name).write_bytes(b"{}")
    (tmp_path / "store").mkdir()
    with pytest.raises(SettingsWrong, match="is damaged"):
        upload(releases, tmp_path, UrlStore(str(tmp_path / "store")))
