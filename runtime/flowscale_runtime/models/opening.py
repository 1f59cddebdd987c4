"""The store of models of this machine, as its settings say."""

import os
from collections.abc import Mapping
from pathlib import Path

from flowscale_runtime.models.cache import Cache
from flowscale_runtime.models.store import ModelStore
from flowscale_runtime.secrets import Secrets

FOLDER = "FLOWSCALE_MODEL_CACHE"
SIZE = "FLOWSCALE_MODEL_CACHE_SIZE"


def open_models(data: Path, environment: Mapping[str, str] = os.environ) -> ModelStore:
    """The store; `data` is the folder of the process, with the secrets that no variable holds."""
    size = environment.get(SIZE)
    cache = Cache(cache_folder(environment), int(size) if size else None)
    return ModelStore(cache, Secrets(data / "secrets", environment), environment)


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where weights are kept that all projects of this user share."""
    if chosen := environment.get(FOLDER):
        return Path(chosen)
    around = environment.get("XDG_CACHE_HOME")
    return (Path(around) if around else Path.home() / ".cache") / "flowscale" / "models"
