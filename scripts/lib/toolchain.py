"""Finds the programs named in toolchain.toml, or builds them from their Go modules into a cache."""

import argparse
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Program:
    """One entry of toolchain.toml: how a program is built."""

    name: str
    module: str
    version: str
    sum: str
    package: str = ""  # folder of the command inside the module
    main: str = ""  # a Go file beside this one that is built instead
    staging: str = ""  # version that stands for the module's own local replaces
    names: tuple[str, ...] = ()  # further names that the built program goes by
    ldflags: tuple[str, ...] = ()
    copies: Mapping[str, str] = field(default_factory=dict)  # files that the module archive lacks

    @property
    def folder(self) -> Path:
        return cache() / f"{self.name}@{self.version}"


def cache() -> Path:
    """The folder of built programs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "flowscale" / "toolchain"


def programs(text: str) -> dict[str, Program]:
    """Reads toolchain.toml; a program is found by each of its names."""
    known: dict[str, Program] = {}
    for name, entry in tomllib.loads(text).items():
        lists: dict[str, Any] = {key: tuple(entry.pop(key, ())) for key in ("names", "ldflags")}
        program = Program(name=name, **lists, **entry)
        known |= dict.fromkeys((name, *program.names), program)
    return known


def find(name: str, program: Program) -> Path | None:
    """The program where it already is: $FLOWSCALE_TOOLCHAIN, PATH, the cache."""
    places = (os.environ.get("FLOWSCALE_TOOLCHAIN"), os.environ.get("PATH"), str(program.folder))
    for place in filter(None, places):
        if found := shutil.which(name, path=place):
            return Path(found)
    return None


def ensure(name: str, program: Program) -> Path:
    """The program's path, built first where it is nowhere to be found."""
    if found := find(name, program):
        return found
    with locked(program):
        if found := find(name, program):
            return found
        build(program)
    return program.folder / name


def build(program: Program) -> None:
    """Builds the program in a scratch module and moves it into its folder in one step."""
    if not shutil.which("go"):
        raise SystemExit(f"toolchain: {program.name} is not on PATH and building it needs Go: install Go")
    say(f"building {program.name} {program.version} from {program.module} (minutes, once)")
    flags = " ".join(("-s -w", *program.ldflags))
    with tempfile.TemporaryDirectory(dir=cache()) as scratch:
        work, made = Path(scratch) / "module", Path(scratch) / "made"
        work.mkdir()
        package = prepare(program, work)
        target = str(made / program.name)
        go("build", "-mod=mod", "-trimpath", "-ldflags", flags, "-o", target, package, cwd=work)
        for alias in program.names:
            (made / alias).symlink_to(program.name)
        shutil.rmtree(program.folder, ignore_errors=True)
        made.rename(program.folder)


def prepare(program: Program, work: Path) -> str:
    """Writes a small module that requires the program's own; returns the package to build."""
    source = download(program)
    own = json.loads(go("mod", "edit", "-json", str(source / "go.mod"), cwd=work))
    replaces = published(own, program.staging)
    if program.copies:
        replaces[program.module] = str(patched(program, source, work / "patched"))
    for path, target in replaces.items():
        if target == "./empty":
            empty = work / "empty" / path
            empty.mkdir(parents=True)
            (empty / "go.mod").write_text(f"module {path}\n")
            replaces[path] = f"./empty/{path}"
    head = (
        f"module toolchain.local/{program.name}",
        "go 1.25.0",
        f"require {program.module} {program.version}",
    )
    lines = (f"replace {path} => {target}" for path, target in replaces.items())
    (work / "go.mod").write_text("\n".join((*head, *lines, "")))
    if not program.main:
        return "/".join(filter(None, (program.module, program.package)))
    shutil.copy(HERE / program.main, work)
    return "."


def published(gomod: Mapping[str, Any], staging: str) -> dict[str, str]:
    """The replaces of a go.mod as another module can state them: local folders become published versions."""
    replaces = {}
    for entry in gomod.get("Replace") or ():
        path, new = entry["Old"]["Path"], entry["New"]
        if version := new.get("Version"):
            replaces[path] = f"{new['Path']} {version}"
        elif staging:
            replaces[path] = "./empty" if "/sample-" in path else f"{path} {staging}"
    return replaces


def patched(program: Program, source: Path, target: Path) -> Path:
    """A writable copy of the module with the files that its archive lacks."""
    shutil.copytree(source, target, copy_function=shutil.copyfile)
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    for missing, like in program.copies.items():
        shutil.copyfile(target / like, target / missing)
    return target


def download(program: Program) -> Path:
    """The module's folder in Go's cache, its hash compared with the pin."""
    said = json.loads(go("mod", "download", "-json", f"{program.module}@{program.version}", cwd=cache()))
    if said["Sum"] != program.sum:
        raise SystemExit(
            f"toolchain: {program.module} {program.version} has hash {said['Sum']}, not the pinned one"
        )
    return Path(said["Dir"])


def go(*arguments: str, cwd: Path) -> str:
    """Runs the Go command politely; its messages go to stderr."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    command = ["nice", "-n", "10", "go", *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"toolchain: `go {' '.join(arguments)}` failed with exit code {done.returncode}")
    return done.stdout


@contextmanager
def locked(program: Program) -> Iterator[None]:
    """One build of a program at a time on this machine."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f"{program.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def say(message: str) -> None:
    """Tells a person, on stderr."""
    sys.stderr.write(f"toolchain: {message}\n")
    sys.stderr.flush()


def table(known: Mapping[str, Program]) -> str:
    """Every name, its version and where it is."""
    rows = ((name, program.version, find(name, program) or "not built") for name, program in known.items())
    return "".join(f"{name:<24}{version:<10}{place}\n" for name, version, place in rows)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/toolchain", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="every program, its version and where it is")
    for verb, words in (
        ("path", "where a program is"),
        ("ensure", "the same, built first where it is missing"),
    ):
        verbs.add_parser(verb, help=words).add_argument("names", nargs="+")
    options = parser.parse_args(arguments)
    known = programs((HERE / "toolchain.toml").read_text())
    if options.verb == "list":
        sys.stdout.write(table(known))
        return 0
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"unknown program {', '.join(unknown)}; known: {', '.join(known)}")
    seek = ensure if options.verb == "ensure" else find
    places = [seek(name, known[name]) for name in options.names]
    sys.stdout.write("".join(f"{place}\n" for place in places if place))
    return 0 if all(places) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
