"""Packs as a release locks them, and as hosts find them installed."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Self

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pack as a spec asks for it: the address of a git repository, and a commit or a range of versions."""

    source: str
    commit: str = ""
    version: str = ""

    @property
    def name(self) -> str:
        """What its folder is called, as its modules are."""
        last = PurePosixPath(self.source.rstrip("/").removesuffix(".git")).name
        return _UNSAFE.sub("_", last) or "pack"


@dataclass(frozen=True, slots=True)
class Locked:
    """A pack at a commit. `version` is the range that it was found by."""

    source: str
    commit: str
    version: str = ""

    @property
    def name(self) -> str:
        """What its folder is called."""
        return Wanted(self.source).name

    def answers(self, wanted: Wanted) -> bool:
        """Whether it is still what a spec asks for."""
        same = (self.source, self.version) == (wanted.source, wanted.version)
        return same and wanted.commit in ("", self.commit)


@dataclass(frozen=True, slots=True)
class Group:
    """Packs that share an environment, and the wheels of it: lines of `name==version --hash=...`."""

    packs: tuple[Locked, ...] = ()
    wheels: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a release keeps it."""
        return {"packs": [asdict(pack) for pack in self.packs], "wheels": list(self.wheels)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(tuple(Locked(**pack) for pack in value["packs"]), tuple(value["wheels"]))


@dataclass(frozen=True, slots=True)
class Installed:
    """A group on this machine: the Python of its environment, and the folders that hold one pack each."""

    python: Path
    folders: tuple[Path, ...]
    packages: Path | None = None
    """Where its wheels are, for a process that runs on another Python; None where it has none."""
    names: tuple[str, ...] = ()


def answering(groups: Iterable[Group], wanted: Iterable[Wanted]) -> bool:
    """Whether what is locked is still what a spec asks for."""
    locked = {pack.source: pack for group in groups for pack in group.packs}
    asked = {each.source: each for each in wanted}
    return locked.keys() == asked.keys() and all(
        locked[source].answers(each) for source, each in asked.items()
    )


def short(*parts: str) -> str:
    """A name by content, for folders."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
