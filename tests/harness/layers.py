"""Layers of test images, written once and kept: Debian with Python, installed Python packages, this checkout's code."""

import contextlib
import fcntl
import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = "opt/flowscale/lib"
SOURCES = ("specs", "stacks", "runtime", "controllers", "jobs", "cli", "sdk/python")
WORKFLOW = "opt/flowscale/workflow"
OWN = ("custom_nodes", "models")
DOCUMENTS = ("man", "doc", "locale", "info")

# The libraries of CUDA that torch loads only for a GPU, and its compiler for one. Without them an image without a GPU is half as large.
GPU_ONLY = ("libcudnn_", "libcusolver", "libnvperf", "libcheckpoint", "nvshmem_transport", "libnvblas")
GPU_PACKAGES = frozenset({"triton"})


def folder() -> Path:
    """Where layers and archives are kept."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "flowscale/images"


def kept(key: str, write: Callable[[Path], None]) -> Path:
    """The file of this name in the cache, written first where it is missing: once, in one step."""
    path = folder() / key
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_suffix(".lock")):
        if not path.exists():
            written = path.with_suffix(".part")
            write(written)
            written.rename(path)
    return path


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def debian(*packages: str) -> Path:
    """Debian 12 with these packages, made by mmdebstrap as root."""
    excluded = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in DOCUMENTS]
    name = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]

    def write(path: Path) -> None:
        wanted = f"--include={','.join(packages)}"
        command = [
            "mmdebstrap",
            "--variant=minbase",
            "--format=tar",
            wanted,
            *excluded,
            "bookworm",
            str(path),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"mmdebstrap: {done.stderr[-2000:]}"

    return kept(f"debian-{name}.tar", write)


def closure(extras: Iterable[str]) -> list[Distribution]:
    """What the platform with these extras needs, as installed here; without the platform itself."""
    own = {"flowscale-platform", "flowscale-sdk"}
    found = closure_of(f"flowscale-platform[{','.join(extras)}]")
    return [each for each in found if canonicalize_name(each.name) not in own]


def closure_of(requirement: str) -> list[Distribution]:
    """A package and all that it needs on this machine, in order of names; what only a GPU needs is left out."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(requirement)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name, chosen = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, chosen) in seen:
            continue
        seen.add((name, chosen))
        found[name] = distribution(name)
        for line in found[name].requires or ():
            needed = Requirement(line)
            if applies(needed, chosen) and needed.name not in GPU_PACKAGES:
                waiting.append(needed)
    return [found[name] for name in sorted(found)]


def applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    return requirement.marker is None or any(
        requirement.marker.evaluate({"extra": extra}) for extra in (extras or {""})
    )


def packages(found: Iterable[Distribution]) -> Path:
    """A layer of installed packages, byte code included where it has been compiled."""
    chosen = list(found)
    pins = "\n".join(f"{each.name}=={each.version}" for each in chosen)

    def write(path: Path) -> None:
        with tarfile.open(path, "w") as archive:
            for each in chosen:
                add_distribution(archive, each)

    return kept(f"packages-{hashlib.sha256(pins.encode()).hexdigest()[:12]}.tar", write)


def add_distribution(archive: tarfile.TarFile, found: Distribution) -> None:
    """Adds the importable files of one package."""
    for file in found.files or ():
        source = Path(str(file.locate()))
        if ".." in file.parts or not source.is_file() or left_out(file.as_posix()):
            continue
        archive.add(source, f"{LIBRARIES}/{file.as_posix()}", filter=owned_by_root)
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-311.pyc"
        if source.suffix == ".py" and compiled.exists():
            inside = f"{LIBRARIES}/{file.parent.as_posix()}/__pycache__/{compiled.name}"
            archive.add(compiled, inside, filter=owned_by_root)


def left_out(name: str) -> bool:
    """Headers, static libraries, and what only a GPU needs."""
    last = name.rpartition("/")[2]
    return "/include/" in name or name.endswith((".a", ".pyc")) or last.startswith(GPU_ONLY)


def code() -> Path:
    """The layer of this checkout: its packages, the entry points of nodes, the `flowscale` command."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *SOURCES],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())
    content = hashlib.sha256()
    for name in files:
        content.update(name.encode() + b"\0" + (ROOT / name).read_bytes())

    def write(path: Path) -> None:
        with tarfile.open(path, "w") as archive:
            for name in files:
                inside = name.split("/", 2 if name.startswith("sdk/") else 1)[-1]
                archive.add(ROOT / name, f"{LIBRARIES}/{inside}", filter=owned_by_root)
            for own in ("flowscale-platform", "flowscale-sdk"):
                add_metadata(archive, distribution(own))
            add_text(archive, "usr/local/bin/flowscale", COMMAND, 0o755)
            add_link(archive, "usr/local/bin/python", "/usr/bin/python3")

    return kept(f"code-2-{content.hexdigest()[:12]}.tar", write)


def workflow(source: Path) -> Path:
    """The layer of a spec folder's own nodes and models, which only an executor needs."""
    files = sorted(path for name in OWN for path in (source / name).rglob("*") if path.is_file())
    files = [path for path in files if "__pycache__" not in path.parts]
    content = hashlib.sha256()
    for path in files:
        content.update(path.relative_to(source).as_posix().encode() + b"\0" + path.read_bytes())

    def write(target: Path) -> None:
        with tarfile.open(target, "w") as archive:
            for path in files:
                inside = path.relative_to(source).as_posix()
                archive.add(path, f"{WORKFLOW}/{inside}", filter=owned_by_root)

    return kept(f"workflow-{content.hexdigest()[:12]}.tar", write)


COMMAND = "#!/usr/bin/python3\nfrom flowscale_cli.main import main\n\nmain()\n"


def add_metadata(archive: tarfile.TarFile, found: Distribution) -> None:
    """An installed package's name, version and entry points."""
    place = f"{LIBRARIES}/{found.name.replace('-', '_')}-{found.version}.dist-info"
    for name in ("METADATA", "entry_points.txt"):
        if text := found.read_text(name):
            add_text(archive, f"{place}/{name}", text)


def add_text(archive: tarfile.TarFile, name: str, text: str, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text.encode()), mode
    archive.addfile(entry, io.BytesIO(text.encode()))


def text(name: str, content: str, mode: int = 0o644) -> Path:
    """A layer of one file."""
    key = hashlib.sha256(f"{name}\0{mode}\0{content}".encode()).hexdigest()[:12]

    def write(path: Path) -> None:
        with tarfile.open(path, "w") as archive:
            add_text(archive, name, content, mode)

    return kept(f"text-{key}.tar", write)


def together(parts: Iterable[Path], *more: object) -> str:
    """A short digest of layers that are named by their content, and of whatever else decides an image."""
    said = "\n".join([*(part.name for part in parts), *map(repr, more)])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def add_link(archive: tarfile.TarFile, name: str, target: str) -> None:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, target
    archive.addfile(link)


def owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing in an image may be changed by the user that it runs as."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode = 0o755 if entry.mode & 0o111 else 0o644
    return entry
