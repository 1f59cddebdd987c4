"""Secrets by reference, as the gateway has them: `name/key` is NAME_KEY in the environment, or a file of that name."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from flowscale_jobs.errors import JobError

_OTHER = re.compile(r"[^A-Z0-9]+")


def secret(reference: str, environment: Mapping[str, str] = os.environ) -> str:
    """The secret, from the environment or from the folder that FLOWSCALE_SECRETS names. Raises JobError."""
    name = _OTHER.sub("_", reference.upper()).strip("_")
    if name in environment:
        return environment[name]
    folder = environment.get("FLOWSCALE_SECRETS")
    for path in (Path(folder) / reference, Path(folder) / name) if folder else ():
        if path.is_file():
            return path.read_text().strip()
    raise JobError(
        f"the secret {reference} isn't set: set {name}, or write it to a file of that name in $FLOWSCALE_SECRETS"
    )
