"""Custom resource definitions of other projects, read from their Go module archives and kept in a cache."""

import io
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from harness.programs import MissingProgramError


@dataclass(frozen=True)
class Source:
    """Where a project's definitions lie: a module, its hash as `go mod download -json` prints it, a folder."""

    module: str
    version: str
    sum: str
    folder: str


SOURCES = {
    "gateway-api": Source(
        "sigs.k8s.io/gateway-api",
        "v1.7.0",
        "h1:duVnm7nO6oXfMMUWfcDoBph47CYR/ME3NGxccOVglaY=",
        "config/crd/standard",
    ),
    "keda": Source(
        "github.com/kedacore/keda/v2",
        "v2.21.0",
        "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
        "config/crd/bases",
    ),
    "cert-manager": Source(
        "github.com/cert-manager/cert-manager",
        "v1.21.2",
        "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
        "deploy/crds",
    ),
    # Without the schemas of pods inside, which are ten megabytes and take the API server a minute; `argo-full` has them.
    "argo": Source(
        "github.com/argoproj/argo-workflows/v4",
        "v4.0.7",
        "h1:O76Plk/nYI+gFax3vvE7elvA3BNAp0r0aJ24VmjsjLE=",
        "manifests/base/crds/minimal",
    ),
}
SOURCES["argo-full"] = replace(SOURCES["argo"], folder="manifests/base/crds/full")


def crds(project: str) -> list[dict[str, Any]]:
    """The definitions of gateway-api, keda, cert-manager, argo or argo-full."""
    source = SOURCES[project]
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = home / f"flowscale/crds/{project}@{source.version}-{Path(source.folder).name}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        written = kept.with_suffix(f".{os.getpid()}")
        written.write_text(json.dumps(read(download(source), source)))
        written.rename(kept)
    definitions: list[dict[str, Any]] = json.loads(kept.read_text())
    return definitions


def download(source: Source) -> bytes:
    """The module's archive. Go checks it against its checksum database; its hash is compared with the pin."""
    if not shutil.which("go"):
        raise MissingProgramError(f"reading {source.module} needs Go, or a cache filled by it: install Go")
    asked = ["go", "mod", "download", "-json", f"{source.module}@{source.version}"]
    with tempfile.TemporaryDirectory() as outside:
        done = subprocess.run(asked, cwd=outside, capture_output=True, text=True, check=False)
    # A module made for a newer Go has an archive all the same.
    said = json.loads(done.stdout or "{}")
    if "Zip" not in said:
        raise MissingProgramError(f"{source.module} can't be downloaded: {done.stdout}{done.stderr}")
    if said["Sum"] != source.sum:
        raise MissingProgramError(f"{source.module} has hash {said['Sum']}, not the pinned one")
    return Path(said["Zip"]).read_bytes()


def read(archive: bytes, source: Source) -> list[dict[str, Any]]:
    """The definitions in the folder, in order of their files' names."""
    prefix = f"{source.module}@{source.version}/{source.folder}/"
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        names = sorted(name for name in files.namelist() if name.startswith(prefix))
        texts = [files.read(name) for name in names if name.endswith(".yaml")]
    documents = (each for text in texts for each in yaml.load_all(text, yaml.CSafeLoader))
    return [each for each in documents if each and each["kind"] == "CustomResourceDefinition"]
