"""What every node host does, whichever process it lives in: load nodes, say which there are, run and check jobs."""

import importlib
import site
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowscale_runtime.engines.inprocess import Engine, Message
from flowscale_runtime.nodes import folders, packs


def load(config: Mapping[str, Any]) -> packs.Packs:
    """The nodes of this host, in its folders."""
    folders.use(folders_of(config))
    if config["packages"] and config["packages"] not in sys.path:
        site.addsitedir(config["packages"])
    return packs.load([Path(folder) for folder in config["custom_nodes"]])


def described(loaded: packs.Packs) -> Message:
    """What a host says of its nodes."""
    return {
        "type": "described",
        "definitions": loaded.definitions,
        "packs": {name: loaded.digests[pack] for name, pack in loaded.origins.items()},
        "web": {pack: str(folder) for pack, folder in loaded.web.items()},
        "failures": [f"{one.pack}: {one.message} ({one.hint})" for one in loaded.failures],
    }


def warm(config: Mapping[str, Any]) -> None:
    """Imports what the first run would wait for."""
    for library in config["warm"]:
        importlib.import_module(library)


def attempt(engine: Engine, job: Mapping[str, Any]) -> Message:
    """The result of a job; an engine that breaks says so instead of dying."""
    try:
        result = engine.run(job)
    except Exception as error:  # noqa: BLE001  whatever it is, the worker gets an answer and the log the traceback
        traceback.print_exc()
        message = f"The engine failed: {type(error).__name__}: {error}"
        result = {
            "type": "result",
            "status": "failed",
            "seconds": 0.0,
            "error": {"code": "INTERNAL", "message": message, "details": {}},
        }
    sys.stdout.flush()
    sys.stderr.flush()
    return result


def checked(engine: Engine, question: Mapping[str, Any]) -> Message:
    """Whether a graph can run; a question that breaks the engine has an answer too."""
    try:
        return engine.check(question)
    except Exception as error:  # noqa: BLE001  whatever it is, who asks gets an answer and the log the traceback
        traceback.print_exc()
        return {"broken": f"{type(error).__name__}: {error}"}


def folders_of(config: Mapping[str, Any]) -> folders.Folders:
    """The folders of this host; models are looked for by kind below each model root."""
    kinds = folders.kinds(map(Path, config["models"]))
    input_, output, temp, user = (Path(config[name]) for name in ("input", "output", "temp", "user"))
    return folders.Folders(input_, output, temp, user, models=kinds)
