"""The node host: a process of its own that alone imports nodes and torch, and runs one job at a time.

Started by a worker as `python -m flowscale_runtime.engines.host FD CONFIG`, where FD is its end of a socket pair.
It dies with the worker, and whatever it does (loops in C, forks, holds the GIL) ends with it.
"""

import ctypes
import importlib
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import orjson

from flowscale_runtime.engines.frames import Channel
from flowscale_runtime.engines.inprocess import Engine, Message
from flowscale_runtime.nodes import folders, packs

PR_SET_PDEATHSIG = 1
OUT_OF_MEMORY_FIRST = "1000"


def main() -> None:
    """Serves jobs until the worker closes the channel."""
    die_with_parent()
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    config = orjson.loads(sys.argv[2])
    folders.use(folders_of(config))
    loaded = packs.load([Path(folder) for folder in config["custom_nodes"]])
    channel.send(
        {
            "type": "described",
            "definitions": loaded.definitions,
            "packs": {name: loaded.digests[pack] for name, pack in loaded.origins.items()},
            "failures": [f"{one.pack}: {one.message} ({one.hint})" for one in loaded.failures],
        }
    )
    for library in config["warm"]:
        importlib.import_module(library)
    serve(channel, Engine(loaded.classes, channel.send))


def serve(channel: Channel, engine: Engine) -> None:
    """Runs jobs on this thread while another one listens for the wish to stop."""
    jobs: SimpleQueue[Message | None] = SimpleQueue()
    questions: SimpleQueue[Message] = SimpleQueue()
    threading.Thread(target=listen, args=(channel, engine, jobs, questions), daemon=True).start()
    threading.Thread(target=answer, args=(channel, engine, questions), daemon=True).start()
    channel.send({"type": "ready"})
    while (job := jobs.get()) is not None:
        if job["type"] == "forget":
            engine.forget()
            continue
        channel.send(attempt(engine, job))
        engine.interrupt.clear()


def listen(
    channel: Channel,
    engine: Engine,
    jobs: "SimpleQueue[Message | None]",
    questions: "SimpleQueue[Message]",
) -> None:
    """Takes messages; a worker that has gone ends this process, whatever runs."""
    while (message := channel.receive()) is not None:
        if message["type"] in {"run", "forget"}:
            jobs.put(message)
        elif message["type"] == "check":
            questions.put(message)
        else:
            engine.interrupt.set()
    os._exit(0)


def answer(channel: Channel, engine: Engine, questions: "SimpleQueue[Message]") -> None:
    """Answers whether graphs can run, also while another one runs."""
    while True:
        question = questions.get()
        try:
            found = engine.check(question)
        except Exception as error:  # noqa: BLE001  whatever it is, who asks gets an answer and the log the traceback
            traceback.print_exc()
            found = {"broken": f"{type(error).__name__}: {error}"}
        channel.send({"type": "checked", "id": question["id"], **found})


def attempt(engine: Engine, job: Message) -> Message:
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


def folders_of(config: Mapping[str, Any]) -> folders.Folders:
    """The folders of this host; models are looked for by kind below each model root."""
    kinds: dict[str, list[Path]] = {}
    for root in map(Path, config["models"]):
        for kind in sorted(root.iterdir()) if root.is_dir() else ():
            if kind.is_dir():
                kinds.setdefault(kind.name, []).append(kind)
    input_, output, temp, user = (Path(config[name]) for name in ("input", "output", "temp", "user"))
    return folders.Folders(input_, output, temp, user, models=kinds)


def die_with_parent() -> None:
    """Linux ends this process when its worker dies, and takes it first where memory runs out."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OUT_OF_MEMORY_FIRST)


if __name__ == "__main__":
    main()
