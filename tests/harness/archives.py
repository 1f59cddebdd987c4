"""Writes OCI image archives: a tar of layers and a few lines of JSON, which `ctr images import` reads."""

import hashlib
import io
import json
import tarfile
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

OCI = "application/vnd.oci.image"


def write_archive(
    target: Path,
    name: str,
    layers: Sequence[Path],
    config: Mapping[str, Any],
    present: Container[str] = frozenset(),
) -> str:
    """Writes the archive of an image `name` made of uncompressed tar layers; returns the image's digest.

    Layers that are `present` where the archive goes, by digest, are left out of it.
    """
    diffs = [digest_of(layer) for layer in layers]
    image = {
        "architecture": "amd64",
        "os": "linux",
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": diffs},
    }
    described = [
        {"mediaType": f"{OCI}.layer.v1.tar", "digest": diff, "size": layer.stat().st_size}
        for diff, layer in zip(diffs, layers, strict=True)
    ]
    configuration = blob(image, f"{OCI}.config.v1+json")
    manifest = blob(
        {
            "schemaVersion": 2,
            "mediaType": f"{OCI}.manifest.v1+json",
            "config": configuration[0],
            "layers": described,
        },
        f"{OCI}.manifest.v1+json",
    )
    index = {
        "schemaVersion": 2,
        "manifests": [{**manifest[0], "annotations": {"io.containerd.image.name": name}}],
    }
    with tarfile.open(target, "w") as archive:
        add(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        add(archive, "index.json", json.dumps(index).encode())
        for described_blob, content in (configuration, manifest):
            add(archive, blob_path(described_blob["digest"]), content)
        for diff, layer in dict(zip(diffs, layers, strict=True)).items():
            if diff not in present:
                archive.add(layer, blob_path(diff))
    return str(manifest[0]["digest"])


def blob(content: Mapping[str, Any], media: str) -> tuple[dict[str, Any], bytes]:
    """A JSON document and its descriptor."""
    text = json.dumps(content, sort_keys=True).encode()
    digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
    return {"mediaType": media, "digest": digest, "size": len(text)}, text


def digest_of(path: Path) -> str:
    """The digest of a file's bytes, noted beside it, as layers are large."""
    noted = path.with_suffix(".digest")
    if not noted.exists() or noted.stat().st_mtime_ns < path.stat().st_mtime_ns:
        with path.open("rb") as file:
            noted.write_text(f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}")
    return noted.read_text()


def blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
