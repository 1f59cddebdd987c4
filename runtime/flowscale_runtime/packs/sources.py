"""Packs in git repositories: which commit is meant, and its files in a folder by content."""

import re
import shutil
from pathlib import Path

from flowscale_runtime.packs.errors import SourceFailed
from flowscale_runtime.packs.once import made
from flowscale_runtime.packs.programs import Failed, git
from flowscale_runtime.packs.values import Locked, Wanted, short
from flowscale_specs.values import Version, VersionRange

_ADDRESS = re.compile(r"^(https?|ssh|git|file)://|^[\w.-]+@[\w.-]+:|^\.{0,2}/")
_TAG = re.compile(r"^refs/tags/(v?(\d+(?:\.\d+){0,2}(?:[-+][\w.+-]+)?))(\^\{\})?$")


def is_address(source: str) -> bool:
    """Whether a source is a git repository's address; else it is a name in a registry."""
    return _ADDRESS.match(source) is not None


def lock(wanted: Wanted, base: Path) -> Locked:
    """The commit that is meant: the one that is named, that of the highest tag in the range, or the newest.

    `base` is what relative sources are relative to. Raises SourceFailed.
    """
    commit = wanted.commit or _found(wanted, _place(wanted.source, base))
    return Locked(wanted.source, commit, wanted.version)


def fetched(pack: Locked, store: Path, base: Path) -> Path:
    """A folder that holds the pack's own folder and nothing else. Raises SourceFailed."""
    folder = store / "sources" / short(pack.source, pack.commit)
    return made(folder, lambda aside: _fetch(pack, _place(pack.source, base), aside / pack.name))


def _place(source: str, base: Path) -> str:
    return str((base / source).resolve()) if source.startswith(".") else source


def _found(wanted: Wanted, place: str) -> str:
    try:
        listed = [
            line.split("\t") for line in git("ls-remote", "--", place).splitlines() if line.count("\t") == 1
        ]
    except Failed as error:
        raise SourceFailed(f"the pack {wanted.source} can't be reached: {error}") from error
    if not wanted.version:
        head = next((commit for commit, name in listed if name == "HEAD"), "")
        if not head:
            raise SourceFailed(f"the repository of the pack {wanted.source} has no commit")
        return head
    tagged = _tags(listed)
    fitting = [version for version in tagged if VersionRange(wanted.version).contains(version)]
    if not fitting:
        known = ", ".join(map(str, sorted(tagged, key=lambda version: version.order))) or "none"
        raise SourceFailed(f"the pack {wanted.source} has no version {wanted.version}; its tags: {known}")
    return tagged[max(fitting, key=lambda version: version.order)]


def _tags(listed: list[list[str]]) -> dict[Version, str]:
    """The commit of each version; an annotated tag's own line comes before that of its commit."""
    found: dict[Version, str] = {}
    for commit, name in listed:
        if match := _TAG.match(name):
            found[Version(match[2])] = commit
    return found


def _fetch(pack: Locked, place: str, folder: Path) -> None:
    try:
        git("init", "--quiet", "--", str(folder))
        git("fetch", "--quiet", "--depth=1", "--", place, pack.commit, folder=folder)
        git("checkout", "--quiet", "--detach", "FETCH_HEAD", folder=folder)
    except Failed as error:
        raise SourceFailed(f"the pack {pack.source} at {pack.commit} can't be fetched: {error}") from error
    shutil.rmtree(folder / ".git")
