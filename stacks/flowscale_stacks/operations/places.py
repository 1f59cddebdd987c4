"""Where a stack is kept and under which name: from specs, options and the environment of the process."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flowscale_stacks.operations.errors import SettingsWrong
from flowscale_stacks.reading.targets import stack_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_specs import ResolvedProject

STATE, PASSPHRASE = ".flowscale/state", ".flowscale/passphrase"
_PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
ADOPT = "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"
"""Lets the provider take over what is there: the names were compared before, so it is what an update that died made."""
_CLOUD = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Place:
    """A stack's name, its backend, and what the engine must find in its environment."""

    project: str
    stack: str
    backend: str
    secrets_provider: str | None
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_cloud(self) -> bool:
        return urlsplit(self.backend).scheme in _CLOUD


@dataclass(frozen=True, slots=True)
class Choice:
    """What the caller said about the backend; the environment's spec says the rest."""

    backend: str | None = None
    secrets_provider: str | None = None
    home: Path | None = None
    """Where state lies that nobody chose a backend for; beside the specs unless said."""


def place_of(
    project: ResolvedProject, target: str | None, folder: Path, choice: Choice, environ: Mapping[str, str]
) -> Place:
    """Where the stack of a target is. Raises SettingsWrong where a secret is needed and there is none."""
    spec, home = project.target, choice.home or folder
    asked = choice.backend or (spec.backend if spec else None) or environ.get("PULUMI_BACKEND_URL")
    backend = _absolute(asked, folder) if asked else f"file://{home / STATE}"
    provider = choice.secrets_provider or (spec.secrets_provider if spec else None)
    place = Place(_project(project.name), stack_name(project.environment, target), backend, provider)
    return Place(
        place.project, place.stack, backend, provider, _variables(place, home, environ, local=not asked)
    )


def prepare(place: Place) -> None:
    """Makes the folder of a backend that is one."""
    parts = urlsplit(place.backend)
    if parts.scheme == "file":
        Path(parts.netloc + parts.path).mkdir(parents=True, exist_ok=True)


def _variables(place: Place, folder: Path, environ: Mapping[str, str], *, local: bool) -> dict[str, str]:
    found = {"PULUMI_BACKEND_URL": place.backend, "PULUMI_SKIP_UPDATE_CHECK": "true", ADOPT: "true"}
    if place.in_cloud and not environ.get("PULUMI_ACCESS_TOKEN"):
        raise SettingsWrong(
            f"{place.backend} wants a token: set PULUMI_ACCESS_TOKEN, or choose another backend with --backend"
        )
    by_passphrase = place.secrets_provider == "passphrase" or not (place.secrets_provider or place.in_cloud)
    if by_passphrase and not any(name in environ for name in _PASSPHRASES):
        if not local:
            raise SettingsWrong(
                f"the state in {place.backend} is sealed with a passphrase: set PULUMI_CONFIG_PASSPHRASE or "
                "PULUMI_CONFIG_PASSPHRASE_FILE, or name a secrets provider with --secrets-provider"
            )
        found["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(_own_passphrase(folder / PASSPHRASE))
    return found


def _own_passphrase(path: Path) -> Path:
    """A file with a passphrase of the folder's own, that only its owner can read."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path


def _absolute(backend: str, folder: Path) -> str:
    """A backend as any working folder understands it: `file://./state` lies beside the specs."""
    rest = backend.removeprefix("file://")
    if rest == backend or rest.startswith("/"):
        return backend
    return f"file://{(folder / Path(rest).expanduser()).resolve()}"


def _project(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", f"flowscale-{name}")[:100]
