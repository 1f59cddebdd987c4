"""What packs require, and what of it the platform has already."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from flowscale_runtime.packs.errors import RequirementsFailed

_COMMENT = re.compile(r"(^|\s)#.*$")
Platform = Mapping[str, str]
"""Version by canonical name."""


def platform() -> Platform:
    """The distributions that this process can import."""
    return {
        canonicalize_name(found.name): found.version
        for found in metadata.distributions()
        if found.name and found.version
    }


def of_pack(folder: Path) -> list[Requirement]:
    """From `requirements.txt`, else `pyproject.toml`. Raises RequirementsFailed."""
    listed, project = folder / "requirements.txt", folder / "pyproject.toml"
    lines = list(_lines(listed)) if listed.is_file() else _declared(project) if project.is_file() else []
    return [_parsed(line, folder.name) for line in lines]


def missing(requirements: list[Requirement], there: Platform) -> list[Requirement]:
    """Those that the platform doesn't satisfy, on this kind of machine."""
    return [one for one in requirements if _applies(one) and not _satisfied(one, there)]


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


def _satisfied(requirement: Requirement, there: Platform) -> bool:
    version = there.get(canonicalize_name(requirement.name))
    fits = version is not None and requirement.specifier.contains(version, prereleases=True)
    return fits and not requirement.extras and requirement.url is None


def _lines(file: Path) -> Iterator[str]:
    """Requirements in a file and those that it includes; options for the installer are for who installs by hand."""
    for line in file.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ").splitlines():
        words = _COMMENT.sub("", line).strip()
        if words.startswith(("-r ", "--requirement ")):
            included = (file.parent / words.split(maxsplit=1)[1]).resolve()
            if included.is_relative_to(file.parent.resolve()) and included.is_file() and included != file:
                yield from _lines(included)
        elif words and not words.startswith("-"):
            yield words.partition(" --hash")[0]


def _declared(project: Path) -> list[str]:
    try:
        found = tomllib.loads(project.read_text(encoding="utf-8")).get("project", {}).get("dependencies", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequirementsFailed(
            f"the pyproject.toml of {project.parent.name} can't be read: {error}"
        ) from error
    return [str(one) for one in found]


def _parsed(line: str, pack: str) -> Requirement:
    try:
        return Requirement(line)
    except InvalidRequirement as error:
        raise RequirementsFailed(
            f"the pack {pack} requires {line!r}, which is no requirement: {error}. Tell its author, or take another commit"
        ) from error
