"""Secrets by reference: `name/key` is the variable NAME_KEY of the environment, or a file of that name that only we read."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_OTHER = re.compile(r"[^A-Z0-9]+")


class SecretMissing(Exception):
    """Nothing is kept under this reference, or it lies open."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where secrets are looked up: the environment first."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def get(self, reference: str) -> str:
        """The secret. Raises SecretMissing, which says where it was looked for."""
        name = variable(reference)
        if name in self.environment:
            return self.environment[name]
        path = self.folder / name
        if not path.is_file():
            raise SecretMissing(
                f"the secret {reference!r} isn't set: set {name}, or write it to {path} (mode 0600)"
            )
        if path.stat().st_mode & 0o077:
            raise SecretMissing(f"the file {path} can be read by others: chmod 600 it")
        return path.read_text().strip()


def variable(reference: str) -> str:
    """What a reference is called in the environment: `hooks/studio` is HOOKS_STUDIO."""
    return _OTHER.sub("_", reference.upper()).strip("_")
