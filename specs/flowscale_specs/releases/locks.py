"""`flowscale.lock`: which release each version of a workflow is, kept in git beside the specs."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import yaml
from pydantic import Field, ValidationError

from flowscale_specs.errors import SpecError, SpecErrors
from flowscale_specs.kinds.base import API_VERSION, Part
from flowscale_specs.kinds.fields import Digest, Name, Word
from flowscale_specs.reading import Map, read_file
from flowscale_specs.translating import translate
from flowscale_specs.values import Version

if TYPE_CHECKING:
    from flowscale_specs.resolved import ResolvedProject

LOCK_NAME = "flowscale.lock"
_HEADER = "# Written by `flowscale pin`. Keep it in git: it says which release each version is.\n"
_BARE = re.compile(
    r"[A-Za-z][A-Za-z0-9._/@-]*(?::[A-Za-z0-9._/@-]+)*|[0-9]+\.[0-9]+\.[0-9]+[A-Za-z0-9.+-]*", re.ASCII
)


class _File(Part):
    api_version: Literal["flowscale.ai/v1"] = Field("flowscale.ai/v1")
    releases: dict[Name, dict[Version, Digest]] = Field(default_factory=dict)
    images: dict[Word, Word] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lock:
    """Releases by workflow and version, and images by name."""

    releases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)

    def digest(self, workflow: str, version: str) -> str | None:
        """The release of a version; None if it isn't pinned."""
        return self.releases.get(workflow, {}).get(version)

    def pinned(self, workflow: str, version: str, digest: str) -> Self:
        """This lock with one more release."""
        versions = {**self.releases.get(workflow, {}), version: digest}
        return type(self)({**self.releases, workflow: versions}, self.images)

    def overlaid(self, releases: Mapping[str, Mapping[str, str]]) -> Self:
        """This lock with an environment's releases over its own."""
        names = {*self.releases, *releases}
        merged = {name: {**self.releases.get(name, {}), **releases.get(name, {})} for name in names}
        return type(self)(merged, self.images)

    def pruned(self, project: "ResolvedProject") -> Self:
        """This lock with only the versions that the project still names."""
        kept: dict[str, dict[str, str]] = {}
        for workflow, version in wanted(project):
            found = self.digest(workflow, version)
            if found is not None:
                kept.setdefault(workflow, {})[version] = found
        return type(self)(kept, self.images)


def wanted(project: "ResolvedProject") -> tuple[tuple[str, str], ...]:
    """(workflow, version) that workflows hold or deployments send traffic to."""
    pairs = {(workflow.name, workflow.version) for workflow in project.workflows.values()}
    for deployment in project.deployments.values():
        pairs.update((deployment.workflow, version) for version, _ in deployment.traffic)
    return tuple(sorted(pairs, key=lambda pair: (pair[0], Version(pair[1]).order)))


def unpinned(project: "ResolvedProject", lock: Lock) -> tuple[tuple[str, str], ...]:
    """(workflow, version) that are wanted but not in the lock."""
    return tuple(pair for pair in wanted(project) if lock.digest(*pair) is None)


def read_lock(path: Path) -> Lock:
    """The lock in a file; an empty one if there is no such file. Raises SpecErrors if it can't be understood."""
    if not path.exists():
        return Lock()
    reading = read_file(path)
    written = reading.documents[0][0] if reading.documents else None
    if reading.errors:
        raise SpecErrors(reading.errors)
    if not isinstance(written, Map):
        raise SpecErrors([SpecError(path, 1, 1, "", "not a lock file", "delete it and run flowscale pin")])
    try:
        file = _File.model_validate(written)
    except ValidationError as error:
        raise SpecErrors(translate(error, _File, written)) from error
    releases = {name: {str(v): digest for v, digest in of.items()} for name, of in file.releases.items()}
    return Lock(releases, file.images)


def render_lock(lock: Lock) -> str:
    """The text of a lock file: the same for the same lock, in an order that makes small diffs."""
    return "".join(_lines(lock))


def _lines(lock: Lock) -> Iterator[str]:
    yield f"{_HEADER}apiVersion: {API_VERSION}\n"
    yield "releases:\n" if lock.releases else "releases: {}\n"
    for workflow in sorted(lock.releases):
        versions = lock.releases[workflow]
        yield f"  {_text(workflow)}:{'' if versions else ' {}'}\n"
        for version in sorted(versions, key=lambda text: Version(text).order):
            yield f"    {_text(version)}: {_text(versions[version])}\n"
    yield "images:\n" if lock.images else "images: {}\n"
    for image in sorted(lock.images):
        yield f"  {_text(image)}: {_text(lock.images[image])}\n"


def _text(text: str) -> str:
    """A scalar that every YAML reader takes for this text."""
    return text if _BARE.fullmatch(text) and text.lower() not in _SURPRISES else _quoted(text)


def _quoted(text: str) -> str:
    return yaml.dump(text, Dumper=yaml.SafeDumper, default_style='"', width=math.inf).rstrip("\n")


_SURPRISES = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
