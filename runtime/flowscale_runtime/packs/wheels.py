"""Wheels by version and checksum for a list of requirements, beside what the platform has."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from flowscale_runtime.packs.programs import Failed, uv
from flowscale_runtime.packs.requirements import Platform

FLAGS = ("--quiet", "--no-build", "--no-header", "--no-annotate", "--generate-hashes")


def resolved(wanted: Sequence[Requirement], there: Platform) -> tuple[str, ...]:
    """Lines of `name==version --hash=...` for what has to be installed.

    Nothing may have another version than the platform has. Raises Failed with uv's reasons where there is no solution.
    """
    if not wanted:
        return ()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pins = {one: version for one, version in there.items() if "+" not in version}
        lines = "".join(f"{one}=={version}\n" for one, version in sorted(pins.items()))
        (folder / "there.txt").write_text(lines)
        (folder / "left.txt").write_text(_left_to_the_platform(wanted, there))
        uv(
            *("pip", "compile", *FLAGS, "--override", str(folder / "left.txt")),
            *("--constraint", str(folder / "there.txt")),
            *("--output-file", str(folder / "locked.txt"), "-"),
            given="".join(f"{one}\n" for one in wanted),
        )
        found = parsed((folder / "locked.txt").read_text())
    return tuple(line for line in found if not _same(line, there))


def parsed(text: str) -> list[str]:
    """One line a distribution, of a file that folds them."""
    joined = text.replace("\\\n", " ")
    return [" ".join(line.split()) for line in joined.splitlines() if line.strip()]


def reason(error: Failed) -> str:
    """uv's words without its ornaments, on one line."""
    return " ".join(line.strip(" ×╰─▶│") for line in str(error).splitlines())


def _left_to_the_platform(wanted: Sequence[Requirement], there: Platform) -> str:
    """Builds that no index has, such as torch for a GPU, are taken as they are by whatever requires them."""
    asked = {canonicalize_name(one.name) for one in wanted}
    local = sorted(one for one, version in there.items() if "+" in version and one not in asked)
    return "".join(f"{one} ; python_version < '0'\n" for one in local)


def _same(line: str, there: Platform) -> bool:
    name, _, rest = line.partition("==")
    return there.get(canonicalize_name(name)) == rest.split(" ", 1)[0]
